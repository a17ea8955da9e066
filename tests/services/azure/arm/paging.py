"""A listing comes in pages; nextLink is the address of the next one.

https://learn.microsoft.com/rest/api/azure/#async-operations-throttling-and-paging
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.services.azure.arm.call import Call
from tests.services.azure.arm.errors import bad_request
from tests.services.azure.arm.resource import Resource


def page(
    call: Call, everything: list[Resource], show: Callable[[Resource], dict[str, Any]], size: int
) -> dict[str, Any]:
    """Return one page of what is ordered by key, as ``show`` shows it.

    The token holds the last key, so that changes in between lose nothing.
    """
    after = _read(call.query["$skiptoken"]) if "$skiptoken" in call.query else ""
    rest = [each for each in everything if each.key > after]
    if "$top" in call.query:
        size = min(size, max(1, int(call.query["$top"])))
    body: dict[str, Any] = {"value": [show(each) for each in rest[:size]]}
    if len(rest) > size:
        token = base64.urlsafe_b64encode(rest[size - 1].key.encode()).decode()
        query = {**call.query, "$skiptoken": token}
        body["nextLink"] = f"{call.base}{call.path}?{urlencode(query)}"
    return body


def _read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise bad_request("InvalidParameter", "The $skiptoken is not one of ours.") from None
