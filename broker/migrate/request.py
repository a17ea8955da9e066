"""Plans that are asked for as data: what one program finds out, another one carries on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from broker.errors import ConfigError
from broker.migrate.document import Plan
from broker.migrate.options import Options
from broker.migrate.verbs import plan
from broker.model import Strict
from broker.reading import validated


class Request(Strict):
    """One machine, ACCOUNT/NAME, and the account it is to go to."""

    machine: str
    target: str
    options: Options = Options()

    def plan(self, *, config: Path | None = None) -> Plan:
        """Return the plan asked for; errors as those of ``broker.migrate.plan``."""
        return plan(self.machine, self.target, config=config, **dict(self.options))


class Requests(Strict):
    """A file of requests."""

    requests: tuple[Request, ...]


def read(path: Path) -> Sequence[Request]:
    """Return the requests of a JSON file; ConfigError names the file and the key at fault."""
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    return validated(Requests, document, str(path)).requests


def write(requests: Sequence[Request], path: Path) -> None:
    """Write a file that ``read`` reads; ConfigError when it cannot be written."""
    text = Requests(requests=tuple(requests)).model_dump_json(indent=2, exclude_defaults=True)
    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
