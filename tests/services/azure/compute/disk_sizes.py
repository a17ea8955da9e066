"""What disks of a kind and size give: performance tiers.

https://learn.microsoft.com/azure/virtual-machines/disks-types and
https://learn.microsoft.com/azure/virtual-machines/disks-scalability-targets, as of 2026.
"""

from __future__ import annotations

from typing import NamedTuple

GIB = 1024**3
MIB = 1024**2

STANDARD, STANDARD_SSD, PREMIUM = "Standard_LRS", "StandardSSD_LRS", "Premium_LRS"
PREMIUM_V2, ULTRA = "PremiumV2_LRS", "UltraSSD_LRS"
SKUS = (
    STANDARD, STANDARD_SSD, PREMIUM, PREMIUM_V2, ULTRA, "StandardSSD_ZRS", "Premium_ZRS",
)  # fmt: skip
PROVISIONED = (PREMIUM_V2, ULTRA)
"""Kinds whose speed is chosen apart from their size; only data disks, and not for upload."""

WORDS = {"Standard": "Standard", "StandardSSD": "Standard", "Premium": "Premium"}


class Tier(NamedTuple):
    """One size of disk and what it gives."""

    gib: int
    number: int
    iops: int
    mbps: int


_PREMIUM = tuple(Tier(*row) for row in (
    (4, 1, 120, 25), (8, 2, 120, 25), (16, 3, 120, 25), (32, 4, 120, 25), (64, 6, 240, 50),
    (128, 10, 500, 100), (256, 15, 1100, 125), (512, 20, 2300, 150), (1024, 30, 5000, 200),
    (2048, 40, 7500, 250), (4096, 50, 7500, 250), (8192, 60, 16000, 500),
    (16384, 70, 18000, 750), (32767, 80, 20000, 900),
))  # fmt: skip
_STANDARD_SSD = tuple(
    tier._replace(iops=iops, mbps=mbps)
    for tier in _PREMIUM
    for iops, mbps in [{60: (2000, 400), 70: (4000, 600), 80: (6000, 750)}.get(tier[1], (500, 100))]
)
_STANDARD = tuple(
    tier._replace(iops=iops, mbps=mbps)
    for tier in _PREMIUM
    for iops, mbps in [{60: (1300, 300), 70: (2000, 500), 80: (2000, 500)}.get(tier[1], (500, 60))]
)
_TIERS = {"Premium": _PREMIUM, "StandardSSD": _STANDARD_SSD, "Standard": _STANDARD}
MOST_GIB = {PREMIUM_V2: 65536, ULTRA: 65536}
DEFAULT_MOST_GIB = 32767


def tier(sku: str, gib: int) -> Tier | None:
    """The tier of a disk; None for kinds that have none."""
    rows = _TIERS.get(sku.partition("_")[0])
    return next((row for row in rows if row.gib >= gib), rows[-1]) if rows else None


def performance(sku: str, gib: int) -> tuple[int, int]:
    """The IOPS and MB/s a disk gives that asks for none."""
    row = tier(sku, gib)
    if row is not None:
        return row.iops, row.mbps
    # Premium SSD v2: 3,000 and 125 belong to every disk; Ultra: at least 100 and 1 a GiB
    return (3000, 125) if sku == PREMIUM_V2 else (max(100, gib), max(1, gib // 4))


def most(sku: str, gib: int, iops: int) -> tuple[int, int]:
    """The most IOPS, and the most MB/s at so many IOPS, a disk of this size can be given."""
    if sku == PREMIUM_V2:
        return min(80_000, max(3000, 500 * gib)), min(1200, max(125, iops // 4))
    return min(160_000, max(100, 300 * gib)), min(4000, max(1, iops // 4))
