"""What the firewalls are called that one becomes on a target."""

from __future__ import annotations

from broker.model.base import NAME_LENGTH


def part_name(name: str, number: int) -> str:
    """Return the name of one of several that cards wear: the first has the one's own."""
    return name if number == 1 else _ended(name, f"-{number}")


def edge_name(name: str) -> str:
    """Return the name of the one around the subnet."""
    return _ended(name, "-subnet")


def _ended(name: str, end: str) -> str:
    return name[: NAME_LENGTH - len(end)] + end
