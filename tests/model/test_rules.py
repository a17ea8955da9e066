"""What cannot be is refused, in words that say why."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from pydantic import ValidationError

from broker.model import (
    Action,
    Direction,
    Family,
    FirewallRule,
    Icmp,
    InstanceSpec,
    KeyPairSpec,
    Money,
    NicSpec,
    PortRange,
    Size,
    Strict,
    SubnetSpec,
    VolumeSpec,
)
from tests import strategies as values

RULE = {
    "direction": Direction.INGRESS,
    "family": Family.IPV4,
    "peer": {"kind": "cidr", "cidr": "10.0.0.0/8"},
}
SSH = {"first": 22, "last": 22}


@pytest.mark.parametrize(
    ("model", "fields", "told"),
    [
        (FirewallRule, {**RULE, "ports": SSH}, "only tcp"),
        (FirewallRule, {**RULE, "protocol": 47, "source_ports": SSH}, "have ports"),
        (FirewallRule, {**RULE, "protocol": 6, "icmp": {"type": 8}}, "have types"),
        (FirewallRule, {**RULE, "action": Action.DENY}, "a deny needs a priority"),
        (FirewallRule, {**RULE, "family": Family.IPV6}, "10.0.0.0/8 is not ipv6"),
        (FirewallRule, {**RULE, "protocol": 256}, "less than or equal to 255"),
        (FirewallRule, {**RULE, "peer": {"kind": "country"}}, "country"),
        (PortRange, {"first": 443, "last": 80}, "443-80 is backwards"),
        (PortRange, {"first": 0, "last": 65536}, "65535"),
        (Icmp, {"code": 0}, "code needs a type"),
        (SubnetSpec, {"cidr": "10.0.0.0/24", "gateway": "10.0.1.1"}, "outside 10.0.0.0/24"),
        (SubnetSpec, {"cidr": "10.0.0.1/24"}, "cidr"),
        (NicSpec, {"network": "net", "mac": "00:11:22:33:44"}, "mac"),
        (Size, {"vcpus": 0, "memory": 1}, "vcpus"),
        (Size, {"vcpus": 1, "memory": 0}, "memory"),
        (VolumeSpec, {"name": "", "size": 1}, "name"),
        (VolumeSpec, {"name": "v", "size": 0}, "size"),
        (Money, {"amount": "1", "currency": "usd"}, "currency"),
        (KeyPairSpec, {"name": "k", "public_key": "-----BEGIN PRIVATE KEY-----"}, "public_key"),
    ],
)
def test_what_cannot_be_is_refused(
    model: type[Strict], fields: dict[str, object], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        model.model_validate(fields)


def test_only_the_first_volume_boots() -> None:
    data = VolumeSpec(name="data", size=1)
    boot = VolumeSpec(name="boot", size=1, boot=True)
    with pytest.raises(ValidationError, match="only the first volume"):
        InstanceSpec(name="vm", size=Size(vcpus=1, memory=1), volumes=(data, boot))


def test_a_mac_is_kept_in_one_case() -> None:
    assert NicSpec(network="net", mac="52:54:00:AB:CD:EF").mac == "52:54:00:ab:cd:ef"


def test_user_data_is_not_shown() -> None:
    spec = InstanceSpec(name="vm", size=Size(vcpus=1, memory=1), user_data="password: hunter2")
    assert "hunter2" not in repr(spec)
    assert "hunter2" in spec.model_dump_json()


@given(rule=values.firewall_rules(ordered=False))
def test_unordered_rules_only_allow(rule: FirewallRule) -> None:
    assert rule.action is Action.ALLOW
    with pytest.raises(ValidationError, match="a deny needs a priority"):
        FirewallRule.model_validate({**rule.model_dump(), "action": Action.DENY})


@given(cidr=values.cidrs())
def test_every_prefix_is_a_subnet(cidr: object) -> None:
    spec = SubnetSpec.model_validate({"cidr": str(cidr)})
    assert spec.cidr == cidr == ip_network(str(spec.cidr))
