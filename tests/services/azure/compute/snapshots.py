"""Snapshots of disks, full and incremental. https://learn.microsoft.com/rest/api/compute/snapshots"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.operations import Finish, stamp
from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute import contents, disk_schema
from tests.services.azure.compute.access import WithAccess, blob_of
from tests.services.azure.compute.compute_type import (
    DISK,
    DISK_VERSIONS,
    invalid,
    refused,
    unchanged,
)
from tests.services.azure.compute.disk_sizes import GIB
from tests.services.azure.compute.disks import NAME

MOST_INCREMENTAL = 500
"""https://learn.microsoft.com/azure/virtual-machines/disks-incremental-snapshots#restrictions:
incremental snapshots of one disk."""


class Snapshots(WithAccess):
    """What a disk's bytes were at one moment."""

    name = "snapshots"
    api_versions = DISK_VERSIONS
    names = NAME
    body = disk_schema.SNAPSHOT
    patch = disk_schema.SNAPSHOT_UPDATE
    put_headers: ClassVar[tuple[str, ...]] = ("Azure-AsyncOperation", "Location")
    created = replaced = patched = 202

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        resource.body.setdefault("sku", {}).setdefault("name", "Standard_LRS")
        resource.body["sku"]["tier"] = resource.body["sku"]["name"].partition("_")[0]
        if old is not None:
            resource.body["properties"] = {**old.properties, **resource.properties}
            resource.properties["creationData"] = {
                **old.properties["creationData"],
                **resource.properties["creationData"],
            }
            unchanged(
                resource, old, "creationData", "incremental", "hyperVGeneration", "diskSizeGB"
            )
            return None
        self._begin(resource)
        return None

    def delete(self, resource: Resource) -> Finish | None:
        self.refuse_while_accessed(resource, "deleting")
        return lambda: self.arm.blobs.store.delete(blob_of(resource))

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        state = "ActiveSAS" if self.has_access(resource) else "Unattached"
        body["properties"] = {**resource.properties, "diskState": state}
        return body

    def refuse_access(self, resource: Resource, access: str) -> None:
        if access == "Write":
            raise refused(f"Write access cannot be granted to snapshot {resource.name}.")

    def _begin(self, resource: Resource) -> None:
        properties = resource.properties
        creation = properties["creationData"]
        if creation["createOption"] != "Copy":
            raise invalid(
                "creationData.createOption", f"{creation['createOption']} is not imitated here."
            )
        origin = contents.of_resource(
            self.store, creation.get("sourceResourceId"), contents.SOURCES, resource.location
        )
        source = self.store.get(origin.id or "")
        assert source is not None
        assert origin.blob is not None
        for name, value in origin.said.items():
            properties.setdefault(name, value)
        creation["sourceUniqueId"] = origin.blob
        properties |= {
            "uniqueId": str(uuid.uuid4()),
            "timeCreated": stamp(),
            "diskSizeBytes": origin.size,
            "diskSizeGB": -(-origin.size // GIB),
            "completionPercent": 100.0,
            "encryption": properties.get("encryption", source.properties["encryption"]),
        }
        properties.setdefault("networkAccessPolicy", "AllowAll")
        properties.setdefault("publicNetworkAccess", "Enabled")
        family = None
        if properties.setdefault("incremental", False):
            if source.type == DISK:
                self._check_number(source)
                family = source.hidden.setdefault("family", str(uuid.uuid4()))
            else:
                family = source.properties.get("incrementalSnapshotFamilyId", str(uuid.uuid4()))
            properties["incrementalSnapshotFamilyId"] = family
        # whoever is not of the family is compared with nobody
        self.arm.blobs.store.copy(
            origin.blob, blob_of(resource), snapshot_of=family or blob_of(resource)
        )

    def _check_number(self, disk: Resource) -> None:
        there = self.store.of_type(self.full_name(), f"/subscriptions/{disk.address.subscription}")
        family = disk.hidden.get("family")
        same = [s for s in there if s.properties.get("incrementalSnapshotFamilyId") == family]
        if family is not None and len(same) >= MOST_INCREMENTAL:
            raise refused(
                f"The number of incremental snapshots of disk {disk.name} is the most there may be,"
                f" {MOST_INCREMENTAL}."
            )
