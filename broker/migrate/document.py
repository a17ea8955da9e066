"""The plan of one migration: a document that can be read, reviewed, kept and applied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from blake3 import blake3
from pydantic import AwareDatetime, Field, JsonValue, ValidationError

from broker.errors import Invalid, NotFound, PlanStale
from broker.migrate.steps import CreateInstance, Step, StopSource
from broker.model import Instance, InstanceSpec, Loss, Money, Size, Strict

VERSION = 1
"""Raised when an older program could misread a newer plan."""

OBSERVED = frozenset({"addresses", "public"})
"""Fields of a card that come and go with the machine's power: leases, and lent addresses."""

PlanId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
"""A token is the plan's id and a step's number, and has at most 64 characters."""


class SourceEnd(Strict):
    """The machine that moves, as it was when the plan was made.

    ``spec`` is without its user data, which may hold secrets; ``user_data`` is a hash of it.
    """

    account: str
    instance: str
    spec: InstanceSpec
    volumes: tuple[str, ...]
    user_data: str | None

    @classmethod
    def of(cls, account: str, instance: Instance) -> Self:
        """Return the end that ``instance`` is now."""
        text = instance.spec.user_data
        return cls(
            account=account,
            instance=instance.id,
            spec=instance.spec.model_copy(update={"user_data": None}),
            volumes=instance.volumes,
            user_data=None if text is None else blake3(text.encode()).hexdigest(),
        )

    @property
    def fingerprint(self) -> str:
        """A hash of all that makes the machine what it is; its power is no part of that."""
        return digest(dict(_leaves(self.model_dump(mode="json"))))

    def changes(self, now: SourceEnd) -> list[str]:
        """Return one line per field that is not as it was: ``size.memory: 512 -> 1024``."""
        before = dict(_leaves(self.model_dump(mode="json")))
        after = dict(_leaves(now.model_dump(mode="json")))
        return [
            f"{field.removeprefix('spec.')}: {before.get(field)} -> {after.get(field)}"
            for field in sorted(before.keys() | after.keys())
            if before.get(field) != after.get(field)
        ]


class SizeChoice(Strict):
    """The size the machine gets, why, and who came second."""

    offer: str | None
    size: Size
    price_per_hour: Money | None
    reason: str
    runner_up: str | None
    rejected: Mapping[str, int]


class TargetEnd(Strict):
    """Where the machine goes, under which name, in which size."""

    account: str
    name: str
    size: SizeChoice


class Plan(Strict):
    """All that a migration will do. ``fingerprint`` is the source's when the plan was made."""

    version: Literal[1] = 1
    id: PlanId
    made_at: AwareDatetime
    source: SourceEnd
    target: TargetEnd
    fingerprint: str
    losses: tuple[Loss, ...]
    steps: tuple[Step, ...]
    checksum: str = ""

    @property
    def spec(self) -> InstanceSpec:
        """The machine as it will be on the target; networks are still named as at the source."""
        (spec,) = [step.spec for step in self.steps if isinstance(step, CreateInstance)]
        return spec

    @property
    def blocking(self) -> tuple[Loss, ...]:
        """The losses that forbid the move."""
        return tuple(loss for loss in self.losses if loss.blocking)

    @property
    def stops_source(self) -> bool:
        """Whether the source is stopped while its disks are read."""
        return any(isinstance(step, StopSource) for step in self.steps)

    def token(self, index: int) -> str:
        """Return the token of a step: the same for every try of the same step of the same plan."""
        return f"{self.id}-{index:02d}"

    def sealed(self) -> Self:
        """Return the plan with the checksum over all the rest of it."""
        return self.model_copy(update={"checksum": self._checksum()})

    def check(self) -> None:
        """PlanStale when the plan is not what was once sealed."""
        if self.checksum != self._checksum():
            raise PlanStale(
                f"the plan {self.id} was edited after it was made",
                hint="Make a new one: interop migrate plan",
            )

    def save(self, path: Path) -> None:
        """Write the plan as JSON for people and programs."""
        path.write_text(self.model_dump_json(indent=2) + "\n")

    def _checksum(self) -> str:
        return digest(self.model_dump(mode="json", exclude={"checksum"}))


def load(path: Path | str) -> Plan:
    """Return the plan in a file.

    NotFound without such a file, Invalid when it is no plan or one from a newer version, PlanStale
    when it was edited.
    """
    path = Path(path)
    try:
        text = path.read_text()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFound(
            f"there is no plan at {path}", hint="Make one: interop migrate plan"
        ) from error
    _check_version(text, path)
    try:
        plan = Plan.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            f"{path} is not a plan: {where or 'the file'}: {first['msg']}",
            hint="Make a new one: interop migrate plan",
        ) from error
    plan.check()
    return plan


def _check_version(text: str, path: Path) -> None:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise Invalid(
            f"{path} is not a plan: {error}", hint="Make a new one: interop migrate plan"
        ) from error
    version = read.get("version") if isinstance(read, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise Invalid(
            f"{path} is a plan of version {version}, this program reads up to {VERSION}",
            hint="Upgrade interop-broker, or make a new plan with this one",
        )


def digest(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Return a hash of a JSON value that does not depend on the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return blake3(canonical.encode()).hexdigest()


def _leaves(value: JsonValue, path: str = "") -> Iterator[tuple[str, JsonValue]]:
    """Yield every leaf with its path, but for what comes and goes with the machine's power."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not (key in OBSERVED and path.startswith("spec.nics[")):
                yield from _leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{path}[{index}]")
    else:
        yield path, value
