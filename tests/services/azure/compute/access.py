"""beginGetAccess and endGetAccess, of disks and of snapshots.

https://learn.microsoft.com/rest/api/compute/disks/grant-access
"""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import Later, action
from tests.services.azure.arm.schema import FLAG, Number, SchemaError, Shape, Text
from tests.services.azure.blobs import vhd
from tests.services.azure.blobs.store import Store
from tests.services.azure.compute.compute_type import ComputeType, missing, refused
from tests.services.azure.compute.disk_sizes import MIB

MOST_SECONDS = 60 * 24 * 3600
"""https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli:
a signature lasts 60 days at most, since February 2025."""

READY, ACTIVE = "ReadyToUpload", "ActiveUpload"

_ASKED = Shape(
    {
        "access": Text(choices=("None", "Read", "Write")),
        "durationInSeconds": Number(least=1, most=MOST_SECONDS),
        "fileFormat": Text(choices=("VHD", "VHDX")),
        "getSecureVMGuestStateSAS": FLAG,
    },
    required=("access", "durationInSeconds"),
    name="GrantAccessData",
)


class WithAccess(ComputeType):
    """A type whose bytes can be had by shared access signature."""

    def refuse_access(self, resource: Resource, access: str) -> None:
        """ArmError when these bytes cannot be had so now."""

    @action("beginGetAccess")
    def begin_access(self, resource: Resource, call: Call) -> Later:
        try:
            asked = _ASKED.read(call.body, "")
        except SchemaError as error:
            if error.unknown is not None:
                raise self.unknown_property(error.path, error.unknown, error.within) from None
            raise self.bad_property(error) from None
        if asked["access"] == "None":
            raise missing("access")
        self.refuse_access(resource, asked["access"])
        uploading = resource.hidden.get("upload")

        def granted() -> dict[str, Any]:
            if uploading is not None:
                self._now(resource).hidden["upload"] = ACTIVE
            # a signature to write reads as well: copying tools compare the size first
            permissions = "rw" if asked["access"] == "Write" else "r"
            url = self.arm.blobs.grants.issue(
                blob_of(resource), permissions, asked["durationInSeconds"]
            )
            return {"accessSAS": url}

        return Later(granted)

    @action("endGetAccess")
    def end_access(self, resource: Resource, _call: Call) -> Later:
        if resource.hidden.get("upload") == ACTIVE:
            _check(self.arm.blobs.store, resource)

        def ended() -> None:
            self.arm.blobs.grants.revoke(blob_of(resource))
            if resource.hidden.get("upload") == ACTIVE:
                self._now(resource).hidden.pop("upload", None)

        return Later(ended)

    def _now(self, resource: Resource) -> Resource:
        """The resource as it is kept by now: it may have been written anew meanwhile."""
        return self.store.get(resource.id) or resource

    def has_access(self, resource: Resource) -> bool:
        """Whether a signature is out and valid."""
        return self.arm.blobs.grants.active(blob_of(resource))

    def refuse_while_accessed(self, resource: Resource, doing: str) -> None:
        """ArmError while a signature is out."""
        if self.has_access(resource):
            kind = self.name.rstrip("s")
            raise refused(
                f"There is an active shared access signature outstanding for {kind} "
                f"{resource.name}. Call EndGetAccess before {doing} the {kind}."
            )


def blob_of(resource: Resource) -> str:
    """The name of the blob with the bytes of a disk or a snapshot."""
    return str(resource.properties["uniqueId"])


def _check(store: Store, resource: Resource) -> None:
    """ArmError unless what was uploaded is a fixed VHD.

    The cookie as in https://github.com/microsoft/AzureStorageExplorer/issues/8800; that the other
    fields are looked at too is our stricter reading.
    """
    size = resource.properties["creationData"]["uploadSizeBytes"] - vhd.SIZE
    page = store.read(blob_of(resource), size, vhd.SIZE)
    fault = vhd.fault(page, size)
    if fault is None:
        return
    place = f"disk 'abcd' with blob {blob_of(resource)}"
    raise bad_request(
        "InvalidVhd",
        {
            "cookie": f"The specified cookie value in VHD footer indicates that {place} is not a "
            "supported VHD. Disk is expected to have cookie value 'conectix'.",
            "type": f"The VHD type of {place} is not supported. It is expected to be fixed.",
            "checksum": f"The checksum in the VHD footer of {place} is wrong.",
            "size": f"The size in the VHD footer of {place} is not {size // MIB} MiB.",
        }[fault],
    )
