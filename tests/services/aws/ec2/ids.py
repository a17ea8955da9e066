"""Ids must look like ids: a malformed one is told apart from one that does not exist."""

from __future__ import annotations

import re
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from tests.services.aws.ec2.overlay import Ec2Base, refuse

_ID = "[0-9a-f]{8}([0-9a-f]{9})?"

# parameter name without its plural: (prefix, code), from the EC2 API's list of error codes
_GRAMMAR = {
    "InstanceId": ("i", "InvalidInstanceID.Malformed"),
    "VolumeId": ("vol", "InvalidVolumeID.Malformed"),
    "SnapshotId": ("snap", "InvalidSnapshotID.Malformed"),
    "GroupId": ("sg", "InvalidGroupId.Malformed"),
    "ImageId": ("ami", "InvalidAMIID.Malformed"),
    "VpcId": ("vpc", "InvalidVpcID.Malformed"),
    "SubnetId": ("subnet", "InvalidSubnetID.Malformed"),
}


def check_ids(parameters: dict[str, Any]) -> None:
    """Raise when a parameter that holds ids holds something else."""
    for name, value in parameters.items():
        prefix, code = _GRAMMAR.get(name.removesuffix("s"), ("", ""))
        if not prefix:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and not re.fullmatch(f"{prefix}-{_ID}", each):
                raise refuse(code, f'Invalid id: "{each}"')


class Ids(Ec2Base):
    """Checks ids before anything else looks at them."""

    def call_action(self) -> TYPE_RESPONSE:
        try:
            check_ids(self.params)
        except EC2ClientError as error:
            return self.serialized(ActionResult(error))
        return super().call_action()
