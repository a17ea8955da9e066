"""Proving that firewalls, as the target reads them back, do what the plan says: then, and later."""

from __future__ import annotations

from collections.abc import Iterator

from broker.adapter import Adapter
from broker.errors import DataMismatch, NotFound
from broker.firewall import Proof, Verdict, drift
from broker.migrate.document import Plan
from broker.migrate.facts import Facts
from broker.migrate.steps import CreateInstance, VerifyFirewall
from broker.model import Firewall, FirewallRule, GroupPeer, Strict


class Drift(Strict):
    """How one firewall of an applied plan is now. ``proof`` is None where it is not there."""

    firewall: str
    id: str
    proof: Proof | None
    text: str

    @property
    def as_planned(self) -> bool:
        """Whether it is worn as planned and does what the plan says."""
        return self.text == Verdict.EQUAL


def verify_firewall(step: VerifyFirewall, target: Adapter, facts: Facts) -> str:
    """Return the verdict, which is ``equal``; DataMismatch with a packet when it is another."""
    found = target.firewall(facts.firewalls[step.firewall])
    proof = _proof(step, found, facts)
    if proof.verdict is not Verdict.EQUAL:
        packet = proof.let_in or proof.stopped
        assert packet is not None
        raise DataMismatch(
            f"firewall {step.spec.name} ({found.id}) is not what was asked for: {proof.text}; "
            f"for instance {packet.text}",
            hint=f"Look at it: {target.name} may change rules of its own accord",
        )
    return proof.text


def drifted(plan: Plan, target: Adapter, facts: Facts) -> Iterator[Drift]:
    """Yield how each firewall that the plan made, and that is not undone, is now."""
    bare = set(_not_worn(plan, target, facts))
    for step in plan.steps:
        if not isinstance(step, VerifyFirewall) or step.firewall not in facts.firewalls:
            continue
        known_as, name = facts.firewalls[step.firewall], step.spec.name
        try:
            found = target.firewall(known_as)
        except NotFound:
            yield Drift(firewall=name, id=known_as, proof=None, text="gone")
            continue
        proof = _proof(step, found, facts)
        text = proof.text
        if known_as in bare:
            text = f"taken off the machine; its rules are {text}"
        if step.spec.subnet is not None and not found.attached:
            text = f"taken off the subnet; its rules are {text}"
        yield Drift(firewall=name, id=known_as, proof=proof, text=text)


def _proof(step: VerifyFirewall, found: Firewall, facts: Facts) -> Proof:
    at_source = {there: here for here, there in facts.firewalls.items()}
    return drift([_as_planned(rule, at_source) for rule in found.spec.rules], step.spec.rules)


def _as_planned(rule: FirewallRule, at_source: dict[str, str]) -> FirewallRule:
    """Name a group as the plan does."""
    if isinstance(rule.peer, GroupPeer) and rule.peer.firewall in at_source:
        peer = GroupPeer(firewall=at_source[rule.peer.firewall])
        return rule.model_copy(update={"peer": peer})
    return rule


def _not_worn(plan: Plan, target: Adapter, facts: Facts) -> Iterator[str]:
    """Yield the firewalls that a card of the machine should wear and does not."""
    if facts.instance is None:
        return
    try:
        cards = target.instance(facts.instance).nics
    except NotFound:
        return
    for step in plan.steps:
        if isinstance(step, CreateInstance):
            for wanted, card in zip(step.spec.nics, cards, strict=False):
                ids = {facts.firewalls[one] for one in wanted.firewalls}
                yield from ids - set(card.spec.firewalls)
