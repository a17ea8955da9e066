"""What a test may do behind the provider's back.

POST /_control/bytes/ID     {"offset", "data" in Base64} written into a disk, as its guest would;
                            {"offset", "length"} read from a disk or snapshot
GET  /_control/bytes/ID     {"size", "ranges"}: how large it is and what was written
POST /_control/vms/ID       {"power": null | "running" | …, "console": text}: a power state, or
                            none for one that nobody knows; what its serial console said
PUT  /_control/signatures   {"requests": 5}: how many requests those to come serve
                            {"expired": true}: those handed out have expired
"""

from __future__ import annotations

import base64
from typing import Any

from tests.services.azure.arm.front import Arm
from tests.services.azure.arm.resource import Resource
from tests.services.azure.compute.access import blob_of


def move_bytes(arm: Arm, rest: str, value: Any) -> Any:
    """Write into a disk, or read from it."""
    blob = blob_of(_resource(arm, rest))
    if "data" in value:
        data = base64.b64decode(value["data"], validate=True)
        arm.blobs.store.write(blob, value["offset"], data)
        return {}
    data = arm.blobs.store.read(blob, value["offset"], value["length"])
    return {"data": base64.b64encode(data).decode()}


def tell_bytes(arm: Arm, rest: str, _value: Any) -> Any:
    """The size of a disk and the ranges of it that were written."""
    resource = _resource(arm, rest)
    size = resource.properties["diskSizeBytes"]
    blob = arm.blobs.store[blob_of(resource)]
    return {"size": size, "ranges": blob.extents.within(0, size)}


def change_vm(arm: Arm, rest: str, value: Any) -> Any:
    """Set what a machine's guest or host does by itself."""
    with arm.lock:
        vm = _resource(arm, rest)
        if unknown := value.keys() - {"power", "console"}:
            raise ValueError(f"{sorted(unknown)} are none of power, console")
        vm.hidden.update(value)
    return {}


def change_signatures(arm: Arm, _rest: str, value: Any) -> Any:
    """Let signatures last shorter than they say."""
    if "requests" in value:
        arm.blobs.grants.requests = value["requests"]
    if value.get("expired"):
        arm.blobs.grants.expire()
    return {}


def _resource(arm: Arm, rest: str) -> Resource:
    with arm.lock:
        arm.operations.settle()
        resource = arm.store.get(f"/{rest}")
    if resource is None:
        raise LookupError(f"no resource /{rest}")
    return resource


HANDLERS = {
    ("POST", "bytes"): move_bytes,
    ("GET", "bytes"): tell_bytes,
    ("POST", "vms"): change_vm,
    ("PUT", "signatures"): change_signatures,
}
