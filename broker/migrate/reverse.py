"""Taking one step back, by its token: also one that died before it could say what it had made."""

from __future__ import annotations

from typing import assert_never

from broker.errors import NotFound
from broker.migrate.ends import Ends
from broker.migrate.events import PuttingBack
from broker.migrate.facts import Facts
from broker.migrate.removal import remove_made
from broker.migrate.steps import (
    CopyDisks,
    CreateFirewall,
    CreateInstance,
    CreateNetwork,
    LinkFirewall,
    ReleaseDisk,
    Step,
    StopSource,
    UseNetwork,
    VerifyDisk,
    VerifyFirewall,
    VerifyInstance,
)
from broker.model import GroupPeer, Power

LeavesNothing = UseNetwork | VerifyFirewall | VerifyDisk | VerifyInstance | ReleaseDisk


def undo(step: Step, ends: Ends, facts: Facts, token: str) -> None:
    """Take the step back; quiet when there is nothing to take back. May be called twice."""
    if isinstance(step, LeavesNothing):
        return
    ends.watch(PuttingBack(title=step.title))
    match step:
        case CreateNetwork() | CreateFirewall() | CreateInstance():
            remove_made(ends.target, token)
        case CopyDisks():
            for _, own in step.tokens(token):
                remove_made(ends.target, own)
                ends.folder.forget_copy(own)
        case LinkFirewall():
            _unlink(step, ends, facts)
        case StopSource():
            if facts.source_power is Power.RUNNING:
                ends.source.start_instance(step.instance)
        case _:
            assert_never(step)


def _unlink(step: LinkFirewall, ends: Ends, facts: Facts) -> None:
    """Let go of the other firewalls: one that is spoken of cannot be deleted everywhere."""
    firewall = facts.firewalls.get(step.firewall)
    if firewall is None:
        return
    plain = [rule for rule in step.rules if not isinstance(rule.peer, GroupPeer)]
    try:
        ends.target.replace_rules(firewall, plain)
    except NotFound:
        return
