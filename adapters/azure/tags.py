"""Tags: true names, labels, and the marks by which we find again what we made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker.errors import Invalid

OURS = "interop:"
"""Prefix of the tags that are not labels."""

NAME = "interop:name"
TOKEN = "interop:token"  # noqa: S105 - a tag's name
ROLE = "interop:role"
DESCRIPTION = "interop:description"
MACHINE = "interop:machine"
"""On what was made for a machine, its name: it goes with the machine."""

# https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations:
# 50 tags, of which four can be ours
MAX_LABELS, MAX_KEY, MAX_VALUE = 46, 512, 256
_FORBIDDEN = frozenset("<>%&\\?/")
_RESERVED = ("microsoft", "azure", "windows")
"""https://learn.microsoft.com/rest/api/resources/tags/create-or-update"""


def tags_for(labels: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a new thing; Invalid when the labels are more than the service takes."""
    if len(labels) > MAX_LABELS:
        raise Invalid(f"{len(labels)} labels: at most {MAX_LABELS} fit beside our marks")
    seen: dict[str, str] = {}
    for key, value in labels.items():
        if len(key) > MAX_KEY or len(value) > MAX_VALUE:
            raise Invalid(
                f"label {key[:20]!r} is too long: {MAX_KEY} characters for a key, "
                f"{MAX_VALUE} for a value"
            )
        small = key.lower()
        if not key or small.startswith((OURS, *_RESERVED)) or _FORBIDDEN & set(key):
            raise Invalid(
                f"a label cannot be called {key[:40]!r} here",
                hint=f"No {' '.join(sorted(_FORBIDDEN))}, and no {', '.join(_RESERVED)} in front",
            )
        if small in seen:
            raise Invalid(f"labels {seen[small]!r} and {key!r} are the same here: case is not told")
        seen[small] = key
    return {**labels, **marks}


def marks_for(name: str, token: str, **more: str) -> dict[str, str]:
    """Return the marks of a new thing; words are cut where a tag cannot hold them."""
    marks = {NAME: name, TOKEN: token, **more}
    return {key: value[:MAX_VALUE] for key, value in marks.items() if value}


def of(thing: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a thing; the service leaves them out when there are none."""
    return dict(thing.get("tags") or {})


def name_of(thing: Mapping[str, Any]) -> str:
    """Return the true name of a thing, or the one the service has for it."""
    return of(thing).get(NAME) or str(thing["name"])


def labels_of(thing: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that are labels."""
    return {key: value for key, value in of(thing).items() if not key.lower().startswith(OURS)}


def made_by(thing: Mapping[str, Any], token: str) -> bool:
    """Tell whether this token made the thing."""
    return of(thing).get(TOKEN) == token
