"""A private service for tests: on free ports, with its own folder, ended with the test session."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from broker.adapter import Account
from tests.services.azure import azurite
from tests.services.azure.__main__ import start
from tests.services.azure.settings import Settings
from tests.services.process import free_port
from tests.services.require import missing

CONTROL_SECONDS = 30.0
# who `environment` can make the SDK's own chain find: client id and secret, by role
PRINCIPALS = ("contributor", "reader", "group-contributor", "wrong-secret", "unknown-client")


class AzureService:
    """A running service, and the strings that move it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.endpoint = settings.endpoint
        self.subscription = settings.subscription
        self.resource_group = settings.resource_group
        self.location = settings.location
        self.trust = ssl.create_default_context(cafile=str(settings.certificate))
        self._one_at_a_time = threading.Lock()
        self._connection = HTTPSConnection(
            settings.host, settings.port, timeout=CONTROL_SECONDS, context=self.trust
        )

    def account(self, name: str = "azure", **settings: str) -> Account:
        """An account of this service; its credentials are found where `environment` put them."""
        told = {
            "subscription": self.subscription,
            "resource_group": self.resource_group,
            "location": self.location,
            "tenant": self.settings.tenant,
            "endpoint": self.endpoint,
            "authority": self.endpoint,
            "ca_file": str(self.settings.certificate),
            **settings,
        }
        return Account(name=name, kind="azure", settings=told)

    @contextmanager
    def environment(self, principal: str = "contributor") -> Iterator[None]:
        """While entered, the SDK's own chain finds this principal, one of PRINCIPALS."""
        client, secret = self.credentials(principal)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AZURE_TENANT_ID", self.settings.tenant)
            patch.setenv("AZURE_CLIENT_ID", client)
            patch.setenv("AZURE_CLIENT_SECRET", secret)
            yield

    def credentials(self, principal: str) -> tuple[str, str]:
        """Client id and secret of one of PRINCIPALS."""
        settings = self.settings
        return {
            "contributor": (settings.contributor, settings.secret),
            "reader": (settings.reader, settings.secret),
            "group-contributor": (settings.group_contributor, settings.secret),
            "wrong-secret": (settings.contributor, "not-the-secret"),
            "unknown-client": ("00000000-0000-4000-8000-000000000000", settings.secret),
        }[principal]

    def credential(self, principal: str = "contributor", tenant: str = "") -> Any:
        """An unmodified credential of azure-identity."""
        from azure.identity import ClientSecretCredential

        client, secret = self.credentials(principal)
        return ClientSecretCredential(
            tenant or self.settings.tenant,
            client,
            secret,
            authority=self.endpoint,
            disable_instance_discovery=True,
            connection_verify=str(self.settings.certificate),
        )

    def client(self, kind: type[Any], principal: str = "contributor", **different: Any) -> Any:
        """An unmodified management client: client(NetworkManagementClient)."""
        return kind(
            self.credential(principal),
            self.subscription,
            **{
                "base_url": self.endpoint,
                "connection_verify": str(self.settings.certificate),
                # the tests order what goes wrong, and want to see it
                "retry_total": 0,
                **different,
            },
        )

    def fault(self, action: str, **fault: Any) -> None:
        """Order trouble (see arm/faults.py)."""
        self.control("POST", "faults", {"action": action, **fault})

    def limit(self, **limits: Any) -> None:
        """Change pace, pages, quotas, sizes on offer (see arm/limits.py)."""
        self.control("PUT", "limits", limits)

    def clear(self) -> None:
        """Forget resources, ordered trouble and call counts; limits go back to normal."""
        self.control("DELETE", "everything")

    def calls(self) -> dict[str, int]:
        """How often each action was called since `clear`."""
        counted: dict[str, int] = self.control("GET", "calls")
        return counted

    def write(self, disk: str, offset: int, data: bytes) -> None:
        """Write into the disk with this id, as its guest would."""
        told = {"offset": offset, "data": base64.b64encode(data).decode()}
        self.control("POST", f"bytes{disk}", told)

    def read(self, disk: str, offset: int, length: int) -> bytes:
        """What is in the disk or snapshot with this id."""
        told = self.control("POST", f"bytes{disk}", {"offset": offset, "length": length})
        return base64.b64decode(told["data"])

    def control(self, method: str, what: str, value: Any = None) -> Any:
        """Talk to the control endpoint."""
        body = json.dumps(value).encode() if value is not None else None
        with self._one_at_a_time:
            self._connection.request(method, f"/_control/{what}", body)
            answer = self._connection.getresponse()
            told = json.loads(answer.read())
        if answer.status != HTTPStatus.OK:
            raise ValueError(told["error"])
        return told

    def close(self) -> None:
        """Let go of the connection; the next use opens a new one."""
        self._connection.close()


@contextmanager
def running(folder: Path) -> Iterator[AzureService]:
    """A service of one's own, with its Azurite, both stopped at the end."""
    settings = Settings(port=free_port(), azurite_port=free_port(), folder=folder)
    started = [azurite.start(settings)]
    try:
        started.append(start(settings))
        with closing(AzureService(settings)) as service:
            yield service
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def azure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureService]:
    """One private service for the session."""
    try:
        azurite.install()
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        missing("azure", f"Azurite cannot be installed ({error})")
    with running(tmp_path_factory.mktemp("azure")) as service:
        yield service


@pytest.fixture
def azure(azure_process: AzureService) -> Iterator[AzureService]:
    """The session's service, empty and without trouble left over from another test."""
    azure_process.clear()
    yield azure_process
    azure_process.clear()
