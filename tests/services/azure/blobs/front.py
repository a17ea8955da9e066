"""The blob service as far as disks need it, at the URLs of their shared access signatures.

Bytes pass through to Azurite; who may, what fits on pages, which ranges are written and what
changed between two snapshots is decided here, since Azurite decides otherwise or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from urllib.parse import parse_qsl, urlsplit

from tests.services.azure.arm.faults import Faults
from tests.services.azure.blobs import answers
from tests.services.azure.blobs.answers import BlobError
from tests.services.azure.blobs.azurite import Reply
from tests.services.azure.blobs.extents import Range
from tests.services.azure.blobs.grants import Denied, Grant, Grants
from tests.services.azure.blobs.store import MAX_PUT, PAGE, Blob, Store
from tests.services.wire import Request, Response

MAX_RANGES = 10_000
"""https://learn.microsoft.com/rest/api/storageservices/get-page-ranges: most in one answer."""

_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_KEPT = ("etag", "last-modified", "x-ms-blob-sequence-number", "x-ms-blob-type", "content-range")
_KEPT_OF_WRITES = (*_KEPT, "content-type")
_KEPT_OF_READS = (*_KEPT, "content-type", "accept-ranges", "content-md5", "x-ms-creation-time")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Front:
    """Answers the blob URLs. Many threads call it at once."""

    def __init__(self, store: Store, grants: Grants, faults: Faults) -> None:
        self._store = store
        self._grants = grants
        self._faults = faults

    def answer(self, request: Request) -> Response:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        action = _action(request, query)
        fault = self._faults.next(f"blobs/{action}")
        if fault is not None:
            time.sleep(fault.delay)
            if fault.hang_up:
                return Response(0, hang_up=True)
            if fault.status:
                return BlobError(
                    fault.status, fault.code, fault.message, retry_after=fault.retry_after
                ).response()
        try:
            answer = self._allowed(action, request, query)
        except BlobError as error:
            answer = error.response()
        return Response(0, hang_up=True) if fault is not None and fault.lost else answer

    def _allowed(self, action: str, request: Request, query: dict[str, str]) -> Response:
        grant = self._granted(request.path, query)
        if ("w" if request.method == "PUT" else "r") not in grant.permissions:
            raise answers.not_permitted()
        return self._do(action, self._store[grant.blob], request, query)

    def _granted(self, path: str, query: dict[str, str]) -> Grant:
        try:
            return self._grants.check(path, query)
        except Denied as denied:
            raise answers.unauthenticated(str(denied)) from None

    def _do(self, action: str, blob: Blob, request: Request, query: dict[str, str]) -> Response:
        match action:
            case "PutPage":
                return self._put(blob, request)
            case "PutPageFromUrl":
                return self._put_from_url(blob, request)
            case "GetPageRanges":
                return self._ranges(blob, request, query)
            case "GetBlob" | "GetBlobProperties":
                return self._read(blob, request)
            case _:
                # the platform's own accounts let nobody make, resize, lease or delete a blob
                raise answers.not_permitted()

    def _put(self, blob: Blob, request: Request) -> Response:
        start, end = _pages(blob, request, "x-ms-range", "range")
        write = request.headers.get("x-ms-page-write", "").lower()
        if write == "clear":
            if len(request.body):
                raise answers.invalid_header("Content-Length", str(len(request.body)))
            return _through(self._store.clear_page(blob, start, end - start, _told(request)))
        if write != "update":
            raise answers.invalid_header("x-ms-page-write", write)
        if max(len(request.body), end - start) > MAX_PUT:
            raise answers.too_large(MAX_PUT)
        if len(request.body) != end - start:
            raise answers.invalid_header("Content-Length", str(len(request.body)))
        _same_md5(request)
        return _through(self._store.put_page(blob, start, request.body, _told(request)))

    def _put_from_url(self, blob: Blob, request: Request) -> Response:
        """https://learn.microsoft.com/rest/api/storageservices/put-page-from-url."""
        start, end = _pages(blob, request, "x-ms-range")
        if end - start > MAX_PUT:
            raise answers.too_large(MAX_PUT)
        source = self._named(request.headers["x-ms-copy-source"], "CannotVerifyCopySource")
        first, last = _pages(source, request, "x-ms-source-range")
        if last - first != end - start:
            raise answers.invalid_header("x-ms-source-range", f"bytes={first}-{last - 1}")
        data = self._store.read(source.name, first, last - first)
        return _through(self._store.put_page(blob, start, data, _told(request)))

    def _ranges(self, blob: Blob, request: Request, query: dict[str, str]) -> Response:
        start, end = 0, blob.size
        if "x-ms-range" in request.headers or "range" in request.headers:
            start, end = _span(request, "x-ms-range", "range")
        if "prevsnapshot" in query:
            # none of these blobs has snapshots of its own: disks' snapshots are other blobs
            raise BlobError(404, "PreviousSnapshotNotFound", "The previous snapshot is not found.")
        older = request.headers.get("x-ms-previous-snapshot-url")
        written, cleared = self._changed(blob, older, start, end)
        written, cleared, marker = _page(written, cleared, query)
        head = self._store.azurite.ask("HEAD", blob.name, headers=_told(request))
        headers = _headers(head, _KEPT) | {
            "Content-Type": "application/xml",
            "x-ms-blob-content-length": str(blob.size),
        }
        if head.status != 200:
            return Response(head.status, headers)
        return Response(200, headers, answers.page_list(written, cleared, marker))

    def _changed(
        self, blob: Blob, older: str | None, start: int, end: int
    ) -> tuple[list[Range], list[Range]]:
        if older is None:
            with blob.lock:
                return blob.extents.within(start, end), []
        previous = self._named(older, "PreviousSnapshotNotFound")
        if previous.family != blob.family:
            raise BlobError(
                409, "BlobOverwritten", "The blob has been recreated since the previous snapshot."
            )
        if previous.taken > blob.taken:
            raise BlobError(
                400,
                "PreviousSnapshotCannotBeNewer",
                "The prevsnapshot query parameter value cannot be newer than snapshot query "
                "parameter value.",
            )
        with blob.lock:
            written, cleared = blob.extents.since(previous.extents)
        return _cut(written, start, end), _cut(cleared, start, end)

    def _named(self, url: str, code: str) -> Blob:
        """The blob another URL opens, for reading."""
        parts = urlsplit(url)
        try:
            grant = self._grants.check(parts.path, dict(parse_qsl(parts.query)))
        except Denied as denied:
            raise BlobError(404, code, str(denied)) from None
        if "r" not in grant.permissions:
            raise answers.not_permitted()
        return self._store[grant.blob]

    def _read(self, blob: Blob, request: Request) -> Response:
        headers = _told(request)
        asked = request.headers.get("x-ms-range") or request.headers.get("range")
        if asked:
            headers["x-ms-range"] = asked
        reply = self._store.azurite.ask(request.method, blob.name, headers=headers)
        told = _headers(reply, _KEPT_OF_READS)
        if request.method == "HEAD":
            told["Content-Length"] = reply.headers.get("content-length", "0")
        return Response(reply.status, told, reply.body)


def _action(request: Request, query: dict[str, str]) -> str:
    match request.method, query.get("comp", ""):
        case "PUT", "page" if "x-ms-copy-source" in request.headers:
            return "PutPageFromUrl"
        case "PUT", "page":
            return "PutPage"
        case "GET", "pagelist":
            return "GetPageRanges"
        case "GET", "":
            return "GetBlob"
        case "HEAD", "":
            return "GetBlobProperties"
        case method, comp:
            return f"{method} {comp}"


def _span(request: Request, *names: str) -> Range:
    """The range a header names; InvalidHeaderValue when it names none."""
    name = next((name for name in names if name in request.headers), names[0])
    value = request.headers.get(name, "")
    found = _RANGE.fullmatch(value)
    if not found or not found[2] or int(found[2]) < int(found[1]):
        raise answers.invalid_header(name, value)
    return int(found[1]), int(found[2]) + 1


def _pages(blob: Blob, request: Request, *names: str) -> Range:
    """The whole pages of this blob a header names; InvalidPageRange otherwise."""
    start, end = _span(request, *names)
    if start % PAGE or end % PAGE or end > blob.size:
        raise answers.invalid_page_range()
    return start, end


def _page(
    written: list[Range], cleared: list[Range], query: dict[str, str]
) -> tuple[list[Range], list[Range], str | None]:
    """The part of the ranges this page shows, and where the next one begins."""
    most = int(query.get("maxresults", MAX_RANGES))
    if most < 1:
        raise BlobError(400, "OutOfRangeQueryParameterValue", "maxresults must be at least 1.")
    after = int(query.get("marker") or 0)
    every = sorted(each for each in written + cleared if each[0] >= after)
    if len(every) <= min(most, MAX_RANGES):
        shown, marker = set(every), None
    else:
        shown = set(every[: min(most, MAX_RANGES)])
        marker = str(every[len(shown)][0])
    return [r for r in written if r in shown], [r for r in cleared if r in shown], marker


def _cut(ranges: list[Range], start: int, end: int) -> list[Range]:
    return [(max(a, start), min(b, end)) for a, b in ranges if a < end and b > start]


def _same_md5(request: Request) -> None:
    told = request.headers.get("content-md5")
    if told and told != base64.b64encode(hashlib.md5(request.body).digest()).decode():
        raise BlobError(
            400,
            "Md5Mismatch",
            "The MD5 value specified in the request did not match with the MD5 value calculated "
            "by the server.",
        )


def _told(request: Request) -> dict[str, str]:
    """The conditions a request makes, for Azurite to check."""
    return {name: request.headers[name] for name in _CONDITIONS if name in request.headers}


def _headers(reply: Reply, names: tuple[str, ...]) -> dict[str, str]:
    kept = {name: reply.headers[name] for name in names if name in reply.headers}
    error = reply.headers.get("x-ms-error-code")
    return answers.common() | kept | ({"x-ms-error-code": error} if error else {})


def _through(reply: Reply) -> Response:
    """Azurite's answer to a write."""
    encrypted = {"x-ms-request-server-encrypted": "true"} if reply.status < 300 else {}
    return Response(reply.status, _headers(reply, _KEPT_OF_WRITES) | encrypted, reply.body)
