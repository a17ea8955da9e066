"""Where the service listens, keeps its files, and which credentials it knows."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 5055


def state_root() -> Path:
    """The folder all test services keep their files under."""
    return Path(os.environ.get("INTEROP_STATE", REPOSITORY / ".state"))


@dataclass(frozen=True)
class Settings:
    """One running service. The key pair is a test's, known to everybody; it opens nothing."""

    host: str = "127.0.0.1"
    port: int = field(default_factory=lambda: int(os.environ.get("INTEROP_AWS_PORT", DEFAULT_PORT)))
    folder: Path = field(default_factory=lambda: state_root() / "aws")
    region: str = "eu-central-1"
    access_key: str = "AKIAINTEROPTESTSONLY"
    secret_key: str = "interop/tests/secret/known/to/everybody0"

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid_file(self) -> Path:
        return self.folder / "pid"

    @property
    def log_file(self) -> Path:
        return self.folder / "log"
