"""Requests and answers as the public REST documentation has them, checked against the emulator.

The files are ours, written after the pages they name. {rg} stands for the path of the resource
group, {subscription} and {tenant} for ids; "<any>" is any value, and null one that must be absent.
What an answer names must be there; it may say more. A list has exactly the elements named.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.services.azure.caller import Caller
from tests.services.azure.fixture import AzureService

FILES = sorted((Path(__file__).parent / "exchanges").glob("*.json"))
ANY = "<any>"


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
