"""What the steps of one migration found out and made so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from pydantic import Field

from broker.migrate.steps import CopyDisks, Step, StopSource, VerifyDisk
from broker.model import Bytes, Power, Strict


class Done(Strict):
    """A step that ran to its end, and how long that took."""

    step: int
    seconds: float


class Copied(Strict):
    """A disk as it was copied: ``root`` is the hash of what was read from the source.

    ``source_size`` bytes were compared; ``size`` is what the target made of them. ``token`` is the
    disk's.
    """

    token: str
    disk: str
    source_size: Bytes
    size: Bytes
    root: str
    read: Bytes
    sent: Bytes
    skipped: Bytes


class Facts(Strict):
    """Saved after each step. Keys are ids at the source, values are what stands for them.

    ``last_run`` is which run of the source its disks are from, None where nobody can tell.
    """

    done: tuple[Done, ...] = ()
    source_power: Power | None = None
    last_run: str | None = None
    networks: Mapping[str, str] = Field(default_factory=dict)
    subnets: Mapping[str, str] = Field(default_factory=dict)
    firewalls: Mapping[str, str] = Field(default_factory=dict)
    proofs: Mapping[str, str] = Field(default_factory=dict)
    copied: Mapping[str, Copied] = Field(default_factory=dict)
    read_back: Mapping[str, str] = Field(default_factory=dict)
    instance: str | None = None
    seen: str = ""
    leftovers: tuple[str, ...] = ()

    def with_network(self, source: str, target: str, subnets: Mapping[str, str]) -> Self:
        """Return these facts and what stands for a network and its subnets."""
        return self.model_copy(
            update={
                "networks": {**self.networks, source: target},
                "subnets": {**self.subnets, **subnets},
            }
        )

    def with_firewall(self, source: str, target: str) -> Self:
        """Return these facts and what stands for a firewall."""
        return self.model_copy(update={"firewalls": {**self.firewalls, source: target}})

    def with_proof(self, firewall: str, proof: str) -> Self:
        """Return these facts and how a firewall's name, as read back, stands to the plan."""
        return self.model_copy(update={"proofs": {**self.proofs, firewall: proof}})

    def with_copied(self, volume: str, copied: Copied) -> Self:
        """Return these facts and what a volume was copied into."""
        return self.model_copy(update={"copied": {**self.copied, volume: copied}})

    def with_read_back(self, volume: str, root: str) -> Self:
        """Return these facts and the hash of what the copy of a volume reads as."""
        return self.model_copy(update={"read_back": {**self.read_back, volume: root}})

    def with_instance(self, instance: str) -> Self:
        """Return these facts and the machine that was made."""
        return self.model_copy(update={"instance": instance})

    def with_seen(self, seen: str) -> Self:
        """Return these facts and what was seen of the machine that was made."""
        return self.model_copy(update={"seen": seen})

    def with_leftover(self, leftover: str) -> Self:
        """Return these facts and what could not be cleared away."""
        return self.model_copy(update={"leftovers": (*self.leftovers, leftover)})

    def with_source_power(self, power: Power | None) -> Self:
        """Return these facts and what the source did before the first step."""
        return self.model_copy(update={"source_power": power})

    def with_last_run(self, last_run: str | None) -> Self:
        """Return these facts and which run of the source ended when it was stopped."""
        return self.model_copy(update={"last_run": last_run})

    def has(self, index: int) -> bool:
        """Return whether the step with this index ran to its end."""
        return any(done.step == index for done in self.done)

    def with_done(self, index: int, seconds: float) -> Self:
        """Return these facts and that a step ended."""
        others = tuple(done for done in self.done if done.step != index)
        return self.model_copy(update={"done": (*others, Done(step=index, seconds=seconds))})

    def without(self, steps: tuple[Step, ...], which: Callable[[Step], bool]) -> Self:
        """Return these facts as if the steps that ``which`` picks had not run."""
        kept = tuple(done for done in self.done if not which(steps[done.step]))
        return self.model_copy(update={"done": kept})


def reads_source(step: Step) -> bool:
    """Return whether the step holds only as long as the source's disks stay as they were."""
    return isinstance(step, StopSource | CopyDisks | VerifyDisk)
