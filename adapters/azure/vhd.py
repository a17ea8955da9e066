"""The footer that makes a raw disk a fixed VHD, which is all that managed disks are uploaded as.

The format: "Virtual Hard Disk Image Format Specification", version 1.0, Microsoft 2006,
learn.microsoft.com/previous-versions/windows/desktop/legacy/dd323654(v=vs.85)
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from uuid import UUID

from broker.model import MIB

STEP = MIB
"""Azure takes disks of whole MiB only; the footer is not counted:
learn.microsoft.com/azure/virtual-machines/windows/prepare-for-upload-vhd-image
"""

FOOTER = 512

_FIELDS = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_FEATURES = 2
"""A bit that is reserved and always set."""
_VERSION = 0x0001_0000
_NO_HEADER = 0xFFFF_FFFF_FFFF_FFFF
"""Where a fixed disk's second header is: nowhere."""
_FIXED = 2

_CREATOR = b"intb"
_CREATOR_VERSION = 0x0001_0000
_WINDOWS = b"Wi2k"
"""There are two systems to say it was made on, and every reader knows this one."""

_GEOMETRY = (65535, 16, 255)
"""Cylinders, heads, sectors: the most there can be, which readers take for "see the size". A
geometry that is true of the size could not be had for most whole MiB, nor beyond 127 GiB.
"""


def rounded(size: int) -> int:
    """Return ``size`` in whole MiB, rounded up, at least one."""
    return max(1, -(-size // STEP)) * STEP


def footer(size: int, *, unique_id: UUID, created: datetime) -> bytes:
    """Return the 512 bytes behind a disk of ``size`` bytes. The same arguments make the same."""
    seconds = max(0, int((created - _EPOCH).total_seconds()))

    def packed(checksum: int) -> bytes:
        return _FIELDS.pack(
            b"conectix",
            _FEATURES,
            _VERSION,
            _NO_HEADER,
            seconds,
            _CREATOR,
            _CREATOR_VERSION,
            _WINDOWS,
            size,
            size,
            *_GEOMETRY,
            _FIXED,
            checksum,
            unique_id.bytes,
            0,
        )

    return packed(~sum(packed(0)) & 0xFFFF_FFFF)
