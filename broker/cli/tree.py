"""A nested value as rows of path and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue


def flatten(value: JsonValue, path: str = "") -> list[tuple[str, str]]:
    """Return one row a leaf: ``firewall.denies  true``. Lists of plain values stay in one row."""
    if isinstance(value, dict) and value:
        return [row for key, inner in value.items() for row in flatten(inner, _join(path, key))]
    if isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        return [
            row
            for index, inner in enumerate(value)
            for row in flatten(inner, _join(path, str(index)))
        ]
    return [(path, _leaf(value))]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _leaf(value: JsonValue) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(sorted(_leaf(inner) for inner in value))
        case _:
            return str(value)
