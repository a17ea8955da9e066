"""Marketplace images: a few, by publisher, offer and SKU. Their disks are zeros.

https://learn.microsoft.com/azure/virtual-machines/linux/cli-ps-findimage
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.services.azure.arm.errors import ArmError
from tests.services.azure.compute.disk_sizes import GIB

VERSION = "1.0.20261101"


@dataclass(frozen=True)
class PlatformImage:
    """One image: the only version of a SKU."""

    publisher: str
    offer: str
    sku: str
    os_type: str
    generation: str
    architecture: str
    size: int

    @property
    def reference(self) -> dict[str, str]:
        """The four words it is named with."""
        return {
            "publisher": self.publisher,
            "offer": self.offer,
            "sku": self.sku,
            "version": VERSION,
        }

    def id(self, subscription: str, location: str) -> str:
        """The version as a resource."""
        return (
            f"/Subscriptions/{subscription}/Providers/Microsoft.Compute/Locations/{location}"
            f"/Publishers/{self.publisher}/ArtifactTypes/VMImage/Offers/{self.offer}"
            f"/Skus/{self.sku}/Versions/{VERSION}"
        )


_UBUNTU = ("Canonical", "ubuntu-24_04-lts")

IMAGES = (
    PlatformImage("Debian", "debian-12", "12", "Linux", "V1", "x64", 30 * GIB),
    PlatformImage("Debian", "debian-12", "12-gen2", "Linux", "V2", "x64", 30 * GIB),
    PlatformImage("Debian", "debian-12", "12-arm64", "Linux", "V2", "Arm64", 30 * GIB),
    PlatformImage(*_UBUNTU, "server", "Linux", "V2", "x64", 30 * GIB),
    PlatformImage(*_UBUNTU, "server-gen1", "Linux", "V1", "x64", 30 * GIB),
    PlatformImage(*_UBUNTU, "server-arm64", "Linux", "V2", "Arm64", 30 * GIB),
    PlatformImage("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2", "Windows", "V2",
                  "x64", 127 * GIB),
)  # fmt: skip


def find(reference: dict[str, str], location: str) -> PlatformImage:
    """The image these words name; ArmError where there is none."""
    words = tuple(reference.get(name, "") for name in ("publisher", "offer", "sku"))
    for image in IMAGES:
        named = (image.publisher, image.offer, image.sku)
        if [word.lower() for word in words] == [word.lower() for word in named] and reference.get(
            "version", ""
        ) in ("latest", VERSION):
            return image
    raise ArmError(
        404,
        "PlatformImageNotFound",
        f"The platform image '{':'.join((*words, reference.get('version', '')))}' is not available "
        f"in location '{location}'. Verify that all fields in the storage profile are correct. For "
        "more details about storage profile information, please refer to "
        "https://aka.ms/storageprofile",
        target="imageReference",
    )
