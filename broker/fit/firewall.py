"""A firewall a target accepts: the same as the source's, or tighter, never wider."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence

from broker.adapter import FirewallLimits
from broker.fit.overlap import covers_but_for_peer, overlap, without
from broker.fit.wording import in_words
from broker.model import (
    Action,
    CidrPeer,
    Direction,
    Family,
    Fidelity,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Loss,
)

ANYONE = {
    Family.IPV4: CidrPeer(cidr=ipaddress.ip_network("0.0.0.0/0")),
    Family.IPV6: CidrPeer(cidr=ipaddress.ip_network("::/0")),
}

PRIORITY_STEP = 10
"""Room between two priorities, so that a rule can be put in between later without a renumbering."""


Members = Mapping[str, Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]]


def fit_firewall(
    spec: FirewallSpec,
    limits: FirewallLimits,
    *,
    travelling: Collection[str] = (),
    members: Members | None = None,
) -> tuple[FirewallSpec, tuple[Loss, ...]]:
    """Return rules a target with ``limits`` can say that allow no packet ``spec`` does not allow.

    Rules are read first match first, denies before allows of the same priority, rules without a
    priority last. ``travelling`` are ids of firewalls that are made on the target too: an allow
    from such a group stays one (by the source's id). Another group's allow is spelled out as the
    addresses of its ``members``, or dropped where they are not known.
    """
    field = f"firewalls.{spec.name}"
    order = sorted(range(len(spec.rules)), key=lambda index: _rank(spec.rules[index]))
    fitting = _Fitting(limits, frozenset(travelling), members or {})
    for index in order:
        fitting.add(spec.rules[index], f"{field}.rules[{index}]")
    rules = _numbered(fitting.rules, limits)
    losses = [*fitting.losses, *_over_budget(rules, limits, field)]
    if not spec.stateful and not limits.stateless:
        losses.append(
            Loss(
                field=f"{field}.stateful",
                fidelity=Fidelity.DROPPED,
                before="stateless",
                after="stateful",
                reason="the target would let answers through that the source does not",
                blocking=True,
            )
        )
    return spec.model_copy(update={"rules": tuple(rules)}), tuple(losses)


def _rank(rule: FirewallRule) -> tuple[bool, int, bool]:
    return (rule.priority is None, rule.priority or 0, rule.action is Action.ALLOW)


class _Fitting:
    """The rules fitted so far, and the denies that the rules after them must be cut by."""

    def __init__(
        self, limits: FirewallLimits, travelling: frozenset[str], members: Members
    ) -> None:
        self.limits = limits
        self.travelling = travelling
        self.members = members
        self.rules: list[FirewallRule] = []
        self.losses: list[Loss] = []
        self.unsaid: list[FirewallRule] = []

    def add(self, rule: FirewallRule, field: str) -> None:
        if rule.action is Action.ALLOW:
            self._allow(rule, field)
        elif self.limits.denies:
            self._deny(rule, field)
        else:
            self.unsaid.append(rule)

    def _deny(self, rule: FirewallRule, field: str) -> None:
        """Keep a deny; where the target has no words for a part of it, deny more.

        A group is denied as everyone: the target's group lacks the members that stay behind.
        """
        wider: dict[str, object] = {}
        if not isinstance(rule.peer, CidrPeer):
            wider["peer"] = ANYONE[rule.family]
        if rule.source_ports and not self.limits.source_ports:
            wider["source_ports"] = None
        if not self._has_protocol(rule):
            wider |= {"protocol": None, "ports": None, "source_ports": None, "icmp": None}
        said = rule.model_copy(update=wider)
        self.rules.append(said)
        if said != rule:
            self._lose(field, rule, in_words(said), "the target has no words for the exact deny")

    def _allow(self, rule: FirewallRule, field: str) -> None:
        if rule.source_ports and not self.limits.source_ports:
            self._lose(field, rule, "", "the target's rules have no source ports")
        elif not self._has_protocol(rule):
            self._lose(field, rule, "", f"the target's rules have no protocol {rule.protocol}")
        else:
            said = self._with_peers_spelled_out(rule, field)
            cut, exact = self._cut(said)
            self.rules.extend(cut)
            if cut != said:
                self._lose(
                    field,
                    rule,
                    "; ".join(in_words(each) for each in cut),
                    "the target has no deny rules: what earlier ones deny is cut out of this",
                    Fidelity.EXACT if exact else Fidelity.TIGHTENED,
                )

    def _has_protocol(self, rule: FirewallRule) -> bool:
        protocols = self.limits.protocols
        return protocols is None or rule.protocol is None or rule.protocol in protocols

    def _with_peers_spelled_out(self, rule: FirewallRule, field: str) -> list[FirewallRule]:
        if isinstance(rule.peer, CidrPeer):
            return [rule]
        if not isinstance(rule.peer, GroupPeer):
            self._lose(field, rule, "", "the address set is not on the target")
            return []
        group = rule.peer.firewall
        if self.limits.group_peers and group in self.travelling:
            return [rule]
        known = [
            address
            for address in self.members.get(group, ())
            if f"ipv{address.version}" == rule.family
        ]
        said = [
            rule.model_copy(update={"peer": CidrPeer(cidr=ipaddress.ip_network(address))})
            for address in dict.fromkeys(known)
        ]
        if said:
            after = ", ".join(str(address) for address in dict.fromkeys(known))
            reason = "the group is not on the target: its members' addresses of today are allowed"
            self._lose(field, rule, after, reason, Fidelity.UNCHECKED)
        else:
            self._lose(field, rule, "", "the group is not on the target, nor its members known")
        return said

    def _cut(self, rules: list[FirewallRule]) -> tuple[list[FirewallRule], bool]:
        exact = True
        for deny in self.unsaid:
            left: list[FirewallRule] = []
            for rule in rules:
                if not overlap(rule, deny):
                    left.append(rule)
                    continue
                exact = exact and covers_but_for_peer(deny, rule)
                if isinstance(rule.peer, CidrPeer) and isinstance(deny.peer, CidrPeer):
                    left.extend(
                        rule.model_copy(update={"peer": CidrPeer(cidr=cidr)})
                        for cidr in without(rule.peer.cidr, deny.peer.cidr)
                    )
                else:
                    exact = False
            rules = left
        return rules, exact

    def _lose(
        self,
        field: str,
        rule: FirewallRule,
        after: str,
        reason: str,
        fidelity: Fidelity = Fidelity.TIGHTENED,
    ) -> None:
        self.losses.append(
            Loss(field=field, fidelity=fidelity, before=in_words(rule), after=after, reason=reason)
        )


def _numbered(rules: list[FirewallRule], limits: FirewallLimits) -> list[FirewallRule]:
    """Give the rules priorities the target has, in the order they are in."""
    if not limits.denies and limits.priorities is None:
        return [rule.model_copy(update={"priority": None}) for rule in rules]
    if limits.priorities is None:
        return rules
    low, high = limits.priorities
    numbered: list[FirewallRule] = []
    for direction in Direction:
        own = [rule for rule in rules if rule.direction is direction]
        step = max(1, min(PRIORITY_STEP, (high - low) // max(1, len(own))))
        numbered.extend(
            rule.model_copy(update={"priority": low + index * step})
            for index, rule in enumerate(own)
        )
    return numbered


def _over_budget(rules: Sequence[FirewallRule], limits: FirewallLimits, field: str) -> list[Loss]:
    most = limits.rules_per_direction
    if limits.priorities is not None:
        low, high = limits.priorities
        most = min(most or len(rules), high - low + 1)
    losses = []
    for direction in Direction:
        count = sum(rule.direction is direction for rule in rules)
        if most is not None and count > most:
            losses.append(
                Loss(
                    field=f"{field}.{direction}",
                    fidelity=Fidelity.DROPPED,
                    before=f"{count} rules",
                    after=f"{most} rules",
                    reason="the target has no room for so many rules: merge some at the source",
                    blocking=True,
                )
            )
    return losses
