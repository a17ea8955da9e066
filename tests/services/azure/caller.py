"""Calls without an SDK: what is sent is exactly what a test says."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.services.azure.fixture import AzureService


class Caller:
    """Sends requests with a contributor's token, and waits for operations."""

    def __init__(self, azure: AzureService) -> None:
        settings = azure.settings
        self._endpoint = azure.endpoint
        self._trust = azure.trust
        token = azure.credential().get_token("https://management.azure.com/.default")
        self._headers = {"Authorization": f"Bearer {token.token}"}
        self._names = {
            "rg": f"/subscriptions/{azure.subscription}/resourceGroups/{azure.resource_group}",
            "subscription": settings.subscription,
            "tenant": settings.tenant,
            "client": settings.contributor,
            "secret": settings.secret,
        }

    def filled(self, value: Any) -> Any:
        """The value with the names in it replaced."""
        written = json.dumps(value)
        for name, stands_for in self._names.items():
            written = written.replace(f"{{{name}}}", stands_for)
        return json.loads(written)

    def send(self, request: Mapping[str, Any]) -> tuple[int, Mapping[str, str], Any]:
        """The answer to a request: status, headers, body."""
        data, headers = None, {**self._headers, **request.get("headers", {})}
        if "body" in request:
            data = json.dumps(request["body"]).encode()
            headers["Content-Type"] = "application/json"
        if "form" in request:
            data, headers = urlencode(request["form"]).encode(), {}
        path = request["path"]
        url = path if path.startswith("https://") else self._endpoint + path
        asked = urllib.request.Request(url, data, headers, method=request["method"])
        try:
            with urllib.request.urlopen(asked, timeout=30, context=self._trust) as answer:
                return answer.status, dict(answer.headers), _json(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), _json(error.read())

    def finish(self, headers: Mapping[str, str]) -> None:
        """Wait until the operation an answer told of has succeeded."""
        url = headers.get("Azure-AsyncOperation")
        while url is not None:
            status, _, body = self.send({"method": "GET", "path": url})
            assert status == 200
            if body["status"] != "InProgress":
                assert body["status"] == "Succeeded"
                return
            time.sleep(0.01)


def _json(body: bytes) -> Any:
    return json.loads(body) if body else None
