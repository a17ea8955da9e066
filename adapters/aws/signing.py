"""Signature version 4 for one host and service, without the SDK's general case.

The SDK's signer takes longer than the rest of a block's request. The steps are those of
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and the
tests compare the result with the SDK's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.credentials import ReadOnlyCredentials


class Signer:
    """Signs requests to one host. Safe to use from many threads."""

    def __init__(self, host: str, region: str, service: str) -> None:
        self._host = host
        self._region = region
        self._service = service
        self._key: tuple[str | None, str, bytes] = ("", "", b"")

    def headers(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload_sha256: str,
        credentials: ReadOnlyCredentials,
        *,
        now: datetime | None = None,
    ) -> dict[str, str]:
        """Return ``headers`` (their names in lower case) with what proves who sends them.

        ``path`` and ``query`` are as they are sent; the query has one parameter at most.
        """
        stamp = f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        date = stamp[:8]
        sent = {
            **headers,
            "host": self._host,
            "x-amz-content-sha256": payload_sha256,
            "x-amz-date": stamp,
        }
        if credentials.token:
            sent["x-amz-security-token"] = credentials.token
        names = sorted(sent)
        signed = ";".join(names)
        lines = "".join(f"{name}:{sent[name]}\n" for name in names)
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{payload_sha256}"
        scope = f"{date}/{self._region}/{self._service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        key = self._signing_key(credentials.secret_key, date)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        sent["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        return sent

    def _signing_key(self, secret: str | None, date: str) -> bytes:
        """The key of a day; kept, as it is the same for all requests of that day."""
        known_secret, known_date, key = self._key
        if (known_secret, known_date) != (secret, date):
            key = f"AWS4{secret}".encode()
            for part in (date, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (secret, date, key)
        return key
