"""How a migration ended: what was lost, what was moved and proved, and how to go back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import AwareDatetime

from broker.model import Bytes, Loss, Power, Strict
from broker.units import readable


class StepReport(Strict):
    """One step that ran to its end."""

    title: str
    seconds: float


class DiskReport(Strict):
    """One disk. It is proved when both roots are there and equal."""

    name: str
    volume: str
    disk: str
    source_size: Bytes
    size: Bytes
    read: Bytes
    sent: Bytes
    skipped: Bytes
    source_root: str
    target_root: str | None


class Kept(Strict):
    """A disk on the target, whole or in part, that the next try goes on with."""

    disk: str
    name: str
    bytes: Bytes


class Report(Strict):
    """What one run of a plan came to.

    ``firewalls`` tells how each, read back, stands to what was planned. ``leftovers`` are the
    things that should be gone and could not be removed, each with its reason.
    """

    plan: str
    status: Literal["done", "failed", "undone"]
    error: str
    ended_at: AwareDatetime
    source: str
    source_id: str
    source_power: Power
    target: str
    target_id: str | None
    seen: str
    losses: tuple[Loss, ...]
    steps: tuple[StepReport, ...]
    disks: tuple[DiskReport, ...]
    firewalls: Mapping[str, str] = {}
    kept: tuple[Kept, ...]
    leftovers: tuple[str, ...]
    how_to_go_on: str

    @property
    def text(self) -> str:
        """The report for people, one fact a line."""
        lines = [
            f"{self.source} ({self.source_id}) -> {self.target} ({self.target_id or 'not made'})",
            f"plan {self.plan}: {self.status}" + (f": {self.error}" if self.error else ""),
            *(f"  {step.seconds:8.1f} s  {step.title}" for step in self.steps),
            *(f"firewall {name}: read back: {said}" for name, said in self.firewalls.items()),
            *(_disk(disk) for disk in self.disks),
            *(f"loss: {_loss(loss)}" for loss in self.losses),
            *(f"seen: {seen}" for seen in (self.seen,) if seen),
            *self.aftermath,
        ]
        return "\n".join(lines) + "\n"

    @property
    def aftermath(self) -> tuple[str, ...]:
        """What state things were left in, and what to do next, one line each."""
        return (
            *(
                f"kept: disk {kept.name} ({kept.disk}) on {self.target_account}, "
                f"{readable(kept.bytes)}"
                for kept in self.kept
            ),
            *(f"left over: {leftover}" for leftover in self.leftovers),
            f"the source {self.source} is {self.source_power}",
            self.how_to_go_on,
        )

    @property
    def target_account(self) -> str:
        """The account the machine goes to."""
        return self.target.partition("/")[0]


def _disk(disk: DiskReport) -> str:
    if disk.target_root is None:
        proof = "not compared"
    elif disk.target_root == disk.source_root:
        proof = f"read back equal, root {disk.target_root}"
    else:
        proof = f"DIFFERENT: {disk.source_root} became {disk.target_root}"
    return (
        f"disk {disk.name}: {disk.volume} -> {disk.disk}, {readable(disk.read)} read, "
        f"{readable(disk.sent)} sent, {readable(disk.skipped)} held already; {proof}"
    )


def _loss(loss: Loss) -> str:
    after = f" -> {loss.after}" if loss.after else ""
    return f"{loss.field} {loss.fidelity}: {loss.before}{after} ({loss.reason})"
