"""Proving that a firewall, as the target reads it back, does what the plan says."""

from __future__ import annotations

from broker.adapter import Adapter
from broker.errors import DataMismatch
from broker.firewall import Space, Verdict, compare, in_order, names_in
from broker.migrate.facts import Facts
from broker.migrate.steps import VerifyFirewall
from broker.model import FirewallRule, GroupPeer


def verify_firewall(step: VerifyFirewall, target: Adapter, facts: Facts) -> str:
    """Return the verdict, which is ``equal``; DataMismatch with a packet when it is another."""
    found = target.firewall(facts.firewalls[step.firewall])
    at_source = {there: here for here, there in facts.firewalls.items()}
    rules = [_as_planned(rule, at_source) for rule in found.spec.rules]
    space = Space(names_in([*step.spec.rules, *rules]))
    planned = space.passing(in_order(step.spec.rules))
    proof = compare(space, planned, space.passing(in_order(rules)))
    if proof.verdict is not Verdict.EQUAL:
        packet = proof.let_in or proof.stopped
        assert packet is not None
        raise DataMismatch(
            f"firewall {step.spec.name} ({found.id}) is not what was asked for: {proof.text}; "
            f"for instance {packet.text}",
            hint=f"Look at it: {target.name} may change rules of its own accord",
        )
    return proof.text


def _as_planned(rule: FirewallRule, at_source: dict[str, str]) -> FirewallRule:
    """Name a group as the plan does."""
    if isinstance(rule.peer, GroupPeer) and rule.peer.firewall in at_source:
        peer = GroupPeer(firewall=at_source[rule.peer.firewall])
        return rule.model_copy(update={"peer": peer})
    return rule
