"""The engine without an engine: a loop in this process."""

from __future__ import annotations

import time
from collections.abc import Callable

from broker.migrate.document import Plan
from broker.migrate.ends import Ends
from broker.migrate.events import StepFinished, StepStarted
from broker.migrate.facts import Facts
from broker.migrate.run import run as run_step


def run(plan: Plan, ends: Ends, facts: Facts, save: Callable[[Facts], None]) -> Facts:
    """Do the steps that have not ended yet, saving the facts after each, and return them all."""
    total = len(plan.steps)
    for index, step in enumerate(plan.steps):
        if facts.has(index):
            continue
        ends.watch(StepStarted(step=step, number=index + 1, total=total))
        began = time.monotonic()
        facts = run_step(step, ends, facts, plan.token(index))
        seconds = time.monotonic() - began
        facts = facts.with_done(index, seconds)
        save(facts)
        ends.watch(StepFinished(step=step, number=index + 1, total=total, seconds=seconds))
    return facts
