"""``interop firewall explain``: every rule, and what is odd about it."""

from __future__ import annotations

from broker.cli.arguments import MachineName
from broker.cli.firewall.guarded import guarded
from broker.cli.run import Run


def explain(run: Run, machine: MachineName) -> None:
    """Show every rule in the order they are asked: shadowed, needless, stale ones are told."""
    from broker import firewall
    from broker.cli.output import print_json, print_table

    explained = firewall.explain(guarded(run, machine))
    if run.json:
        print_json([each.model_dump(mode="json") for each in explained])
        return
    print_table(
        run,
        ("FIREWALL", "RULE", "DESCRIPTION", "FINDINGS"),
        [
            (each.firewall, each.text, each.rule.description, "; ".join(each.findings))
            for each in explained
        ],
    )
