"""What a translated firewall lost, rule by rule, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from broker.firewall.budget import firewalls_needed, room
from broker.firewall.case import Case
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import connections
from broker.firewall.proof import Proof, told
from broker.firewall.rewrite import reasons
from broker.firewall.service import MOST
from broker.firewall.space import peer_name
from broker.firewall.wording import in_words
from broker.model import Action, Fidelity, FirewallRule, FirewallSpec, Loss

TOLD = 5
"""Services of a rule that are told; the rest is counted."""


UNTOLD = "the target cannot tell these packets from others that are denied"


def of_rules(case: Case, lets: Node) -> Iterator[Loss]:
    """Yield a loss for each rule that lets less through on the target, which ``lets`` these."""
    diagrams = case.space.diagrams
    lost = case.judged(diagrams.but_not(case.before, lets))
    for index, rule in enumerate(case.rules):
        if lost is NOTHING:
            return
        if rule.action is not Action.ALLOW:
            continue
        own = case.space.passing([rule])
        if diagrams.both(own, lost) is NOTHING:
            continue
        lost = diagrams.but_not(lost, own)
        why = reasons(rule, case.limits, case.peers, case.known) or [
            *_families(case, rule),
            *_around(case, own),
            *_denies(case, index),
        ]
        yield Loss(
            field=_field(case, rule),
            fidelity=Fidelity.TIGHTENED,
            before=in_words(rule),
            after=_some(told(case.space, diagrams.both(own, lets))),
            reason="; ".join(why) or UNTOLD,
        )


def _families(case: Case, rule: FirewallRule) -> list[str]:
    if not case.limits.peers_in_all_families or peer_name(rule.peer) not in case.peers:
        return []
    return [f"a rule for {peer_name(rule.peer)} would be for all families of the target's network"]


def _denies(case: Case, index: int) -> list[str]:
    """Return why what earlier rules deny had to become more."""
    why = [
        reason
        for rule in case.rules[:index]
        if rule.action is Action.DENY
        for reason in reasons(rule, case.limits, case.peers, case.known)
    ]
    return [f"more is denied before it: {reason}" for reason in dict.fromkeys(why)]


def _around(case: Case, own: Node) -> list[str]:
    """Return why packets of a rule do not come past what stands around the target's cards."""
    passing = connections(case.space, [], case.there)
    if case.space.diagrams.but_not(own, passing) is NOTHING:
        return []
    forgets = any(not each.stateful for layer in case.there.layers for each in layer.firewalls)
    return [
        "what stands around the target's subnet stops them"
        + (", or their answers: it looks at each packet by itself" if forgets else "")
    ]


def of_references(case: Case) -> Iterator[Loss]:
    """Yield a loss for each rule whose peer is now a list of addresses that nobody keeps up.

    None where others decide the same, nor for a provider's default that has no member to let in.
    """
    for rule in case.rules:
        name = peer_name(rule.peer)
        if name is not None and name in case.known and rule.action is Action.ALLOW:
            there = [str(one) for one in case.known[name] if f"ipv{one.version}" == rule.family]
            if rule not in case.deciding or not (there or rule in case.places):
                continue
            yield Loss(
                field=_field(case, rule),
                fidelity=Fidelity.UNCHECKED if there else Fidelity.TIGHTENED,
                before=in_words(rule),
                after=_some(tuple(there)),
                reason=f"{name} is not on the target: the addresses of today's members are let "
                "in, and have to follow when members change"
                if there
                else f"{name} is not on the target and has no member of this family",
            )


def of_state(case: Case) -> Iterator[Loss]:
    """Yield a loss where answers were asked for by rules and are let through unasked now."""
    if not case.spec.stateful and not case.forgets:
        rules = case.space.passing(case.rules)
        same = rules is case.before
        yield Loss(
            field=f"firewalls.{case.spec.name}.stateful",
            fidelity=Fidelity.EXACT if same else Fidelity.TIGHTENED,
            before="looks at each packet by itself",
            after="lets answers through",
            reason="the target remembers connections: those can be opened whose answers passed",
        )


def of_form(
    case: Case, parts: Sequence[FirewallSpec], around: FirewallSpec | None, *, own: bool
) -> Iterator[Loss]:
    """Tell that the rules look different on the target, or are at several places."""
    count = sum(len(part.rules) for part in parts)
    if (own and len(parts) == 1) or not count:
        return
    after = _rules(count)
    reason = "the fewest rules of the target that say it"
    if len(parts) > 1:
        after += f" in {len(parts)} firewalls"
    if around is not None:
        denies = sum(rule.action is Action.DENY for rule in around.rules)
        after += f" on the cards, {denies} denies around the subnet"
        reason = "as rules that only allow it would be too many for one firewall; all machines "
        reason += "that join the subnet later are behind these denies too"
    yield Loss(
        field=f"firewalls.{case.spec.name}.rules",
        fidelity=Fidelity.EXACT,
        before=_rules(len(case.spec.rules)),
        after=after,
        reason=reason,
    )


def of_budget(case: Case, rules: Sequence[FirewallRule], *, one: bool) -> Iterator[Loss]:
    """Yield a blocking loss where the target has no room for the rules."""
    needed = firewalls_needed(rules, case.limits)
    most = 1 if one else case.limits.groups_per_nic
    if most is None or needed <= most:
        return
    yield Loss(
        field=f"firewalls.{case.spec.name}.rules",
        fidelity=Fidelity.DROPPED,
        before=_rules(len(rules)),
        after=f"room for {room(case.limits)} a direction in {most} firewalls",
        reason="the target has no room for so many rules: allow wider ranges at the source, or "
        "deny single addresses somewhere else",
        blocking=True,
    )


def endless(case: Case) -> Loss:
    """Return the blocking loss of a firewall that takes more rules than can be made."""
    return Loss(
        field=f"firewalls.{case.spec.name}.rules",
        fidelity=Fidelity.DROPPED,
        before=_rules(len(case.spec.rules)),
        after=f"over {MOST:,} rules",
        reason="the target would need so many to say the same: name fewer single ports and ICMP "
        "codes at the source, or allow and deny wider ranges",
        blocking=True,
    )


def of_proof(case: Case, proof: Proof) -> Iterator[Loss]:
    """Yield a blocking loss should the target let more through: then nothing is made."""
    if not proof.never_wider:
        yield Loss(
            field=f"firewalls.{case.spec.name}",
            fidelity=Fidelity.APPROXIMATED,
            before="",
            after=_some(proof.wider_by),
            reason="the target would let these packets through, the source does not",
            blocking=True,
        )


def _rules(count: int) -> str:
    return f"{count} rule{'' if count == 1 else 's'}"


def _field(case: Case, rule: FirewallRule) -> str:
    field = f"firewalls.{case.spec.name}"
    place = case.places.get(rule)
    if place is not None:
        return f"{field}.rules[{place}]"
    return f"{field}.defaults"


def _some(lines: tuple[str, ...]) -> str:
    more = len(lines) - TOLD
    return "; ".join(lines[:TOLD]) + (f"; and {more} more" if more > 0 else "")
