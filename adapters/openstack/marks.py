"""Marks by which we find again what we made, beside the labels people give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from broker.errors import Invalid, NotFound

OURS = "interop:"
"""Prefix of the metadata that are not labels."""

TOKEN = "interop:token"  # noqa: S105 - a key of metadata

IMAGE_TOKEN = "interop_token"  # noqa: S105 - glance takes no colon in a property's name
IMAGE_ROLE = "interop_role"
IMAGE_WRITTEN = "interop_written"
"""On a disk from its first write on: when it is queued again, what was written is lost."""
DISK = "disk"

TEMPORARY = "interop-reading-"
"""Start of the name of what exists only while a volume is read."""

RESERVED = 4
MOST, MOST_CHARACTERS = 124, 255
"""nova takes 128 keys of 255 characters for a server, some of them ours."""

KEY = re.compile(r"[a-zA-Z0-9\-_:. ]+")
"""What nova takes as a key (nova/api/validation/parameter_types.py); cinder takes more."""

VALUE = re.compile(r"[^\ud800-\udfff\U00010000-\U0010ffff]*")
"""The services' tables hold no character beyond U+FFFF, and answer one with an error of theirs."""

UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")


def id_of(id: str, what: str) -> str:
    """Return an id that can stand in a path; NotFound for what can be none."""
    if not UUID.fullmatch(id):
        raise NotFound(f"there is no {what} {id}")
    return id


def metadata(labels: Mapping[str, str], token: str) -> dict[str, str]:
    """Return the metadata of a new thing; Invalid when the labels are more than is taken."""
    if len(labels) > MOST:
        raise Invalid(f"{len(labels)} labels: at most {MOST} fit")
    for key, value in labels.items():
        if len(key) > MOST_CHARACTERS or len(value) > MOST_CHARACTERS:
            raise Invalid(f"label {key[:20]!r} is longer than {MOST_CHARACTERS} characters")
        if key.startswith(OURS) or not KEY.fullmatch(key):
            raise Invalid(
                f"a label cannot be called {key[:40]!r} here",
                hint=f"Use letters, digits, blanks and -_:. and do not begin with {OURS}",
            )
        if not VALUE.fullmatch(value):
            raise Invalid(f"label {key[:20]!r} has characters that are not kept here")
    return {**labels, TOKEN: token}


def labels(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata that are labels."""
    return {key: value for key, value in metadata.items() if not key.startswith(OURS)}


def description(token: str, text: str = "") -> str:
    """Return the description of a new thing of neutron's: the one field every release filters by.

    neutron takes tags in the call that creates only lately, and metadata not at all.
    """
    mark = f"{TOKEN}={token}"
    return f"{text}\n{mark}" if text else mark


def text(description: str | None) -> str:
    """Return what people wrote in a description of ours."""
    told, _, mark = (description or "").rpartition("\n")
    if mark.startswith(TOKEN):
        return told
    return description or ""


def is_ours(thing: Mapping[str, Any]) -> bool:
    """Tell whether we made this thing of neutron's."""
    return f"{TOKEN}=" in (thing.get("description") or "")


def has_token(thing: Mapping[str, Any], token: str) -> bool:
    """Tell whether ``token`` made this thing of neutron's."""
    told: str = thing.get("description") or ""
    return told.rpartition("\n")[2] == f"{TOKEN}={token}"
