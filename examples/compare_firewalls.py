"""Say one provider's firewall in another's rules, with a proof; then ask about single packets.

    python examples/compare_firewalls.py

Nothing is opened: the rules and what the other side can say are values.
"""

from __future__ import annotations

from ipaddress import ip_network

from broker import firewall
from broker.adapter import FirewallLimits
from broker.model import (
    EVERYONE,
    TCP,
    Action,
    CidrPeer,
    Direction,
    Family,
    FirewallRule,
    FirewallSpec,
    PortRange,
)


def rule(action: Action, cidr: str, port: int | None, priority: int) -> FirewallRule:
    """Return a rule for TCP from IPv4 addresses."""
    return FirewallRule(
        direction=Direction.INGRESS,
        action=action,
        family=Family.IPV4,
        peer=CidrPeer(cidr=ip_network(cidr)),
        protocol=TCP,
        ports=PortRange(first=port, last=port) if port else None,
        priority=priority,
    )


def main() -> None:
    """Translate a firewall that denies to a target whose rules only allow."""
    web = FirewallSpec(
        name="web",
        rules=(
            rule(Action.DENY, "10.1.0.0/16", 8443, 10),
            rule(Action.ALLOW, "10.0.0.0/8", None, 20),
            rule(Action.ALLOW, str(EVERYONE[Family.IPV4].cidr), 443, 30),
        ),
    )
    plain = FirewallLimits(denies=False, rules_per_direction=60, groups_per_nic=5)
    found = firewall.translate(web, plain)
    for part in found.parts:
        for each in part.rules:
            print(f"{part.name}: {firewall.in_words(each)}")
    print(f"proof: {found.proof.text}")

    space = firewall.Space()
    before = space.passing(firewall.in_order(web.rules))
    careless = [each for each in web.rules if each.action is Action.ALLOW]
    proof = firewall.compare(space, before, space.passing(careless))
    assert proof.let_in is not None
    print(f"without the deny: {proof.text}; for instance {proof.let_in.text}")


if __name__ == "__main__":
    main()
