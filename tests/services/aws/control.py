"""The local control endpoint: how a test orders trouble and looks behind the scenes.

POST   /_control/faults    one fault, as JSON (see faults.Fault)
DELETE /_control/faults    forget all faults and call counts
GET    /_control/calls     how often each action was called
PUT    /_control/quotas    {"vcpus": 2} and the like (see quotas.Quotas)
PUT    /_control/direct    {"empty_pages": true, "completion_seconds": 1.5}
PUT    /_control/volumes/ID/blocks/INDEX   write 512 KiB into a volume, as its guest would
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from typing import Any

from tests.services.aws.blocks import BLOCK
from tests.services.aws.direct import Direct
from tests.services.aws.faults import Faults
from tests.services.wire import Request, Response

PREFIX = "/_control/"
_BLOCK = re.compile(r"volumes/(?P<id>[^/]+)/blocks/(?P<index>\d+)")
_DIRECT = ("empty_pages", "completion_seconds")


class Control:
    """Answers the control endpoint."""

    def __init__(self, faults: Faults, direct: Direct, origin: Any) -> None:
        self._faults = faults
        self._direct = direct
        self._origin = origin

    def answer(self, request: Request) -> Response:
        try:
            return _json(self._do(request.method, request.path.removeprefix(PREFIX), request.body))
        except (ValueError, LookupError, TypeError) as error:
            return _json({"error": str(error)}, status=400)

    def _do(self, method: str, what: str, body: memoryview) -> Any:
        if method == "PUT" and (found := _BLOCK.fullmatch(what)):
            return self._write(found["id"], int(found["index"]), bytes(body))
        value = json.loads(bytes(body)) if body else {}
        match method, what:
            case "POST", "faults":
                self._faults.add(value)
            case "GET", "faults":
                return self._faults.planned()
            case "DELETE", "faults":
                self._faults.clear()
            case "GET", "calls":
                return self._faults.calls()
            case "PUT", "quotas":
                _set(self._direct.quotas, value, [f.name for f in fields(self._direct.quotas)])
            case "PUT", "direct":
                _set(self._direct, value, _DIRECT)
            case _:
                raise ValueError(f"nothing at {method} {what}")
        return {}

    def _write(self, id: str, index: int, data: bytes) -> dict[str, str]:
        if len(data) != BLOCK:
            raise ValueError(f"a block is {BLOCK} bytes, not {len(data)}")
        digest = hashlib.sha256(data).digest()
        self._direct.store.put(digest, data)
        with self._direct.disks.lock:
            self._direct.disks.volume(id, self._origin(id)).content[index] = digest
        return {"digest": digest.hex()}


def _set(target: object, value: dict[str, Any], allowed: Any) -> None:
    for name, wanted in value.items():
        if name not in allowed:
            raise ValueError(f"{name} is none of {list(allowed)}")
        setattr(target, name, wanted)


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
