"""``interop migrate report``: how a plan ended."""

from __future__ import annotations

from broker.cli.migrate.arguments import PlanName
from broker.cli.run import Run


def report(run: Run, plan: PlanName) -> None:
    """Show how the last run of a plan ended, what was lost and what was proved."""
    from broker import migrate
    from broker.cli.output import print_json, say

    found = migrate.last_report(migrate.load(plan).id)
    if run.json:
        print_json(found.model_dump(mode="json"))
        return
    for line in found.text.splitlines():
        say(line)
