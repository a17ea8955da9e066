"""Listings come in pages where the caller, or the service, says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult

from tests.services.aws.ec2.overlay import Ec2Base, refuse

# DescribeInstanceTypes answers at most 100 types a page, the others 1,000 resources
_SMALL_PAGE, _LARGE_PAGE = 100, 1000


class Paging(Ec2Base):
    """MaxResults and NextToken for the listings in which moto ignores them."""

    def describe_volumes(self) -> ActionResult:
        return self._paged(super().describe_volumes(), "Volumes", "VolumeIds", _LARGE_PAGE)

    def describe_snapshots(self) -> ActionResult:
        return self._paged(super().describe_snapshots(), "Snapshots", "SnapshotIds", _LARGE_PAGE)

    def describe_security_groups(self) -> ActionResult:
        return self._paged(
            super().describe_security_groups(), "SecurityGroups", "GroupIds", _LARGE_PAGE
        )

    def describe_instance_types(self) -> ActionResult:
        return self._paged(
            super().describe_instance_types(), "InstanceTypes", "InstanceTypes", _SMALL_PAGE
        )

    def describe_images(self) -> ActionResult:
        return self._paged(super().describe_images(), "Images", "ImageIds", _LARGE_PAGE)

    def _paged(self, whole: ActionResult, member: str, ids: str, default: int) -> ActionResult:
        result: Any = whole.result
        items: Sequence[Any] = list(result[member])
        most = self.sent("MaxResults")
        if most is not None and self.sent(ids):
            raise refuse(
                "InvalidParameterCombination", f"MaxResults cannot be used together with {ids}"
            )
        if most is not None and not 5 <= int(most) <= _LARGE_PAGE:
            raise refuse("InvalidParameterValue", "MaxResults must be between 5 and 1000")
        start = _start(self.sent("NextToken"))
        end = start + int(most or default)
        page = {**result, member: items[start:end]}
        if end < len(items):
            page["NextToken"] = base64.b64encode(b"page:%d" % end).decode()
        return ActionResult(page)


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, start = base64.b64decode(token, validate=True).decode().partition(":")
        if word == "page":
            return int(start)
    except (binascii.Error, ValueError):
        pass
    raise refuse("InvalidNextToken", "The NextToken is not valid")
