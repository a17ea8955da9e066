"""What runs inside a machine."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Self

from pydantic import Field, model_validator

from broker.model.base import Strict

DISTRIBUTION = r"[a-z0-9][a-z0-9._-]{0,63}"


class SystemKind(StrEnum):
    """The kind of operating system. UNKNOWN where nobody says, and for what is neither."""

    LINUX = "linux"
    WINDOWS = "windows"
    UNKNOWN = "unknown"


class Names(Strict):
    """What systems are called: ``billed_as`` has what bills call those that are paid for."""

    windows: frozenset[str]
    linux: frozenset[str]
    billed_as: Mapping[str, str]


@cache
def names() -> Names:
    """Return the names in mappings/systems.toml, which says where they are from."""
    return Names.model_validate(
        tomllib.loads((files("mappings") / "systems.toml").read_text("utf-8"))
    )


class System(Strict):
    """The operating system of a guest, as far as it is told: nobody looks into its disks.

    ``distribution`` is the common word for it, in small letters, which osinfo-db has too; None
    where nobody tells, and for Windows.
    """

    kind: SystemKind = SystemKind.UNKNOWN
    distribution: Annotated[str, Field(pattern=rf"^{DISTRIBUTION}$")] | None = None

    @model_validator(mode="after")
    def _windows_is_one(self) -> Self:
        if self.kind is SystemKind.WINDOWS and self.distribution is not None:
            raise ValueError("Windows has no distributions")
        return self

    def __str__(self) -> str:
        return f"{self.kind} ({self.distribution})" if self.distribution else str(self.kind)

    @classmethod
    def named(cls, kind: str | None, distribution: str | None) -> Self:
        """Return what two common words say; a word that is none says nothing."""
        kind, distribution = ((word or "").strip().lower() for word in (kind, distribution))
        if SystemKind.WINDOWS in (kind, distribution) or distribution in names().windows:
            return cls(kind=SystemKind.WINDOWS)
        linux = kind == SystemKind.LINUX or distribution in names().linux
        return cls(
            kind=SystemKind.LINUX if linux else SystemKind.UNKNOWN,
            distribution=distribution if re.fullmatch(DISTRIBUTION, distribution) else None,
        )

    @property
    def billed_as(self) -> str | None:
        """What a bill with its licence says it runs; linux for what costs nothing.

        None where nobody tells: a Linux without a name may be one that is paid for.
        """
        if self.kind is SystemKind.WINDOWS:
            return self.kind
        if self.distribution is None:
            return None
        return names().billed_as.get(self.distribution, SystemKind.LINUX)
