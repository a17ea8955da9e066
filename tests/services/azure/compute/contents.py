"""Where the bytes of a new disk come from, and how many there are.

A blob holds what a download gives: the disk's bytes, then the footer of a fixed VHD.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.store import Store as Resources
from tests.services.azure.blobs import vhd
from tests.services.azure.blobs.store import Store
from tests.services.azure.compute import platform_images
from tests.services.azure.compute.access import blob_of
from tests.services.azure.compute.compute_type import (
    DISK,
    IMAGE,
    SNAPSHOT,
    invalid,
    missing,
    refused,
)
from tests.services.azure.compute.platform_images import PlatformImage

INHERITED = ("osType", "hyperVGeneration", "purchasePlan", "supportedCapabilities")


SOURCES = (DISK, SNAPSHOT)


@dataclass(frozen=True)
class Origin:
    """What a disk begins as: a blob's bytes (none: zeros), its size, and what it says of them."""

    blob: str | None
    size: int
    id: str | None
    said: dict[str, object]


def of_resource(
    resources: Resources, id: str | None, wanted: tuple[str, ...], location: str
) -> Origin:
    """The bytes of a disk or snapshot in this region."""
    if id is None:
        raise missing("creationData.sourceResourceId")
    found = resources.get(id)
    if found is None or found.type not in wanted:
        raise ArmError(404, "ResourceNotFound", f"The Resource '{id}' was not found.")
    if found.location != location:
        # https://learn.microsoft.com/azure/virtual-machines/disks-copy-incremental-snapshot-across-regions
        raise invalid(
            "creationData.sourceResourceId",
            f"{id} is in region {found.location}, not in {location}: only CopyStart goes across.",
        )
    if "upload" in found.hidden or found.state not in ("Succeeded", "Updating"):
        raise refused(f"The source {id} is not ready: {found.state}.")
    said = {name: found.properties[name] for name in INHERITED if name in found.properties}
    return Origin(blob_of(found), found.properties["diskSizeBytes"], found.id, said)


_VERSION = re.compile(
    r"/subscriptions/[^/]+/providers/microsoft.compute/locations/(?P<location>[^/]+)"
    r"/publishers/(?P<publisher>[^/]+)/artifacttypes/vmimage/offers/(?P<offer>[^/]+)"
    r"/skus/(?P<sku>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)


def of_image_id(resources: Resources, id: str, lun: int | None, location: str) -> Origin:
    """The bytes of an image named by id: a managed one, or a version in the marketplace."""
    if named := _VERSION.fullmatch(id):
        return of_platform_image(platform_images.find(named.groupdict(), location), id)
    image = resources.get(id)
    if image is None or image.type != IMAGE:
        raise ArmError(404, "ResourceNotFound", f"The Resource '{id}' was not found.")
    return of_image(image, lun)


def of_image(image: Resource, lun: int | None) -> Origin:
    """The bytes of one of the disks of a managed image: its OS disk, or a data disk by number."""
    profile = image.properties["storageProfile"]
    disk = profile["osDisk"]
    if lun is not None:
        found = [each for each in profile.get("dataDisks", ()) if each["lun"] == lun]
        if not found:
            raise ArmError(404, "NotFound", f"The image {image.id} has no data disk {lun}.")
        disk = found[0]
    blob, size = image.hidden["blobs"][str(lun)]
    said: dict[str, object] = {}
    if lun is None:
        said["osType"] = disk["osType"]
        said["hyperVGeneration"] = image.properties["hyperVGeneration"]
    return Origin(blob, size, image.id, said)


def of_platform_image(image: PlatformImage, id: str) -> Origin:
    """A marketplace image: nothing but zeros, of the right size and kind."""
    said: dict[str, object] = {
        "osType": image.os_type,
        "hyperVGeneration": image.generation,
        "supportedCapabilities": {"architecture": image.architecture},
    }
    return Origin(None, image.size, id, said)


def fill(store: Store, name: str, size: int, origin: Origin | None, *, is_upload: bool) -> None:
    """Make the blob of a new disk of this size. An uploaded one brings its footer itself."""
    if origin is not None and origin.blob is not None:
        store.copy(origin.blob, name)
        grow(store, name, size)
    else:
        store.create(name, size + vhd.SIZE)
        if not is_upload:
            _sign(store, name, size)


def grow(store: Store, name: str, size: int) -> None:
    """Make a blob's disk larger: zeros behind its bytes, then the footer."""
    before = store[name].size - vhd.SIZE
    if size > before:
        store.resize(name, size + vhd.SIZE)
        store.azurite.clear(name, before, vhd.SIZE)
        store[name].extents.clear(before, before + vhd.SIZE)
        _sign(store, name, size)


def _sign(store: Store, name: str, size: int) -> None:
    store.write(name, size, vhd.footer(size, uuid.UUID(name)))
