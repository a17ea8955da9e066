"""What the firewalls are called that one becomes on a target."""

from __future__ import annotations

from broker.model.base import NAME_LENGTH


def part_name(name: str, number: int, *, most: int = NAME_LENGTH) -> str:
    """Return the name of one of several that cards wear: the first has the one's own."""
    return _ended(name, "" if number == 1 else f"-{number}", most)


def edge_name(name: str, *, most: int = NAME_LENGTH) -> str:
    """Return the name of the one around the subnet."""
    return _ended(name, "-subnet", most)


def _ended(name: str, end: str, most: int) -> str:
    return name[: most - len(end)] + end
