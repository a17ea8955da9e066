"""``interop firewall diff``: what reaches one machine and not another."""

from __future__ import annotations

import typer

from broker.cli.arguments import MachineName
from broker.cli.firewall.guarded import guarded
from broker.cli.run import LOSSES, Run


def diff(run: Run, machine: MachineName, other: MachineName) -> None:
    """Compare what reaches two machines, wherever they are. Exits with 3 where that differs."""
    from broker import firewall
    from broker.cli.output import print_json, say

    found = firewall.diff(guarded(run, machine), guarded(run, other))
    proof = found.proof
    if run.json:
        print_json(found.model_dump(mode="json"))
    else:
        say(f"{found.before} and {found.after}: {proof.verdict}")
        for line in proof.tighter_by:
            say(f"  only {found.before}: {line}")
        for line in proof.wider_by:
            say(f"  only {found.after}: {line}")
        for packet in (proof.stopped, proof.let_in):
            if packet is not None:
                say(f"  for instance: {packet.text}")
        for line in found.platform:
            say(f"  by the platform, {line}")
    if proof.verdict is not firewall.Verdict.EQUAL:
        raise typer.Exit(LOSSES)
