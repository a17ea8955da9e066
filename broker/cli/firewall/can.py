"""``interop firewall can``: whether one packet passes."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.arguments import MachineName
from broker.cli.firewall.guarded import guarded
from broker.cli.run import LOSSES, Run


def can(
    run: Run,
    machine: MachineName,
    packet: Annotated[
        list[str],
        typer.Argument(metavar="PACKET", help="For instance: tcp/443 from 203.0.113.7"),
    ],
) -> None:
    """Say whether a connection can be opened, and which rule decides. Exits with 3 for no."""
    from broker import firewall
    from broker.cli.output import print_json, say

    asked = firewall.Packet.parse(" ".join(packet))
    answer = firewall.can(guarded(run, machine), asked)
    if run.json:
        print_json(answer.model_dump(mode="json"))
    else:
        say(answer.text)
        for reason in answer.reasons:
            say(f"  nic {reason.card}, {reason.point}: {reason.text}")
    if not answer.allowed:
        raise typer.Exit(LOSSES)
