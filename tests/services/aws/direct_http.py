"""EBS direct over HTTP: from a path to a rule, from an answer or a refusal to JSON."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qsl

from tests.services.aws import signature
from tests.services.aws.direct import Direct, DirectError, invalid
from tests.services.wire import Request, Response

_ROUTES = [
    ("StartSnapshot", "POST", re.compile(r"/snapshots")),
    ("CompleteSnapshot", "POST", re.compile(r"/snapshots/completion/(?P<id>[^/]+)")),
    ("PutSnapshotBlock", "PUT", re.compile(r"/snapshots/(?P<id>[^/]+)/blocks/(?P<index>\d+)")),
    ("GetSnapshotBlock", "GET", re.compile(r"/snapshots/(?P<id>[^/]+)/blocks/(?P<index>\d+)")),
    ("ListSnapshotBlocks", "GET", re.compile(r"/snapshots/(?P<id>[^/]+)/blocks")),
    ("ListChangedBlocks", "GET", re.compile(r"/snapshots/(?P<id>[^/]+)/changedblocks")),
]


def match(request: Request) -> tuple[str, dict[str, str]] | None:
    """The operation and the parts of the path, or None when it is not one of EBS direct's."""
    path = request.path
    for operation, method, pattern in _ROUTES:
        if request.method == method and (found := pattern.fullmatch(path)):
            return operation, found.groupdict()
    return None


def answer(
    direct: Direct, region: str, operation: str, parts: dict[str, str], request: Request
) -> Response:
    """Do the operation."""
    try:
        return _do(direct, region, operation, parts, request)
    except DirectError as error:
        return refusal(error.status, error.type, error.message, error.reason)


def refusal(
    status: int, type_: str, message: str, reason: str = "", retry_after: int = 0
) -> Response:
    """An error as the service words it."""
    headers = _headers() | {"x-amzn-ErrorType": type_}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    body = {"Message": message, **({"Reason": reason} if reason else {})}
    return Response(status, headers, json.dumps(body).encode())


def _do(
    direct: Direct, region: str, operation: str, parts: dict[str, str], request: Request
) -> Response:
    query = dict(parse_qsl(request.query))
    headers = dict(request.headers)
    match operation:
        case "StartSnapshot":
            return _json(201, direct.start(region, json.loads(bytes(request.body))))
        case "PutSnapshotBlock":
            digest, checksum = direct.put(
                region, parts["id"], int(parts["index"]), headers, request.body
            )
            if not signature.payload_matches(request, digest):
                raise invalid("INVALID_BLOCK", "x-amz-content-sha256 is not the payload's")
            return Response(201, _headers() | _checksum(checksum), b"{}")
        case "CompleteSnapshot":
            return _json(202, direct.complete(region, parts["id"], headers))
        case "GetSnapshotBlock":
            data, checksum = direct.get(
                region, parts["id"], int(parts["index"]), query.get("blockToken", "")
            )
            more = {"x-amz-Data-Length": str(len(data)), "Content-Type": "application/octet-stream"}
            return Response(200, _headers() | _checksum(checksum) | more, data)
        case "ListSnapshotBlocks":
            return _json(200, direct.list_blocks(region, parts["id"], query))
        case _:
            return _json(200, direct.list_changed(region, parts["id"], query))


def _json(status: int, value: dict[str, Any]) -> Response:
    return Response(status, _headers(), json.dumps(value).encode())


def _headers() -> dict[str, str]:
    return {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}


def _checksum(value: str) -> dict[str, str]:
    return {"x-amz-Checksum": value, "x-amz-Checksum-Algorithm": "SHA256"}
