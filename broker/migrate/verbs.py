"""Plan, apply, undo: what people and programs call."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from broker import registry
from broker.adapter import Adapter
from broker.engine import inline
from broker.errors import BrokerError, NotFound
from broker.machine import parse, pick
from broker.migrate import document
from broker.migrate.check import check_plan, check_source
from broker.migrate.document import Plan
from broker.migrate.ends import Ends
from broker.migrate.events import Watch, unwatched
from broker.migrate.folder import RunFolder
from broker.migrate.look import look
from broker.migrate.make import make
from broker.migrate.options import Options
from broker.migrate.outcome import ended
from broker.migrate.proving import Drift, drifted
from broker.migrate.putback import put_back, undo_all
from broker.migrate.report import Report

Opened = Mapping[str, Adapter]
"""Adapters that are open already, by account; others are opened from the accounts file."""


def plan(
    machine: str,
    target: str,
    *,
    name: str | None = None,
    network: str | None = None,
    networks: Mapping[str, str] | None = None,
    size: str | None = None,
    keep_running: bool = False,
    allow_smaller: bool = False,
    console: str | None = None,
    config: Path | None = None,
    opened: Opened | None = None,
) -> Plan:
    """Return the plan to move ``ACCOUNT/NAME`` (or ``ACCOUNT/ID``) to the account ``target``.

    Changes nothing. ConfigError, NotFound and Conflict when the request cannot be; what the target
    cannot hold is in ``Plan.losses``, and a blocking one forbids to apply the plan.
    """
    account, wanted = parse(machine)
    options = Options(
        name=name,
        network=network,
        networks=networks or {},
        size=size,
        keep_running=keep_running,
        allow_smaller=allow_smaller,
        console=console,
    )
    with ExitStack() as stack:
        source = _open(account, stack, config, opened)
        there = _open(target, stack, config, opened)
        # A listing may leave out what takes a call per machine, such as user data.
        instance = source.instance(pick(source.instances(), wanted, account).id)
        asked = {*options.networks.values(), *([network] if network else [])}
        seen = look(source, there, instance, wanted=asked)
    return make(seen, options, nonce=secrets.token_hex(4), made_at=datetime.now(UTC))


def apply(
    plan: Plan,
    *,
    progress: Watch = unwatched,
    config: Path | None = None,
    opened: Opened | None = None,
    state: Path | None = None,
) -> Report:
    """Do what the plan says and return what came of it; a finished plan changes nothing.

    After an error or Ctrl-C the source is as it was and the target is clean, but for the disks
    copied so far: the error's notes name them, and applying the same plan goes on from there. So
    it does after a kill. Any broker error, PlanStale when the source is not what was planned for.
    """
    check_plan(plan)
    with _ends(plan, progress, config, opened, state) as ends:
        ends.folder.keep(plan)
        facts = ends.folder.facts()
        earlier = ends.folder.report()
        if earlier is not None and earlier.status == "done":
            return earlier
        try:
            facts = check_source(plan, ends, facts)
        except BrokerError as error:
            if facts.done:
                error.add_note(f"what this plan has made is there: interop migrate undo {plan.id}")
            raise
        ends.folder.save(facts)
        try:
            facts = inline.run(plan, ends, facts, ends.folder.save)
        except BaseException as error:
            aftermath = put_back(plan, ends, ends.folder.facts())
            report = ended(plan, ends, ends.folder.facts(), "failed", aftermath, error)
            ends.folder.save(aftermath.facts)
            ends.folder.save_report(report)
            for line in report.aftermath:
                error.add_note(line)
            raise
        report = ended(plan, ends, facts, "done")
        ends.folder.save_report(report)
        return report


def undo(
    plan: Plan,
    *,
    progress: Watch = unwatched,
    config: Path | None = None,
    opened: Opened | None = None,
    state: Path | None = None,
) -> Report:
    """Delete all that the plan made, copied disks too, start the source if it ran; return the rest.

    May be called twice, and for a plan that was never applied. ``Report.leftovers`` names what
    could not be removed.
    """
    plan.check()
    with _ends(plan, progress, config, opened, state) as ends:
        facts = ends.folder.facts()
        aftermath = undo_all(plan, ends, facts)
        report = ended(plan, ends, facts, "undone", aftermath)
        ends.folder.save(aftermath.facts)
        ends.folder.save_report(report)
        return report


def drift(
    plan: Plan,
    *,
    config: Path | None = None,
    opened: Opened | None = None,
    state: Path | None = None,
) -> tuple[Drift, ...]:
    """Return how the firewalls that a plan made are now; changes nothing.

    NotFound when the plan was never applied here, or has been undone.
    """
    plan.check()
    facts = RunFolder(plan.id, state).facts()
    if not facts.firewalls:
        raise NotFound(
            f"plan {plan.id} has made no firewall that is still there",
            hint="Apply it first: interop migrate apply",
        )
    with ExitStack() as stack:
        target = _open(plan.target.account, stack, config, opened)
        return tuple(drifted(plan, target, facts))


def load(path: Path | str, *, state: Path | None = None) -> Plan:
    """Return the plan in a file, or, by its id, one that was applied here.

    NotFound, Invalid or PlanStale when there is none, it cannot be read, or it was edited.
    """
    kept = RunFolder(str(path), state)
    if not Path(path).exists() and "/" not in str(path) and kept.plan_path.exists():
        return kept.plan()
    return document.load(path)


def last_report(plan_id: str, *, state: Path | None = None) -> Report:
    """Return how the last run of a plan ended; NotFound when it was never run here."""
    found = RunFolder(plan_id, state).report()
    if found is None:
        raise NotFound(
            f"no run of plan {plan_id} has ended here", hint="Apply it: interop migrate apply"
        )
    return found


@contextmanager
def _ends(
    plan: Plan, watch: Watch, config: Path | None, opened: Opened | None, state: Path | None
) -> Iterator[Ends]:
    folder = RunFolder(plan.id, state)
    with ExitStack() as stack:
        stack.enter_context(folder.locked())
        yield Ends(
            source=_open(plan.source.account, stack, config, opened),
            target=_open(plan.target.account, stack, config, opened),
            folder=folder,
            watch=watch,
        )


def _open(account: str, stack: ExitStack, config: Path | None, opened: Opened | None) -> Adapter:
    if opened and account in opened:
        return opened[account]
    adapter = registry.open(account, config=config)
    stack.callback(adapter.close)
    return adapter
