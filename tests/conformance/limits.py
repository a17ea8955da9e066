"""What an adapter tells of its limits is true: up to them it takes, beyond them it refuses.

A refusal comes before anything is made.
"""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from broker.adapter import Adapter, Limits
from broker.errors import Invalid, Unsupported
from broker.model import (
    Action,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    Firmware,
    GroupPeer,
    Network,
    NicSpec,
    PortRange,
    System,
    SystemKind,
    VolumeSpec,
)
from tests.conformance.firewalls import said
from tests.conformance.kit import HOSTILE, Kit, fits

REFUSALS = (Invalid, Unsupported)


class LimitConformance:
    @pytest.fixture
    def limits(self, adapter: Adapter) -> Limits:
        return adapter.limits

    # volumes

    def test_a_volume_is_whole_steps(self, adapter: Adapter, kit: Kit, limits: Limits) -> None:
        volume = kit.volume(limits.volume_min + 1)
        size = adapter.volume(volume.id).spec.size
        assert size == -(-(limits.volume_min + 1) // limits.volume_step) * limits.volume_step

    def test_a_volume_is_never_smaller_than_the_least(
        self, adapter: Adapter, kit: Kit, limits: Limits
    ) -> None:
        spec = VolumeSpec(name=kit.name(), size=1)
        volume = adapter.create_volume(spec, token=kit.token())
        assert volume.spec.size == max(limits.volume_min, limits.volume_step)

    def test_a_volume_over_the_limit_is_refused(
        self, adapter: Adapter, kit: Kit, limits: Limits
    ) -> None:
        token = kit.token()
        with pytest.raises(Invalid):
            adapter.create_volume(kit.volume_spec(limits.volume_max + 1), token=token)
        assert adapter.made(token) == []

    def test_a_volume_does_not_grow_over_the_limit(
        self, adapter: Adapter, kit: Kit, limits: Limits
    ) -> None:
        volume = kit.volume()
        with pytest.raises(Invalid):
            adapter.resize_volume(volume.id, limits.volume_max + 1)

    def test_labels_are_taken_up_to_the_limit(
        self, adapter: Adapter, kit: Kit, limits: Limits
    ) -> None:
        rule = limits.labels
        labels = {f"k{place}": "v" for place in range(min(rule.max_count, 500) - 1)}
        labels["k" * min(rule.max_key, 500)] = "v" * min(rule.max_value, 5000)
        volume = kit.volume(labels=labels)
        assert adapter.volume(volume.id).spec.labels == labels

    @pytest.mark.parametrize("over", ["count", "key", "value"])
    def test_labels_over_the_limit_are_refused(
        self, adapter: Adapter, kit: Kit, limits: Limits, over: str
    ) -> None:
        rule, token = limits.labels, kit.token()
        labels = {
            "count": {f"k{place}": "v" for place in range(rule.max_count + 1)},
            "key": {"k" * (rule.max_key + 1): "v"},
            "value": {"k": "v" * (rule.max_value + 1)},
        }[over]
        spec = kit.volume_spec().model_copy(update={"labels": labels})
        with pytest.raises(Invalid):
            adapter.create_volume(spec, token=token)
        assert adapter.made(token) == []

    # instances

    @pytest.mark.parametrize(
        "beyond",
        [
            "long name",
            "name with a forbidden character",
            "user data",
            "labels",
            "labels of a disk",
            "disks",
            "boot disk",
            "cards",
            "firmware",
            "system",
            "distribution",
            "mac",
            "private address",
            "second private address",
            "private address of the other family",
            "public address",
        ],
    )
    def test_an_instance_beyond_a_limit_is_refused(
        self, adapter: Adapter, kit: Kit, limits: Limits, network: Network, beyond: str
    ) -> None:
        changes = _beyond(limits, beyond, network)
        if changes is None:
            pytest.skip("this limit is not one here")
        disks = [kit.disk()]
        if beyond == "disks":
            disks *= limits.disks_per_instance + 1
        request = kit.request(network.id, *disks, **changes)
        with pytest.raises(REFUSALS):
            request.send(adapter)
        assert adapter.made(request.token) == []

    def test_the_longest_name_is_kept(
        self, adapter: Adapter, kit: Kit, limits: Limits, network: Network
    ) -> None:
        rule = limits.instance_name
        name = kit.name()
        name += "z" * (min(rule.max_length, 255) - len(name))
        assert fits(name, rule)
        machine = kit.instance(network.id, name=name)
        assert adapter.instance(machine.id).spec.name == name

    # firewalls

    @pytest.mark.parametrize(
        "beyond",
        [
            "deny",
            "priority too low",
            "priority too high",
            "source ports",
            "group peer",
            "protocol",
            "stateless",
            "too many rules",
        ],
    )
    def test_a_firewall_beyond_a_limit_is_refused(
        self,
        adapter: Adapter,
        kit: Kit,
        limits: Limits,
        network: Network,
        firewall: Firewall,
        beyond: str,
    ) -> None:
        rules = _rules_beyond(limits, beyond, kit, firewall)
        if rules is None:
            pytest.skip("this limit is not one here")
        spec = FirewallSpec(
            name=kit.name(), network=network.id, rules=rules, stateful=beyond != "stateless"
        )
        token = kit.token()
        with pytest.raises(REFUSALS):
            adapter.create_firewall(spec, token=token)
        assert adapter.made(token) == []

        if beyond != "stateless":
            with pytest.raises(REFUSALS):
                adapter.replace_rules(firewall.id, rules)
            assert said(adapter.firewall(firewall.id).spec.rules) == said(firewall.spec.rules)

    def test_denies_and_both_ends_of_the_priorities_are_taken(
        self, adapter: Adapter, kit: Kit, limits: Limits, network: Network
    ) -> None:
        if not (limits.firewall.denies and limits.firewall.priorities):
            pytest.skip("rules are not ordered, or only allow")
        lowest, highest = limits.firewall.priorities
        rules = (
            kit.rule(22, lowest),
            kit.rule(80, highest).model_copy(update={"action": Action.DENY}),
        )
        made = kit.firewall(network.id, *rules)
        assert said(adapter.firewall(made.id).spec.rules) == said(rules)

    def test_as_many_rules_as_told_are_taken(
        self, adapter: Adapter, kit: Kit, limits: Limits, network: Network
    ) -> None:
        count = _most_rules(limits)
        if count is None or count > MANY:
            pytest.skip("no limit, or one too far away to go to")
        rules = tuple(kit.rule(1000 + place) for place in range(count))
        made = kit.firewall(network.id, *rules)
        assert said(adapter.firewall(made.id).spec.rules) == said(rules)


MANY = 300
"""Rules a firewall test may make: a provider's usual default is below, and it stays quick."""


def _beyond(limits: Limits, beyond: str, network: Network) -> dict[str, object] | None:
    """Return the changes to a spec that put it over this limit, None where there is none."""
    nic = NicSpec(network=network.id)
    inside = network.spec.subnets[0].cidr[88]
    rule = limits.instance_name
    forbidden = [char for char in HOSTILE if not fits(f"a{char}a", rule)]
    unknown = [kind for kind in Firmware if kind not in {*limits.firmware, Firmware.UNKNOWN}]
    untold = [kind for kind in SystemKind if kind not in {*limits.system.kinds, "unknown"}]
    labels = {f"k{at}": "v" for at in range(limits.labels.max_count + 1)}
    choices: dict[str, dict[str, object] | None] = {
        "long name": {"name": "a" * (rule.max_length + 1)} if rule.max_length < 255 else None,
        "name with a forbidden character": {"name": f"a{forbidden[0]}a"} if forbidden else None,
        "user data": {"user_data": "#" * (limits.user_data_max + 1)},
        "labels": {"labels": labels},
        "labels of a disk": {
            "volumes": (VolumeSpec(name="r", size=limits.volume_min, boot=True, labels=labels),)
        },
        "disks": {},
        "boot disk": None
        if limits.boot_volume_max is None
        else {"volumes": (VolumeSpec(name="root", size=limits.boot_volume_max + 1, boot=True),)},
        "cards": {"nics": (nic,) * (limits.nics_per_instance + 1)},
        "firmware": {"firmware": unknown[0]} if unknown else None,
        "system": {"system": System(kind=untold[0])} if untold else None,
        "distribution": None
        if limits.system.distributions
        else {"system": System(distribution="ubuntu")},
        "mac": None
        if limits.sets_mac
        else {"nics": (nic.model_copy(update={"mac": "02:1f:2e:3d:4c:5d"}),)},
        "private address": None
        if limits.private_addresses
        else {"nics": (nic.model_copy(update={"addresses": (inside,)}),)},
        "second private address": None
        if limits.private_addresses is None or limits.private_addresses.per_family != 1
        else {"nics": (nic.model_copy(update={"addresses": (inside, inside + 1)}),)},
        "private address of the other family": None
        if limits.private_addresses is None or Family.IPV6 in limits.private_addresses.families
        else {"nics": (nic.model_copy(update={"addresses": (ip_address("fd00::88"),)}),)},
        "public address": None
        if limits.public_addresses
        else {"nics": (nic.model_copy(update={"public": True}),)},
    }
    return choices[beyond]


def _rules_beyond(
    limits: Limits, beyond: str, kit: Kit, firewall: Firewall
) -> tuple[FirewallRule, ...] | None:
    """Return rules that are over this limit, None where there is none."""
    told = limits.firewall
    rule = kit.rule(22)
    lowest, highest = told.priorities or (0, 0)
    unspoken = [number for number in (6, 17, 1, 132, 47, 2) if number not in (told.protocols or ())]

    def changed(**changes: object) -> tuple[FirewallRule, ...]:
        return (rule.model_copy(update=changes),)

    if beyond == "deny":
        priority = rule.priority or 100
        return None if told.denies else changed(action=Action.DENY, priority=priority)
    if beyond == "priority too low":
        return changed(priority=lowest - 1) if told.priorities else None
    if beyond == "priority too high":
        return changed(priority=highest + 1) if told.priorities else None
    if beyond == "source ports":
        ports = PortRange(first=1024, last=2048)
        return None if told.source_ports else changed(source_ports=ports)
    if beyond == "group peer":
        return None if told.group_peers else changed(peer=GroupPeer(firewall=firewall.id))
    if beyond == "protocol":
        return changed(protocol=unspoken[0], ports=None) if told.protocols and unspoken else None
    if beyond == "stateless":
        return None if told.stateless else (rule,)
    count = _most_rules(limits)
    if count is None or count > MANY:
        return None
    return tuple(kit.rule(1000 + place) for place in range(count + 1))


def _most_rules(limits: Limits) -> int | None:
    """Return how many rules of one direction and family one firewall takes."""
    told = (limits.firewall.rules_per_direction, limits.firewall.rules_per_firewall)
    return min((count for count in told if count is not None), default=None)
