"""The folder of one migration: its plan, what it has done so far, its journals and its report."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from broker.disks.journal import doubt
from broker.errors import Conflict
from broker.migrate.document import Plan, load
from broker.migrate.facts import Facts
from broker.migrate.report import Report


def state_home() -> Path:
    """Return where the state of this user's migrations is kept."""
    if given := os.environ.get("INTEROP_STATE_HOME"):
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "interop"


class RunFolder:
    """``migrations/<plan id>/`` under the state home. Files appear whole or not at all."""

    def __init__(self, plan_id: str, state: Path | None = None) -> None:
        self.path = (state or state_home()) / "migrations" / plan_id

    @property
    def plan_path(self) -> Path:
        """Where the plan is."""
        return self.path / "plan.json"

    def plan(self) -> Plan:
        """Return the plan that is kept here; NotFound when none is."""
        return load(self.plan_path)

    def keep(self, plan: Plan) -> None:
        """Keep the plan, so that it can be applied again and undone without its file."""
        if not self.plan_path.exists():
            self._write(self.plan_path, plan)

    def facts(self) -> Facts:
        """Return what was done so far."""
        path = self.path / "facts.json"
        return Facts.model_validate_json(path.read_text()) if path.exists() else Facts()

    def save(self, facts: Facts) -> None:
        """Keep what was done so far."""
        self._write(self.path / "facts.json", facts)

    def report(self) -> Report | None:
        """Return how the last run ended, None when none has."""
        path = self.path / "report.json"
        return Report.model_validate_json(path.read_text()) if path.exists() else None

    def save_report(self, report: Report) -> None:
        """Keep how a run ended."""
        self._write(self.path / "report.json", report)

    def journal(self, token: str) -> Path:
        """Return where the journal of the copy with this token is."""
        return self.path / f"{token}.journal"

    def doubt_copy(self, token: str) -> None:
        """Note that the source of a copy may change: what was read of it is to be read again."""
        doubt(self.journal(token))

    def forget_copy(self, token: str) -> None:
        """Delete what is known of a copy, because the disk it was made into is gone."""
        self.journal(token).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; Conflict, naming the other, when one holds it.

        The lock goes with the process, however that ends.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise Conflict(
                    f"process {file.read().strip()} is working on plan {self.path.name}",
                    hint="Wait until it has ended, or end it",
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _write(self, path: Path, value: BaseModel) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_suffix(".partial")
        with partial.open("w") as file:
            file.write(value.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
