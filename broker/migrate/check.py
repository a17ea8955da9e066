"""What is looked at before every run of a plan, also of one that goes on."""

from __future__ import annotations

from broker.adapter import LastRun
from broker.errors import ConfigError, Conflict, NotFound, PlanStale, Unsupported
from broker.migrate.document import Plan, SourceEnd
from broker.migrate.ends import Ends
from broker.migrate.facts import Facts, reads_source
from broker.migrate.steps import CopyDisks
from broker.model import Power

SHOWN = 5
"""Changed fields a message names; the rest it counts."""


def check_plan(plan: Plan) -> None:
    """PlanStale when the plan was edited, Unsupported when one of its losses is blocking."""
    plan.check()
    if plan.blocking:
        why = "; ".join(f"{loss.field}: {loss.reason}" for loss in plan.blocking)
        raise Unsupported(
            f"{plan.source.spec.name} cannot move to {plan.target.account}: {why}",
            hint="Change what is in the way, then make a new plan",
        )


def check_source(plan: Plan, ends: Ends, facts: Facts) -> Facts:
    """Return the facts to go on from, now that the source was seen to be what the plan is for.

    PlanStale, naming the fields, when it is not; NotFound when it is gone; Conflict when its state
    forbids the move. What was read from a source that has run since is read once more.
    """
    _check_accounts(plan, ends)
    name = f"{plan.source.account}/{plan.source.spec.name}"
    try:
        instance = ends.source.instance(plan.source.instance)
    except NotFound as error:
        raise NotFound(
            f"the source {name} ({plan.source.instance}) is gone", hint="Make a new plan"
        ) from error
    _check_unchanged(plan, SourceEnd.of(plan.source.account, instance), name)
    power = instance.state.power
    if power not in (Power.RUNNING, Power.STOPPED):
        raise Conflict(
            f"the source {name} is {power} ({instance.state.native})",
            hint="Start or stop it, then apply the plan again",
        )
    if facts.source_power is None:
        return facts.with_source_power(power)
    if plan.stops_source and (power is Power.RUNNING or _ran(ends, instance.id, facts)):
        for index, step in enumerate(plan.steps):
            if isinstance(step, CopyDisks):
                for _, token in step.tokens(plan.token(index)):
                    ends.folder.doubt_copy(token)
        return facts.without(plan.steps, reads_source)
    return facts


def last_run(ends: Ends, instance: str) -> str | None:
    """Return which run of the stopped source its disks are from, None where nobody can tell."""
    return ends.source.last_run(instance) if isinstance(ends.source, LastRun) else None


def _ran(ends: Ends, instance: str, facts: Facts) -> bool:
    """Tell whether the source was started, and stopped again, since it was stopped for the copy."""
    return facts.last_run is not None and last_run(ends, instance) != facts.last_run


def _check_accounts(plan: Plan, ends: Ends) -> None:
    for adapter, account in (
        (ends.source, plan.source.account),
        (ends.target, plan.target.account),
    ):
        if adapter.name != account:
            raise ConfigError(f"the plan is for account {account}, not {adapter.name}")


def _check_unchanged(plan: Plan, now: SourceEnd, name: str) -> None:
    if now.fingerprint == plan.fingerprint:
        return
    changes = plan.source.changes(now)
    more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    raise PlanStale(
        f"the source {name} changed since the plan was made: {'; '.join(changes[:SHOWN])}{more}",
        hint="Make a new plan: interop migrate plan",
    )
