"""Blocks of snapshots over keep-alive connections: one a thread, signed by hand.

The SDK's own call for a block costs three times the work of the request itself.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlsplit

from botocore.credentials import ReadOnlyCredentials

from adapters.aws.errors import EXPIRED, PROVIDER, calling, error_for
from adapters.aws.session import CONNECT_SECONDS, Session
from adapters.aws.signing import Signer
from broker.errors import BrokerError, DataMismatch, Transient

BLOCK = 512 * 1024
"""https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html"""

ANSWER_SECONDS = 30.0
"""A block takes the service about 100 ms; what takes this long is lost:
https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-performance.html
"""

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

UNSIGNED = "UNSIGNED-PAYLOAD"
"""What the service wants for a block over TLS: the signed checksum header vouches for the bytes."""

Result = TypeVar("Result")


@dataclass
class _Request:
    """One request, and its headers with names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: memoryview | None

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


class Blocks:
    """Puts and gets blocks, from many threads at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        with calling("open disk"):
            endpoint = urlsplit(session.ebs.meta.endpoint_url)
            region = session.region
        self._host = endpoint.hostname or ""
        self._port = endpoint.port
        self._signer = Signer(endpoint.netloc, region, "ebs")
        self._tls = _tls(session) if endpoint.scheme == "https" else None
        self._own = threading.local()
        self._open: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def put(self, snapshot: str, index: int, data: memoryview, digest: bytes) -> None:
        """Write one block; ``digest`` is its SHA-256. The same block may be put twice."""
        headers = {
            "content-type": "application/octet-stream",
            "x-amz-checksum": base64.b64encode(digest).decode(),
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-data-length": str(len(data)),
        }
        request = _Request("PUT", f"/snapshots/{snapshot}/blocks/{index}", "", headers, data)
        payload = digest.hex() if self._tls is None else UNSIGNED
        self._send("write block", request, payload, lambda answer: answer.read())

    def get(self, snapshot: str, index: int, token: str, into: memoryview) -> None:
        """Read one block into a buffer of a block's length; DataMismatch when its hash is wrong."""

        def fill(answer: http.client.HTTPResponse) -> None:
            filled = 0
            while filled < len(into) and (count := answer.readinto(into[filled:])):
                filled += count
            if filled != len(into) or answer.read(1):
                raise Transient(f"block {index} of {snapshot} came incomplete", provider=PROVIDER)
            said = answer.headers.get("x-amz-Checksum", "")
            if base64.b64encode(hashlib.sha256(into).digest()).decode() != said:
                raise DataMismatch(
                    f"block {index} of {snapshot} is not what the service says it holds",
                    provider=PROVIDER,
                )

        query = f"blockToken={quote(token, safe='')}"
        request = _Request("GET", f"/snapshots/{snapshot}/blocks/{index}", query, {}, None)
        self._send("read block", request, EMPTY_SHA256, fill)

    def close(self) -> None:
        """Close all connections. May be called twice."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _send(
        self,
        operation: str,
        request: _Request,
        payload_sha256: str,
        read: Callable[[http.client.HTTPResponse], Result],
    ) -> Result:
        with calling(operation):
            credentials = self._session.credentials()
            request.headers = self._signer.headers(
                request.method,
                request.path,
                request.query,
                request.headers,
                payload_sha256,
                credentials,
            )
            connection, answer = self._answer(request)
            try:
                if answer.status < 300:
                    return read(answer)
                refusal = self._refusal(operation, answer, credentials)
            except BaseException:
                # what is left of the answer would be read as the next one
                connection.close()
                raise
            raise refusal

    def _answer(
        self, request: _Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send and wait, once more when the service had closed an idle connection meanwhile."""
        connection = self._connection()
        reused = connection.sock is not None
        try:
            return connection, self._ask(connection, request)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            connection.close()
            if not reused:
                raise
            return connection, self._ask(connection, request)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    @staticmethod
    def _ask(connection: http.client.HTTPConnection, request: _Request) -> http.client.HTTPResponse:
        if connection.sock is None:
            connection.connect()
            _socket(connection).settimeout(ANSWER_SECONDS)
        connection.request(request.method, request.target, request.body, request.headers)
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        """The thread's own connection; it opens when it is first used, and again after a close."""
        found: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if found is None:
            if self._tls is None:
                found = http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_SECONDS)
            else:
                found = http.client.HTTPSConnection(
                    self._host, self._port, timeout=CONNECT_SECONDS, context=self._tls
                )
            self._own.connection = found
            with self._lock:
                self._open.append(found)
        return found

    def _refusal(
        self, operation: str, answer: http.client.HTTPResponse, credentials: ReadOnlyCredentials
    ) -> BrokerError:
        code, message = _told(answer)
        if code in EXPIRED and self._session.renew(credentials):
            return Transient(
                f"{message}; newer credentials were found", provider=PROVIDER, operation=operation
            )
        return error_for(
            code,
            message,
            status=answer.status,
            operation=operation,
            request_id=answer.headers.get("x-amzn-RequestId", ""),
            headers={name.lower(): value for name, value in answer.headers.items()},
        )


def _socket(connection: http.client.HTTPConnection) -> socket.socket:
    """The socket of an open connection; the library's stub forgets that a closed one has none."""
    found: socket.socket = connection.sock
    return found


def _told(answer: http.client.HTTPResponse) -> tuple[str, str]:
    """The code and message of a refusal; a page that is no JSON has neither."""
    body = answer.read()
    try:
        said = json.loads(body)
    except ValueError:
        return "", f"the service answered {answer.status} {answer.reason}"
    code = answer.headers.get("x-amzn-ErrorType", "").partition(":")[0] or said.get("__type", "")
    return code, said.get("Message") or said.get("message") or ""


def _tls(session: Session) -> ssl.SSLContext:
    """The system's trust, or the bundle that the SDK is told to use."""
    return ssl.create_default_context(cafile=session.ca_bundle)
