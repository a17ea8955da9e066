"""A NoCloud seed: what cloud-init (or the like) in a guest reads at its first boot."""

from __future__ import annotations

import json
import re

from adapters.kvm import iso9660

LABEL = "cidata"
HOST_NAME_LENGTH = 63
"""One label of a host name (RFC 1123)."""


def seed(*, instance: str, name: str, public_key: str | None, user_data: str | None) -> bytes:
    """Return the disc. Its values are JSON, which every YAML reader takes, whatever is in them."""
    lines = [
        f"instance-id: {json.dumps(instance)}",
        f"local-hostname: {json.dumps(host_name(name))}",
    ]
    if public_key is not None:
        lines += ["public-keys:", f"  - {json.dumps(public_key)}"]
    files = {
        "meta-data": "\n".join((*lines, "")).encode(),
        # cloud-init takes a seed without user-data for no seed
        "user-data": (user_data or "").encode(),
    }
    return iso9660.disc(LABEL, files)


def user_data(disc: bytes) -> str | None:
    """Return the user data of a seed, None where there is none."""
    found = iso9660.read(disc, "user-data")
    return found.decode(errors="replace") if found else None


def host_name(name: str) -> str:
    """Return a machine's name as a host name: letters, digits and hyphens, not empty."""
    letters = re.sub(r"[^A-Za-z0-9-]+", "-", name.encode("ascii", "ignore").decode())
    return letters.strip("-")[:HOST_NAME_LENGTH].strip("-") or "machine"
