"""Who may read or write which blob until when: the shared access signatures handed out.

Like those of disks (https://learn.microsoft.com/rest/api/compute/disks/grant-access, and as seen in
https://github.com/microsoft/AzureStorageExplorer/issues/6347) the URL names a stored policy and
tells neither its expiry nor its permissions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

VERSION = "2018-03-28"
PREFIX = "/md-"
"""What the accounts of managed disks begin with, and so every path."""


@dataclass
class Grant:
    """One signature. ``requests`` is how many more it serves; None for as many as there are."""

    blob: str
    permissions: str
    expiry: datetime
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    requests: int | None = None


class Denied(Exception):
    """The signature does not open this blob; the message is the error's detail."""


class Grants:
    """Every signature that was handed out and not revoked."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._key = secrets.token_bytes(32)
        self._policies: dict[str, Grant] = {}
        self._lock = threading.Lock()
        self.requests: int | None = None
        """How many requests each signature made from now on serves before it expires."""

    def issue(self, blob: str, permissions: str, seconds: int) -> str:
        """A URL that opens the blob for so long."""
        policy = str(uuid.uuid4())
        expiry = datetime.now(UTC) + timedelta(seconds=seconds)
        with self._lock:
            self._policies[policy] = Grant(blob, permissions, expiry, requests=self.requests)
        path = path_of(blob)
        signature = quote(self._signature(path, policy), safe="")
        return f"{self._endpoint}{path}?sv={VERSION}&sr=b&si={policy}&sig={signature}"

    def revoke(self, blob: str) -> None:
        """End all signatures of this blob."""
        with self._lock:
            self._policies = {k: v for k, v in self._policies.items() if v.blob != blob}

    def expire(self, blob: str | None = None) -> None:
        """Let the signatures of this blob, or of all, have expired a moment ago."""
        with self._lock:
            for grant in self._policies.values():
                if blob in (None, grant.blob):
                    grant.expiry = datetime.now(UTC) - timedelta(seconds=1)

    def forget(self) -> None:
        """No signature is left, and those to come last as long as they say."""
        with self._lock:
            self._policies.clear()
        self.requests = None

    def active(self, blob: str) -> bool:
        """Whether a signature of this blob still opens it."""
        with self._lock:
            return any(
                grant.blob == blob and not _expired(grant) for grant in self._policies.values()
            )

    def check(self, path: str, query: dict[str, str]) -> Grant:
        """The grant behind a request, which this counts as served; Denied otherwise."""
        policy = query.get("si", "")
        if not hmac.compare_digest(self._signature(path, policy), query.get("sig", "")):
            raise Denied(f"Signature did not match. String to sign used was {path} {policy}")
        with self._lock:
            grant = self._policies.get(policy)
            if grant is None:
                # what a policy that was deleted leaves the signature without
                raise Denied("Signed expiry must be specified in signature or SAS identifier")
            if grant.requests == 0:
                grant.expiry = min(grant.expiry, datetime.now(UTC) - timedelta(seconds=1))
            if _expired(grant):
                raise Denied(
                    f"Signature not valid in the specified time frame: Start [{_time(grant.start)}]"
                    f" - Expiry [{_time(grant.expiry)}] - Current [{_time(datetime.now(UTC))}]"
                )
            if grant.requests is not None:
                grant.requests -= 1
            return grant

    def _signature(self, path: str, policy: str) -> str:
        digest = hmac.new(self._key, f"{path}\n{policy}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def path_of(blob: str) -> str:
    """The path of a blob's URL: account, container and the name all exported disks have."""
    digest = hashlib.sha256(blob.encode()).hexdigest()
    return f"{PREFIX}{digest[:12]}/{digest[12:24]}/abcd"


def _expired(grant: Grant) -> bool:
    return datetime.now(UTC) >= grant.expiry or grant.requests == 0


def _time(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
