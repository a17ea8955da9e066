"""What every adapter owes for firewalls: the rules asked for, exactly, or a refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from broker.adapter import Adapter, Kind, Made, SubnetFirewalls
from broker.errors import Conflict, NotFound, Unsupported
from broker.firewall import Space, in_order
from broker.firewall.diagram import NOTHING
from broker.model import (
    AttachPoint,
    Direction,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Network,
)
from tests.conformance.kit import MISSING, Kit, Machine


class FirewallConformance:
    def test_a_firewall_has_the_rules_asked_for(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        rules = (
            kit.rule(22),
            kit.rule(443),
            kit.rule(53).model_copy(update={"protocol": 17, "direction": Direction.EGRESS}),
        )
        made = kit.firewall(network.id, *rules)

        found = adapter.firewall(made.id)
        assert said(found.spec.rules) == said(rules)
        assert found.spec.name == made.spec.name
        assert [firewall.id for firewall in adapter.firewalls()].count(made.id) == 1

    def test_a_firewall_without_rules_lets_nothing_through(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        """Some providers give a new firewall rules of their own."""
        spec = FirewallSpec(name=kit.name(), network=network.id)
        made = adapter.create_firewall(spec, token=kit.token())
        assert adapter.firewall(made.id).spec.rules == ()

    def test_the_same_token_makes_one_firewall(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        spec = FirewallSpec(name=kit.name(), network=network.id, rules=(kit.rule(22),))
        token = kit.token()
        first = adapter.create_firewall(spec, token=token)
        again = adapter.create_firewall(spec, token=token)

        assert again.id == first.id
        assert said(again.spec.rules) == said(spec.rules)
        assert adapter.made(token) == [Made(kind=Kind.FIREWALL, id=first.id)]

    def test_rules_are_replaced(self, adapter: Adapter, kit: Kit, network: Network) -> None:
        made = kit.firewall(network.id, kit.rule(22), kit.rule(80))
        rules = (kit.rule(80), kit.rule(443), kit.rule(9000))
        for _ in range(2):
            replaced = adapter.replace_rules(made.id, rules)
            assert said(replaced.spec.rules) == said(rules)
            assert said(adapter.firewall(made.id).spec.rules) == said(rules)

    def test_while_rules_change_each_packet_meets_the_old_or_the_new_ones(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        old, new = ([kit.rule(port) for port in ports] for ports in ((22, 80), (80, 443)))
        made = kit.firewall(network.id, *old)
        with ThreadPoolExecutor(1) as beside:
            changes = [
                beside.submit(adapter.replace_rules, made.id, rules) for rules in (new, old, new)
            ]
            seen = [old]
            while not changes[-1].done():
                seen.append(list(adapter.firewall(made.id).spec.rules))
            for change in changes:
                change.result()

        space = Space()
        before, after = (space.passing(in_order(rules)) for rules in (old, new))
        always, ever = space.diagrams.both(before, after), space.diagrams.either(before, after)
        for rules in seen:
            then = space.passing(in_order(rules))
            assert space.diagrams.but_not(always, then) is NOTHING, rules
            assert space.diagrams.but_not(then, ever) is NOTHING, rules

    def test_a_group_is_a_peer(self, adapter: Adapter, kit: Kit, network: Network) -> None:
        if not adapter.limits.firewall.group_peers:
            pytest.skip("groups cannot be peers")
        peer = kit.firewall(network.id)
        rule = kit.rule(5432).model_copy(update={"peer": GroupPeer(firewall=peer.id)})
        made = kit.firewall(network.id, rule)
        assert said(adapter.firewall(made.id).spec.rules) == said([rule])

    def test_a_firewall_knows_what_wears_it(
        self, adapter: Adapter, machine: Machine, firewall: Firewall
    ) -> None:
        (nic,) = adapter.instance(machine.id).nics
        attached = adapter.firewall(firewall.id).attached
        assert [(worn.point, worn.id) for worn in attached] == [(AttachPoint.NIC, nic.id)]

    def test_a_worn_firewall_is_not_deleted(
        self, adapter: Adapter, machine: Machine, firewall: Firewall
    ) -> None:
        with pytest.raises(Conflict):
            adapter.delete_firewall(firewall.id)
        assert adapter.firewall(firewall.id).id == firewall.id

    @pytest.mark.parametrize("id", [MISSING, "sg-0123456789abcdef0", "é/../%s"])
    def test_a_missing_firewall_is_not_found(self, adapter: Adapter, kit: Kit, id: str) -> None:
        with pytest.raises(NotFound):
            adapter.firewall(id)
        with pytest.raises(NotFound):
            adapter.replace_rules(id, [kit.rule(22)])

    def test_deleting_a_missing_firewall_is_quiet(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        made = kit.firewall(network.id)
        adapter.delete_firewall(made.id)
        adapter.delete_firewall(made.id)
        adapter.delete_firewall(MISSING)
        with pytest.raises(NotFound):
            adapter.firewall(made.id)

    def test_a_firewall_around_a_subnet_stands_instead_of_the_one_before(
        self, adapter: Adapter, kit: Kit
    ) -> None:
        if adapter.limits.subnet_firewall is None:
            pytest.skip("no firewall can be put around a subnet")
        assert isinstance(adapter, SubnetFirewalls)
        network = kit.network()
        (subnet,) = (each.id for each in network.subnets)
        at_first = _ids(adapter.subnet_firewalls(subnet))
        first, second = (
            kit.firewall_around(network, _ordered(kit.rule(port), adapter)) for port in (22, 443)
        )

        made = adapter.create_firewall(first, token=kit.token())
        assert said(adapter.firewall(made.id).spec.rules) == said(first.rules)
        assert _ids(adapter.subnet_firewalls(subnet)) == [made.id]
        other = adapter.create_firewall(second, token=kit.token())
        (there,) = adapter.subnet_firewalls(subnet)
        assert there.id == other.id
        assert set(second.rules) <= set(there.spec.rules)
        assert adapter.firewall(made.id).attached == ()
        worn = adapter.firewall(other.id).attached
        assert [(each.point, each.id) for each in worn] == [(AttachPoint.SUBNET, subnet)]

        adapter.delete_firewall(made.id)
        assert _ids(adapter.subnet_firewalls(subnet)) == [other.id]
        adapter.delete_firewall(other.id)
        assert _ids(adapter.subnet_firewalls(subnet)) == at_first

    def test_a_firewall_around_a_subnet_is_refused_where_none_can_be(
        self, adapter: Adapter, kit: Kit
    ) -> None:
        """Made without being put there, it would be a firewall that stops nothing."""
        if adapter.limits.subnet_firewall is not None:
            pytest.skip("firewalls can be put around subnets")
        token = kit.token()
        with pytest.raises(Unsupported):
            adapter.create_firewall(kit.firewall_around(kit.network(), kit.rule(22)), token=token)
        assert adapter.made(token) == []


def _ids(firewalls: Iterable[Firewall]) -> list[str]:
    return [firewall.id for firewall in firewalls]


def _ordered(rule: FirewallRule, adapter: Adapter) -> FirewallRule:
    """Return the rule with a place in the order of those around subnets, where they have one."""
    around = adapter.limits.subnet_firewall
    assert around is not None
    place = around.priorities[0] if around.priorities else None
    return rule.model_copy(update={"priority": place})


def said(rules: Iterable[FirewallRule]) -> Counter[FirewallRule]:
    """Return the rules without what has no effect: their order here and their descriptions."""
    return Counter(rule.model_copy(update={"description": ""}) for rule in rules)
