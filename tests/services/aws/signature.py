"""Signature version 4, checked: an adapter that signs by hand must be right to the byte."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, quote

from tests.services.wire import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request, ?SignedHeaders=(?P<signed>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Scope:
    """Who signed, for which region and service."""

    access_key: str
    region: str
    service: str


class BadSignatureError(Exception):
    """The request is not signed, or not by the key it names."""

    def __init__(self, message: str, *, unknown_key: bool = False, service: str = "") -> None:
        super().__init__(message)
        self.unknown_key = unknown_key
        self.service = service


def check(request: Request, access_key: str, secret_key: str) -> Scope:
    """Tell who signed the request; BadSignatureError when it is not signed with this key pair."""
    match = _AUTHORIZATION.match(request.headers.get("authorization", ""))
    if match is None:
        raise BadSignatureError("Request is missing Authentication Token")
    scope = Scope(match["key"], match["region"], match["service"])
    if match["key"] != access_key:
        raise BadSignatureError("unknown access key", unknown_key=True, service=scope.service)
    stamp = request.headers.get("x-amz-date", "")
    said = request.headers.get("x-amz-content-sha256")
    payload = said or hashlib.sha256(request.body).hexdigest()
    signed = match["signed"].split(";")
    canonical = "\n".join(
        [
            request.method,
            _path(request.raw_path),
            _query(request.query),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed),
            "",
            match["signed"],
            payload,
        ]
    )
    credential = f"{match['date']}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{credential}\n{digest}"
    key = _key(secret_key, match["date"], scope.region, scope.service)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, match["signature"]):
        raise BadSignatureError(
            "The request signature we calculated does not match the signature you provided.",
            service=scope.service,
        )
    return scope


def payload_matches(request: Request, digest: bytes) -> bool:
    """Whether the body is the one that was signed (an unsigned payload is legal: TLS covers it)."""
    said = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    return said in ("UNSIGNED-PAYLOAD", digest.hex())


@cache
def _key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _path(raw: str) -> str:
    return quote(raw, safe="/~") or "/"


def _query(raw: str) -> str:
    pairs = parse_qsl(raw, keep_blank_values=True)
    return "&".join(
        sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    )
