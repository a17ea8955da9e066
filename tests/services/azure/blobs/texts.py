"""Small blobs with text in them: what a serial console said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode

from tests.services.azure.blobs import answers
from tests.services.azure.blobs.answers import BlobError
from tests.services.wire import Request, Response

PREFIX = "/md-bootdiag/bootdiagnostics/"
VERSION = "2018-03-28"


class Texts:
    """Hands out URLs of texts and answers them. What a text is, ``find`` tells when it is read."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._key = secrets.token_bytes(32)
        self.find: Callable[[str], str | None] = lambda _name: None

    def url(self, name: str, seconds: int) -> str:
        """A URL that tells its own expiry, as service signatures do."""
        expiry = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = self._signature(name, expiry)
        query = {"sv": VERSION, "sr": "b", "sp": "r", "se": expiry, "sig": signature}
        return f"{self._endpoint}{PREFIX}{quote(name)}?{urlencode(query)}"

    def answer(self, request: Request) -> Response:
        """The text; 403 for a signature that is wrong or has expired, 404 where there is none."""
        try:
            text = self._text(request)
        except BlobError as error:
            return error.response()
        return _part(text.encode(), request.headers.get("x-ms-range", ""))

    def _text(self, request: Request) -> str:
        name = request.path.removeprefix(PREFIX)
        query = {key: values[0] for key, values in parse_qs(request.query).items()}
        expiry = query.get("se", "")
        if not hmac.compare_digest(self._signature(name, expiry), query.get("sig", "")):
            raise answers.unauthenticated("Signature did not match.")
        if datetime.fromisoformat(expiry) <= datetime.now(UTC):
            raise answers.unauthenticated(f"Signed expiry time [{expiry}] is past.")
        text = self.find(name)
        if text is None:
            raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
        return text

    def _signature(self, name: str, expiry: str) -> str:
        digest = hmac.new(self._key, f"{name}\n{expiry}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def _part(data: bytes, asked: str) -> Response:
    headers = answers.common() | {"Content-Type": "text/plain", "x-ms-blob-type": "AppendBlob"}
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    if not found:
        return Response(200, headers, data)
    start = int(found[1])
    if start >= len(data):
        return BlobError(416, "InvalidRange", "The range specified is invalid.").response()
    end = min(int(found[2] or len(data)) + 1, len(data))
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Response(206, headers, data[start:end])
