"""The sizes on offer: some of each current family.

https://learn.microsoft.com/azure/virtual-machines/sizes/overview, a page a family.
"""

from __future__ import annotations

from dataclasses import dataclass

X64, ARM64 = "x64", "Arm64"
BOTH, FIRST, SECOND = "V1,V2", "V1", "V2"
SCSI, NVME = "SCSI", "NVMe"


@dataclass(frozen=True)
class Size:
    """One size. ``cluster`` is the kind of host it runs on: a running VM resizes only within it."""

    name: str
    family: str
    cluster: str
    vcpus: int
    memory_gib: float
    data_disks: int
    nics: int
    generations: str = BOTH
    architecture: str = X64
    controllers: str = SCSI
    premium: bool = True
    temporary_mib: int = 0

    @property
    def short(self) -> str:
        """D2s_v5 of Standard_D2s_v5."""
        return self.name.partition("_")[2]


_ALL = (
    Size("Standard_A1_v2", "standardAv2Family", "old", 1, 2, 2, 2, FIRST, premium=False,
         temporary_mib=10240),
    Size("Standard_A2_v2", "standardAv2Family", "old", 2, 4, 4, 2, FIRST, premium=False,
         temporary_mib=20480),
    Size("Standard_B1s", "standardBSFamily", "intel", 1, 1, 2, 2, temporary_mib=4096),
    Size("Standard_B1ms", "standardBSFamily", "intel", 1, 2, 2, 2, temporary_mib=4096),
    Size("Standard_B2s", "standardBSFamily", "intel", 2, 4, 4, 3, temporary_mib=8192),
    Size("Standard_B2ms", "standardBSFamily", "intel", 2, 8, 4, 3, temporary_mib=16384),
    Size("Standard_B4ms", "standardBSFamily", "intel", 4, 16, 8, 4, temporary_mib=32768),
    Size("Standard_B2s_v2", "standardBsv2Family", "intel", 2, 8, 4, 2),
    Size("Standard_B4s_v2", "standardBsv2Family", "intel", 4, 16, 8, 2),
    Size("Standard_B2as_v2", "standardBasv2Family", "amd", 2, 8, 4, 2),
    Size("Standard_B2ps_v2", "standardBpsv2Family", "arm", 2, 8, 4, 2, SECOND, ARM64),
    Size("Standard_D2s_v3", "standardDSv3Family", "intel", 2, 8, 4, 2, temporary_mib=16384),
    Size("Standard_D4s_v3", "standardDSv3Family", "intel", 4, 16, 8, 2, temporary_mib=32768),
    Size("Standard_D2s_v5", "standardDSv5Family", "intel", 2, 8, 4, 2),
    Size("Standard_D4s_v5", "standardDSv5Family", "intel", 4, 16, 8, 2),
    Size("Standard_D8s_v5", "standardDSv5Family", "intel", 8, 32, 16, 4),
    Size("Standard_D16s_v5", "standardDSv5Family", "intel", 16, 64, 32, 8),
    Size("Standard_D2as_v5", "standardDASv5Family", "amd", 2, 8, 4, 2),
    Size("Standard_D4as_v5", "standardDASv5Family", "amd", 4, 16, 8, 2),
    Size("Standard_D2ps_v5", "standardDPSv5Family", "arm", 2, 8, 4, 2, SECOND, ARM64),
    Size("Standard_D2s_v6", "standardDSv6Family", "intel-6", 2, 8, 8, 2, SECOND, X64, NVME),
    Size("Standard_D4s_v6", "standardDSv6Family", "intel-6", 4, 16, 12, 2, SECOND, X64, NVME),
    Size("Standard_E2s_v5", "standardESv5Family", "intel", 2, 16, 4, 2),
    Size("Standard_E4s_v5", "standardESv5Family", "intel", 4, 32, 8, 2),
    Size("Standard_E8s_v5", "standardESv5Family", "intel", 8, 64, 16, 4),
    Size("Standard_E2bds_v5", "standardEBDSv5Family", "intel", 2, 16, 4, 2, BOTH, X64,
         f"{SCSI}, {NVME}", temporary_mib=76800),
    Size("Standard_F2s_v2", "standardFSv2Family", "intel", 2, 4, 4, 2, temporary_mib=16384),
    Size("Standard_F4s_v2", "standardFSv2Family", "intel", 4, 8, 8, 2, temporary_mib=32768),
    Size("Standard_F8s_v2", "standardFSv2Family", "intel", 8, 16, 16, 4, temporary_mib=65536),
    Size("Standard_L8s_v3", "standardLSv3Family", "storage", 8, 64, 16, 4, temporary_mib=81920),
)  # fmt: skip

SIZES = {size.name.lower(): size for size in _ALL}
"""By name in lower case: sizes compare without regard to case."""

ZONES = {"westeurope": ("1", "2", "3"), "northeurope": ("1", "2", "3"),
         "germanywestcentral": ("1", "2", "3"), "eastus": ("1", "2", "3"),
         "westus2": ("1", "2", "3")}  # fmt: skip

NOT_OFFERED = {"westus2": ("standardav2family",), "germanywestcentral": ("standardlsv3family",)}
"""Families a region does not have. Which, is made up: so that a test finds one that is missing."""


def offered(location: str) -> list[Size]:
    """The sizes of a region."""
    missing = NOT_OFFERED.get(location, ())
    return [size for size in _ALL if size.family.lower() not in missing]
