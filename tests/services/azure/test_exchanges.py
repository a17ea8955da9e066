"""Requests and answers as the public REST documentation has them, checked against the emulator.

The files are ours, written after the pages they name. {rg} stands for the path of the resource
group, {subscription} and {tenant} for ids; "<any>" is any value, and null one that must be absent.
What an answer names must be there; it may say more. A list has exactly the elements named.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.services.azure.fixture import AzureService

FILES = sorted((Path(__file__).parent / "exchanges").glob("*.json"))
ANY = "<any>"


class Caller:
    """Sends what a file says, as it says it."""

    def __init__(self, azure: AzureService) -> None:
        settings = azure.settings
        self._endpoint = azure.endpoint
        self._trust = ssl.create_default_context(cafile=str(settings.certificate))
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


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Where ``found`` does not say what ``expected`` names."""
    if expected == ANY:
        return [] if found is not None else [f"{path}: is missing"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            each
            for name, value in expected.items()
            for each in differences(value, found.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            each
            for index, value in enumerate(expected)
            for each in differences(value, found[index], f"{path}[{index}]")
        ]
    return [] if expected == found else [f"{path}: {found!r} is not {expected!r}"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_emulator_answers_as_documented(azure: AzureService, file: Path) -> None:
    exchange = json.loads(file.read_text())
    assert exchange["source"].startswith("https://")
    caller = Caller(azure)
    for step in exchange["steps"]:
        request, expected = caller.filled(step["request"]), caller.filled(step["response"])
        status, headers, body = caller.send(request)
        where = f"{request['method']} {request['path']}"
        assert status == expected["status"], f"{where}: {body}"
        for name, value in expected.get("headers", {}).items():
            found = headers.get(name)
            assert found is not None, f"{where} lacks the header {name}"
            assert value in (ANY, found), where
        if "body" in expected:
            assert differences(expected["body"], body) == [], where
        caller.finish(headers)
