"""``interop firewall drift``: whether the firewalls of a plan are still what it made them."""

from __future__ import annotations

import typer

from broker.cli.migrate.arguments import PlanName
from broker.cli.run import LOSSES, Run


def drift(run: Run, plan: PlanName) -> None:
    """Read back the firewalls an applied plan made and compare. Exits with 3 where any differs."""
    from broker import migrate
    from broker.cli.output import print_json, print_table

    found = migrate.drift(migrate.load(plan), config=run.config)
    if run.json:
        print_json([each.model_dump(mode="json") for each in found])
    else:
        print_table(
            run, ("FIREWALL", "ID", "NOW"), [(each.firewall, each.id, each.text) for each in found]
        )
    if not all(each.as_planned for each in found):
        raise typer.Exit(LOSSES)
