"""Where the service listens, keeps its files, and whom it knows."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 5065
DEFAULT_AZURITE_PORT = 5066


def state_root() -> Path:
    """The folder all test services keep their files under."""
    return Path(os.environ.get("INTEROP_STATE", REPOSITORY / ".state"))


def _port() -> int:
    return int(os.environ.get("INTEROP_AZURE_PORT", DEFAULT_PORT))


def _azurite_port() -> int:
    return int(os.environ.get("INTEROP_AZURITE_PORT", DEFAULT_AZURITE_PORT))


@dataclass(frozen=True)
class Settings:
    """One running service. Its secrets are a test's, known to everybody; they open nothing."""

    host: str = "127.0.0.1"
    port: int = field(default_factory=_port)
    azurite_port: int = field(default_factory=_azurite_port)
    folder: Path = field(default_factory=lambda: state_root() / "azure")
    tenant: str = "11111111-2222-4333-8444-555555555555"
    subscription: str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    resource_group: str = "interop"
    location: str = "westeurope"
    contributor: str = "c0c0c0c0-0000-4000-8000-000000000001"
    reader: str = "4ead4ead-0000-4000-8000-000000000002"
    group_contributor: str = "c0c0c0c0-0000-4000-8000-000000000003"
    secret: str = "interop-tests-secret-known-to-everybody"

    @property
    def endpoint(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def azurite(self) -> str:
        return f"http://{self.host}:{self.azurite_port}"

    @property
    def pid_file(self) -> Path:
        return self.folder / "pid"

    @property
    def azurite_pid_file(self) -> Path:
        return self.folder / "azurite.pid"

    @property
    def log_file(self) -> Path:
        return self.folder / "log"

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"
