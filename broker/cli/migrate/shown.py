"""A plan as people read it before they agree to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.cli import words
from broker.cli.output import print_table, say

if TYPE_CHECKING:
    from broker.cli.run import Run
    from broker.migrate import Plan


def show_plan(run: Run, plan: Plan) -> None:
    """Print what moves where, what is lost, the size taken with its reason, and the steps."""
    source = f"{plan.source.account}/{plan.source.spec.name}"
    say(f"{source} ({plan.source.instance}) -> {plan.target.account}/{plan.target.name}")
    say(f"plan {plan.id}")
    say("")
    _losses(run, plan)
    say("")
    _size(plan)
    say("")
    print_table(
        run,
        ("STEP", "WHAT"),
        [(str(number), step.title) for number, step in enumerate(plan.steps, 1)],
    )


def _losses(run: Run, plan: Plan) -> None:
    if not plan.losses:
        say("Nothing is lost.")
        return
    print_table(
        run,
        ("LOSS", "HOW", "BEFORE", "AFTER", "WHY"),
        [
            (
                loss.field,
                f"{loss.fidelity}, BLOCKING" if loss.blocking else loss.fidelity,
                loss.before,
                loss.after,
                loss.reason,
            )
            for loss in plan.losses
        ],
    )


def _size(plan: Plan) -> None:
    choice = plan.target.size
    told = f"size: {words.size(choice.size, choice.offer)}: {choice.reason}"
    if choice.price_per_hour:
        told += f"; {choice.price_per_hour.amount} {choice.price_per_hour.currency} an hour"
    if choice.runner_up:
        told += f"; second: {choice.runner_up}"
    say(told)
