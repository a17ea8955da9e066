"""A source's own rules in the words of a target, one by one: allows shrink, denies grow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from broker.adapter import FirewallLimits
from broker.firewall.sayable import ICMP_OF
from broker.firewall.space import Network, peer_name
from broker.firewall.wording import WITH_TYPES
from broker.model import EVERYONE, Action, CidrPeer, Family, FirewallRule, Peer


def rewritten(
    rules: Iterable[FirewallRule],
    limits: FirewallLimits,
    peers: Mapping[str, Peer],
    partly: Collection[str],
    known: Mapping[str, Sequence[Network]],
) -> list[FirewallRule]:
    """Return what the target can say of each rule: an allow in part or not at all, a deny in full.

    ``peers`` are those rules may name, ``known`` the addresses of others. A deny from one that has
    fewer members there (``partly``) becomes one from everyone. A deny is left out where the target
    has none: whether that matters shows in what the whole lets through.
    """
    whole = {name: peer for name, peer in peers.items() if name not in partly}
    said: list[FirewallRule] = []
    for rule in rules:
        own = reasons(rule, limits, peers, known)
        if rule.action is Action.ALLOW:
            said.extend([] if own else _spelled(rule, peers, known))
        elif limits.denies:
            said.extend(_spelled(_wider(rule, limits), whole, known))
    return list(dict.fromkeys(said))


def in_all_families(
    rules: Iterable[FirewallRule], limits: FirewallLimits, families: Collection[Family]
) -> list[FirewallRule]:
    """Return rules for each family that a target's network speaks where those for names are so."""
    if not limits.peers_in_all_families:
        return list(rules)
    said = (
        [rule]
        if isinstance(rule.peer, CidrPeer)
        else [rule.model_copy(update={"family": each}) for each in Family if each in families]
        for rule in rules
    )
    return list(dict.fromkeys(rule for each in said for rule in each))


def reasons(
    rule: FirewallRule,
    limits: FirewallLimits,
    peers: Mapping[str, Peer],
    known: Mapping[str, Sequence[Network]],
) -> list[str]:
    """Return why the target cannot say a rule as it is; empty when it can."""
    found = []
    name = peer_name(rule.peer)
    if name is not None and name not in peers and name not in known:
        found.append(f"{name} is not on the target, nor are its members known")
    if rule.source_ports and not limits.source_ports:
        found.append("the target's rules have no source ports")
    if not _has_protocol(rule, limits):
        found.append(f"the target's rules have no protocol {rule.protocol}")
    if rule.ports and rule.protocol not in limits.port_protocols:
        found.append(f"the target's rules have no ports of protocol {rule.protocol}")
    elif rule.ports and rule.ports.first < limits.first_port:
        found.append(f"the target's rules name no port below {limits.first_port}")
    if rule.icmp and rule.icmp.type is not None and not limits.icmp_types:
        found.append("the target's rules have no ICMP types")
    return found


def _has_protocol(rule: FirewallRule, limits: FirewallLimits) -> bool:
    if limits.protocols is None or rule.protocol is None:
        return True
    return rule.protocol in limits.protocols - (WITH_TYPES - {ICMP_OF[rule.family]})


def _spelled(
    rule: FirewallRule, peers: Mapping[str, Peer], known: Mapping[str, Sequence[Network]]
) -> list[FirewallRule]:
    """Return the rule, or one for each address behind a name that stays behind."""
    name = peer_name(rule.peer)
    if name is None or name in peers:
        return [rule]
    if name not in known:
        return [rule.model_copy(update={"peer": EVERYONE[rule.family]})]
    return [
        rule.model_copy(update={"peer": CidrPeer(cidr=cidr)})
        for cidr in known[name]
        if f"ipv{cidr.version}" == rule.family
    ]


def _wider(rule: FirewallRule, limits: FirewallLimits) -> FirewallRule:
    """Return the least that the target can deny and that includes all of the rule."""
    update: dict[str, object] = {}
    if rule.source_ports and not limits.source_ports:
        update["source_ports"] = None
    if rule.ports and rule.protocol not in limits.port_protocols:
        update |= {"ports": None, "source_ports": None}
    elif rule.ports and rule.ports.first < limits.first_port:
        update["ports"] = None
    if rule.icmp and not limits.icmp_types:
        update["icmp"] = None
    if not _has_protocol(rule, limits):
        update |= {"protocol": None, "ports": None, "source_ports": None, "icmp": None}
    return rule.model_copy(update=update)
