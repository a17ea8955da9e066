"""Public SSH keys. https://learn.microsoft.com/rest/api/compute/ssh-public-keys"""

from __future__ import annotations

from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource
from tests.services.azure.arm.resource_type import NETWORK_NAME, NameRule
from tests.services.azure.arm.schema import TEXT, Shape
from tests.services.azure.compute.compute_type import COMPUTE_VERSIONS, ComputeType, invalid
from tests.services.azure.compute.vm_guest import KEY

_PROPERTIES = Shape({"publicKey": TEXT}, name="SshPublicKeyResourceProperties")


class SshPublicKeys(ComputeType):
    """A key people put on their machines. It is checked and given back, no more."""

    name = "sshPublicKeys"
    api_versions = COMPUTE_VERSIONS
    names = NameRule(NETWORK_NAME, 80)
    is_slow = False
    deleted = 200
    body = Shape({"properties": _PROPERTIES}, name="SshPublicKeyResource")
    patch = Shape({"properties": _PROPERTIES}, name="SshPublicKeyUpdateResource")

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        key = resource.properties.get("publicKey")
        if key is not None and not KEY.fullmatch(key):
            raise invalid("publicKey", "The value of parameter publicKey is invalid.")
        return None
