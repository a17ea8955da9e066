"""How the blob service words its answers: XML errors, page lists, the headers all answers have.

https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from tests.services.azure.blobs.extents import Range
from tests.services.wire import Response

API_VERSION = "2026-06-06"
_XML = {"Content-Type": "application/xml"}


@dataclass
class BlobError(Exception):
    """A refusal. ``more`` are elements besides Code and Message."""

    status: int
    code: str
    message: str
    more: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None

    def response(self) -> Response:
        request_id = str(uuid.uuid4())
        message = f"{self.message}\nRequestId:{request_id}\nTime:{datetime.now(UTC).isoformat()}"
        told = {"Code": self.code, "Message": message, **self.more}
        body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
        headers = common(request_id) | _XML | {"x-ms-error-code": self.code}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return Response(self.status, headers, f"{_PROLOG}<Error>{body}</Error>".encode())


_PROLOG = '<?xml version="1.0" encoding="utf-8"?>'


def unauthenticated(detail: str) -> BlobError:
    """No valid signature: the detail says why."""
    return BlobError(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header "
        "is formed correctly including the signature.",
        {"AuthenticationErrorDetail": detail},
    )


def not_permitted() -> BlobError:
    """A valid signature without the permission."""
    return BlobError(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
    )


def invalid_header(name: str, value: str) -> BlobError:
    """A header that cannot be read."""
    return BlobError(
        400,
        "InvalidHeaderValue",
        "The value for one of the HTTP headers is not in the correct format.",
        {"HeaderName": name, "HeaderValue": value},
    )


def invalid_page_range() -> BlobError:
    """Pages that are not on page boundaries, or not in the blob."""
    return BlobError(416, "InvalidPageRange", "The page range specified is invalid.")


def too_large(most: int) -> BlobError:
    """More bytes than a request may bring."""
    return BlobError(
        413,
        "RequestBodyTooLarge",
        "The request body is too large and exceeds the maximum permissible limit.",
        {"MaxLimit": str(most)},
    )


def page_list(written: list[Range], cleared: list[Range], marker: str | None) -> bytes:
    """The body of Get Page Ranges; ends are inclusive."""
    pages = [(r, "PageRange") for r in written] + [(r, "ClearRange") for r in cleared]
    body = "".join(
        f"<{kind}><Start>{start}</Start><End>{end - 1}</End></{kind}>"
        for (start, end), kind in sorted(pages)
    )
    if marker is not None:
        body += f"<NextMarker>{marker}</NextMarker>"
    return f"{_PROLOG}<PageList>{body}</PageList>".encode()


def common(id: str | None = None) -> dict[str, str]:
    """The headers every answer has."""
    return {
        "Server": "Windows-Azure-Blob/1.0",
        "x-ms-request-id": id or str(uuid.uuid4()),
        "x-ms-version": API_VERSION,
        "Date": format_datetime(datetime.now(UTC), usegmt=True),
    }
