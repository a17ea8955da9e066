"""If-Match and If-None-Match.

https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update
"""

from __future__ import annotations

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.resource import Resource


def check(call: Call, resource: Resource | None) -> None:
    """ArmError 412 unless the call's conditions hold."""
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    if wanted is not None and (
        resource is None or (wanted != "*" and _bare(wanted) != resource.etag)
    ):
        raise _failed("If-Match", wanted)
    if resource is not None and unwanted is not None and _bare(unwanted) in ("*", resource.etag):
        raise _failed("If-None-Match", unwanted)


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _failed(header: str, value: str) -> ArmError:
    return ArmError(
        412,
        "PreconditionFailed",
        f"The condition '{value}' in the {header} header was not satisfied.",
    )
