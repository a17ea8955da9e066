"""What each rule of a firewall does, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Network

from broker.firewall.guard import Guard, stale_peer, unknown_peer
from broker.firewall.needless import standings
from broker.firewall.space import Space, in_order, names_in, peer_name
from broker.firewall.wording import in_words
from broker.model import CidrPeer, Firewall, FirewallRule, GroupPeer, Strict

MAPPED = IPv6Network("::ffff:0:0/96")


class Explained(Strict):
    """One rule, in the order rules are asked, and what is to be said of it; empty when nothing."""

    firewall: str
    rule: FirewallRule
    text: str
    findings: tuple[str, ...]


def explain(guard: Guard) -> tuple[Explained, ...]:
    """Return every rule of every firewall around a machine with what is odd about it."""
    cycles = _cycles(guard.firewalls)
    return tuple(
        each for firewall in guard.firewalls for each in _explained(guard, firewall, cycles)
    )


def _explained(guard: Guard, firewall: Firewall, cycles: Iterable[str]) -> Iterable[Explained]:
    rules = in_order(firewall.spec.rules)
    space = Space(names_in([*rules, *guard.defaults]), guard.known)
    found = standings(space, rules, guard.defaults)
    for index, (rule, standing) in enumerate(zip(rules, found, strict=True), 1):
        findings = [*_odd(guard, rule)]
        before = ", ".join(str(one + 1) for one in standing.overlapped)
        if standing.shadowed:
            findings.insert(0, f"never the first to match: shadowed by rule {before}")
        elif standing.needless:
            findings.insert(0, "needless: without it the same would pass")
        elif standing.overlapped:
            findings.insert(0, f"in part decided otherwise by rule {before}")
        if isinstance(rule.peer, GroupPeer) and rule.peer.firewall in cycles:
            findings.append("the groups speak of each other: they let in members, not rules")
        number = f" (priority {rule.priority})" if rule.priority is not None else ""
        yield Explained(
            firewall=firewall.spec.name,
            rule=rule,
            text=f"{index}. {in_words(rule)}{number}",
            findings=tuple(findings),
        )


def _odd(guard: Guard, rule: FirewallRule) -> list[str]:
    if stale_peer(guard, rule):
        return [f"stale: there is no {peer_name(rule.peer)} in this account"]
    if isinstance(rule.peer, GroupPeer) and unknown_peer(guard, rule):
        return [f"{peer_name(rule.peer)} has no member here"]
    if unknown_peer(guard, rule):
        return [f"unknown: what is in {peer_name(rule.peer)} cannot be read here"]
    name = peer_name(rule.peer)
    if name is not None and not any(
        f"ipv{one.version}" == rule.family for one in guard.known[name]
    ):
        return [f"{name} has no member of this family"]
    cidr = rule.peer.cidr if isinstance(rule.peer, CidrPeer) else None
    if isinstance(cidr, IPv6Network) and cidr.subnet_of(MAPPED):
        return ["IPv4 addresses in IPv6 form are never on the wire: it matches nothing"]
    return []


def _cycles(firewalls: Sequence[Firewall]) -> set[str]:
    """Return the firewalls that speak of others which, in the end, speak of them."""
    speaks = {
        firewall.id: {
            rule.peer.firewall for rule in firewall.spec.rules if isinstance(rule.peer, GroupPeer)
        }
        - {firewall.id}
        for firewall in firewalls
    }
    found = set()
    for start in speaks:
        reached: set[str] = set()
        ahead = [start]
        while ahead:
            for each in speaks.get(ahead.pop(), ()):
                if each not in reached:
                    reached.add(each)
                    ahead.append(each)
        if start in reached:
            found.add(start)
    return found
