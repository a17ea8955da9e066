"""Writing down how a run ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from broker.errors import BrokerError
from broker.migrate.document import Plan
from broker.migrate.ends import Ends
from broker.migrate.facts import Facts
from broker.migrate.folder import RunFolder
from broker.migrate.putback import Aftermath
from broker.migrate.report import DiskReport, Report, StepReport
from broker.migrate.steps import CopyDisks
from broker.model import Power

Status = Literal["done", "failed", "undone"]


def ended(
    plan: Plan,
    ends: Ends,
    facts: Facts,
    status: Status,
    aftermath: Aftermath | None = None,
    error: BaseException | None = None,
) -> Report:
    """Return the report of a run that came to ``status``; ``facts`` are those before any undo."""
    leftovers = aftermath.leftovers if aftermath else facts.leftovers
    return Report(
        plan=plan.id,
        status=status,
        error=_in_words(error),
        ended_at=datetime.now(UTC),
        source=f"{plan.source.account}/{plan.source.spec.name}",
        source_id=plan.source.instance,
        source_power=_power(plan, ends),
        target=f"{plan.target.account}/{plan.target.name}",
        target_id=facts.instance if status == "done" else None,
        seen=facts.seen,
        losses=plan.losses,
        steps=tuple(
            StepReport(title=plan.steps[done.step].title, seconds=done.seconds)
            for done in facts.done
        ),
        disks=tuple(_disks(plan, ends, facts)) if status != "undone" else (),
        firewalls=facts.proofs if status != "undone" else {},
        kept=aftermath.kept if aftermath else (),
        leftovers=leftovers,
        how_to_go_on=_how_to_go_on(plan, ends.folder, status, clean=not leftovers),
    )


def _disks(plan: Plan, ends: Ends, facts: Facts) -> list[DiskReport]:
    theirs = _volumes_there(plan, ends, facts)
    return [
        DiskReport(
            name=disk.name,
            volume=disk.volume,
            disk=theirs.get(disk.volume, copied.disk),
            source_size=copied.source_size,
            size=copied.size,
            read=copied.read,
            sent=copied.sent,
            skipped=copied.skipped,
            source_root=copied.root,
            target_root=facts.read_back.get(disk.volume),
        )
        for step in plan.steps
        if isinstance(step, CopyDisks)
        for disk in step.disks
        if (copied := facts.copied.get(disk.volume))
    ]


def _volumes_there(plan: Plan, ends: Ends, facts: Facts) -> dict[str, str]:
    """Return the machine's own volumes; none when there is no machine or it cannot be asked."""
    if facts.instance is None:
        return {}
    try:
        there = ends.target.instance(facts.instance)
    except BrokerError:
        return {}
    return dict(zip(plan.source.volumes, there.volumes, strict=False))


def _power(plan: Plan, ends: Ends) -> Power:
    """Return what the source does now; UNKNOWN when it cannot be asked: the report must be made."""
    try:
        return ends.source.instance(plan.source.instance).state.power
    except BrokerError:
        return Power.UNKNOWN


def _in_words(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) or type(error).__name__


def _how_to_go_on(plan: Plan, folder: RunFolder, status: Status, *, clean: bool) -> str:
    undo = f"interop migrate undo {plan.id}"
    match status:
        case "done":
            return f"to go back: {undo} deletes the new machine and starts the source if it ran"
        case "failed":
            return f"to go on: interop migrate apply {folder.plan_path}; to give up: {undo}"
        case "undone" if not clean:
            return f"to take back the rest: {undo}"
        case "undone":
            return f"to try again: interop migrate apply {folder.plan_path}"
