"""A private service for tests: on a free port, with its own folder, ended with the test session."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from broker.adapter import Account
from tests.services.aws.__main__ import start
from tests.services.aws.settings import Settings
from tests.services.process import free_port

NO_RETRIES = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=30)


class AwsService:
    """A running service, and the strings that move it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.endpoint = settings.endpoint
        self.region = settings.region

    def client(self, name: str, **different: Any) -> Any:
        """An unmodified boto3 client of this service."""
        return boto3.client(  # type: ignore[call-overload]
            name,
            **{
                "endpoint_url": self.endpoint,
                "region_name": self.region,
                "aws_access_key_id": self.settings.access_key,
                "aws_secret_access_key": self.settings.secret_key,
                "config": NO_RETRIES,
                **different,
            },
        )

    def account(self, name: str = "aws", **settings: str) -> Account:
        """An account of this service; its credentials are found where `profiles` put them."""
        told = {"endpoint": self.endpoint, "region": self.region, **settings}
        return Account(name=name, kind="aws", settings=told)

    @contextmanager
    def profiles(self, folder: Path) -> Iterator[None]:
        """While entered, the SDK's own chain finds this service's key pair, and a wrong one."""
        file = folder / "credentials"
        sections = {
            "default": (self.settings.access_key, self.settings.secret_key),
            "unknown-key": ("AKIAUNKNOWNTOEVERYBODY", self.settings.secret_key),
            "wrong-secret": (self.settings.access_key, "not/the/secret"),
        }
        file.write_text(
            "".join(
                f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                for profile, (key, secret) in sections.items()
            )
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
            patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
            patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
            yield

    def fault(self, action: str, **fault: Any) -> None:
        """Order trouble (see faults.Fault)."""
        self.control("POST", "faults", {"action": action, **fault})

    def clear(self) -> None:
        """Forget ordered trouble and call counts; quotas and settings go back to normal."""
        self.control("DELETE", "faults")
        self.control("PUT", "quotas", {"vcpus": 10_000, "pending_snapshots": 100})
        self.control("PUT", "direct", {"empty_pages": False, "completion_seconds": 0.05})

    def calls(self) -> dict[str, int]:
        """How often each action was called since `clear`."""
        counted: dict[str, int] = self.control("GET", "calls")
        return counted

    def write(self, volume: str, index: int, block: bytes) -> None:
        """Write a block into a volume, as its guest would."""
        self._send("PUT", f"volumes/{volume}/blocks/{index}", block)

    def control(self, method: str, what: str, value: Any = None) -> Any:
        """Talk to the control endpoint."""
        return self._send(method, what, json.dumps(value).encode() if value is not None else None)

    def _send(self, method: str, what: str, body: bytes | None) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/_control/{what}",
            data=body,
            method=method,
            headers={"Content-Type": "application/octet-stream"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@contextmanager
def running(folder: Path) -> Iterator[AwsService]:
    """A service of one's own, stopped at the end."""
    settings = Settings(port=free_port(), folder=folder)
    process = start(settings)
    try:
        yield AwsService(settings)
    finally:
        process.terminate()
        process.wait()
        (folder / "blocks").unlink()


@pytest.fixture(scope="session")
def aws_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsService]:
    """One private service for the session."""
    with running(tmp_path_factory.mktemp("aws")) as service:
        yield service


@pytest.fixture
def aws(aws_process: AwsService) -> Iterator[AwsService]:
    """The session's service, without trouble left over from another test."""
    aws_process.clear()
    yield aws_process
    aws_process.clear()
