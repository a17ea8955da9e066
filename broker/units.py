"""Numbers of bytes as people read them."""

from __future__ import annotations

from broker.model import GIB, KIB, MIB


def readable(count: int) -> str:
    """Return a number of bytes in the largest unit, with a decimal where it does not divide."""
    for unit, name in ((1024 * GIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count >= unit:
            return f"{count // unit} {name}" if count % unit == 0 else f"{count / unit:.1f} {name}"
    return f"{count} B"
