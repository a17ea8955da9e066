"""Azurite as the place where the bytes are: page blobs made, written, read, copied, deleted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import quote, urlsplit

from azure.storage.blob import (
    AccountSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)

API_VERSION = "2023-11-03"
CONTAINER = "disks"
_CREATED, _ACCEPTED, _OK, _PARTIAL, _MISSING, _EXISTS = 201, 202, 200, 206, 404, 409


class AzuriteError(RuntimeError):
    """Azurite refused what the rules in front of it had let pass."""


@dataclass
class Reply:
    """What Azurite answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Azurite:
    """One account of a running Azurite. Each thread keeps a connection of its own open."""

    def __init__(self, endpoint: str, account: str, key: str) -> None:
        parts = urlsplit(endpoint)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._path = f"/{account}/{CONTAINER}"
        expiry = datetime.now(UTC) + timedelta(days=365)
        self._sas = generate_account_sas(
            account,
            key,
            ResourceTypes(container=True, object=True),
            AccountSasPermissions(read=True, write=True, delete=True, create=True),
            expiry,
        )
        # Azurite answers a resize under an account's SAS with 500
        self._resize_sas = generate_container_sas(
            account, CONTAINER, key, permission=ContainerSasPermissions(write=True), expiry=expiry
        )
        self._kept = threading.local()

    def open(self) -> None:
        """Make the container the blobs are in; quiet when it is there."""
        reply = self._send("PUT", f"{self._path}?restype=container&{self._sas}")
        if reply.status not in (_CREATED, _EXISTS):
            raise AzuriteError(f"{reply.status}: {reply.body!r}")

    def create(self, name: str, size: int) -> None:
        headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size)}
        self._must(_CREATED, "PUT", name, headers=headers)

    def resize(self, name: str, size: int) -> None:
        target = f"{self._path}/{name}?comp=properties&{self._resize_sas}"
        reply = self._send("PUT", target, {"x-ms-blob-content-length": str(size)})
        if reply.status != _OK:
            raise AzuriteError(f"resize {name}: {reply.status}: {reply.body!r}")

    def copy(self, name: str, to: str) -> None:
        # Azurite lets a copy share its list of ranges with the origin, so that a write to either
        # changes both; only a snapshot gets a list of its own, which the copy may then have
        taken = self._must(_CREATED, "PUT", name, "comp=snapshot").headers["x-ms-snapshot"]
        snapshot = f"{name}?snapshot={quote(taken)}"
        source = {"x-ms-copy-source": f"{self._root}{self._path}/{snapshot}&{self._sas}"}
        self._must(_ACCEPTED, "PUT", to, headers=source)
        self._must(_ACCEPTED, "DELETE", name, f"snapshot={quote(taken)}")

    def delete(self, name: str) -> None:
        reply = self.ask("DELETE", name)
        if reply.status not in (_ACCEPTED, _MISSING):
            raise AzuriteError(f"{reply.status}: {reply.body!r}")

    def write(self, name: str, offset: int, data: bytes | memoryview) -> None:
        self._must(_CREATED, "PUT", name, "comp=page", page_write(offset, len(data)), data)

    def clear(self, name: str, offset: int, length: int) -> None:
        self._must(
            _CREATED, "PUT", name, "comp=page", page_write(offset, length) | {_WRITE: "clear"}
        )

    def read(self, name: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        headers = {"x-ms-range": f"bytes={offset}-{offset + length - 1}"}
        return self._must(_PARTIAL, "GET", name, headers=headers).body

    def ask(
        self,
        method: str,
        name: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview = b"",
    ) -> Reply:
        """Ask Azurite about a blob, and return its answer whatever it is."""
        told = f"{query}&{self._sas}" if query else self._sas
        return self._send(method, f"{self._path}/{name}?{told}", headers, body)

    def _must(
        self,
        status: int,
        method: str,
        name: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview = b"",
    ) -> Reply:
        reply = self.ask(method, name, query, headers, body)
        if reply.status != status:
            raise AzuriteError(f"{method} {name} {query}: {reply.status}: {reply.body!r}")
        return reply

    def _send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview = b"",
    ) -> Reply:
        told = {"x-ms-version": API_VERSION, "Content-Length": str(len(body)), **(headers or {})}
        try:
            answer = self._once(method, target, told, body)
        except (HTTPException, ConnectionError):
            # Azurite closes connections that were idle for a while
            self._connection().close()
            answer = self._once(method, target, told, body)
        # a HEAD's answer tells a length and brings nothing, which read() knows
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def _once(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | memoryview
    ) -> HTTPResponse:
        connection = self._connection()
        connection.request(method, target, body=body or None, headers=dict(headers))
        return connection.getresponse()

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._kept, "connection"):
            self._kept.connection = HTTPConnection(*self._address, timeout=60)
        connection: HTTPConnection = self._kept.connection
        return connection


_WRITE = "x-ms-page-write"


def page_write(offset: int, length: int) -> dict[str, str]:
    """The headers of a Put Page."""
    return {_WRITE: "update", "x-ms-range": f"bytes={offset}-{offset + length - 1}"}
