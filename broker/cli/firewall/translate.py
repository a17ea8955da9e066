"""``interop firewall translate``: a machine's firewalls in the form of another account."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from broker.cli.arguments import AccountName, MachineName
from broker.cli.firewall.guarded import guarded
from broker.cli.run import FAILED, LOSSES, Run


def translate(
    run: Run,
    machine: MachineName,
    target: AccountName,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 when anything is lost.")
    ] = False,
) -> None:
    """Show a machine's rules as another account would have them, what is lost, and the proof."""
    import broker
    from broker import firewall
    from broker.cli.output import print_json, print_table, say

    guard = guarded(run, machine)
    with contextlib.closing(broker.open(target, config=run.config)) as adapter:
        carried = firewall.carry(guard, adapter.limits.firewall)
    if run.json:
        print_json([each.model_dump(mode="json") for each in carried])
    else:
        rows = [
            (
                part.name,
                "" if rule.priority is None else str(rule.priority),
                firewall.in_words(rule),
            )
            for each in carried
            for part in each.parts
            for rule in part.rules
        ]
        print_table(run, ("FIREWALL", "PRIORITY", "RULE"), rows)
        for each in carried:
            say(f"{each.parts[0].name}: {each.proof.text}")
        losses = [loss for each in carried for loss in each.losses]
        if losses:
            told = [(one.field, one.fidelity, one.before, one.after, one.reason) for one in losses]
            print_table(run, ("LOSS", "HOW", "BEFORE", "AFTER", "WHY"), told)
    if any(loss.blocking for each in carried for loss in each.losses):
        raise typer.Exit(FAILED)
    if strict and any(each.proof.verdict is not firewall.Verdict.EQUAL for each in carried):
        raise typer.Exit(LOSSES)
