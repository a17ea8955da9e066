"""What a volume is asked for, or has, beyond its kind."""

from __future__ import annotations

from collections.abc import Iterable, Set

from broker.errors import Unsupported
from broker.model import VolumeSpec


def check_performance(
    volumes: Iterable[VolumeSpec], kinds: Set[str] = frozenset(), *, default: str = ""
) -> None:
    """Unsupported where one asks for IOPS or MiB/s and is of none of these kinds.

    ``default`` is the kind of those that name none.
    """
    for volume in volumes:
        if volume.performance and (volume.kind or default) not in kinds:
            able = ", ".join(sorted(kinds)) or "none"
            raise Unsupported(
                f"volume {volume.name} is to have {volume.performance}: only these kinds of volume "
                f"can be asked for that here: {able}",
                hint="Leave iops and mibps out, or fit the machine first",
            )


def beyond(told: int | None, anyway: int | None) -> int | None:
    """Return what was provisioned: what is told, unless a volume of its kind has that anyway."""
    return told if told and told != anyway else None
