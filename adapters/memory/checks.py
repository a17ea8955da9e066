"""Refuse what is beyond the limits, before anything is made. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from broker.adapter import AddressLimits, FirewallLimits, Limits
from broker.adapter.performance import check_performance
from broker.errors import Invalid, Unsupported
from broker.model import (
    Action,
    AddressSetPeer,
    Family,
    FirewallRule,
    FirewallSpec,
    Firmware,
    GroupPeer,
    InstanceSpec,
    Labels,
    NicSpec,
    SystemKind,
)


def token(token: str) -> None:
    """Refuse a token that is not one."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", token):
        raise Invalid(f"a token is 1 to 64 of a-z, 0-9 and -, not {token!r}")


def volume_size(limits: Limits, size: int) -> int:
    """Return the size rounded up to what a volume can have; Invalid beyond the largest."""
    step = limits.volume_step
    whole = -(-max(size, limits.volume_min) // step) * step
    if whole > limits.volume_max:
        raise Invalid(
            f"a volume has at most {limits.volume_max} bytes, not {size}", code="TooLarge"
        )
    return whole


def labels(limits: Limits, labels: Labels) -> None:
    """Refuse labels that are too many or too long."""
    rule = limits.labels
    if len(labels) > rule.max_count:
        raise Invalid(f"at most {rule.max_count} labels, not {len(labels)}", code="TooManyLabels")
    for key, value in labels.items():
        if len(key) > rule.max_key or len(value) > rule.max_value:
            raise Invalid(
                f"label {key[:40]!r}: at most {rule.max_key} characters for a key "
                f"and {rule.max_value} for a value",
                code="LabelTooLong",
            )


def instance(limits: Limits, spec: InstanceSpec, disks: Sequence[str]) -> None:
    """Refuse an instance that cannot be here."""
    rule = limits.instance_name
    if len(spec.name) > rule.max_length or not re.fullmatch(rule.pattern, spec.name):
        raise Invalid(
            f"a name matches {rule.pattern} and has at most {rule.max_length} characters",
            code="InvalidName",
        )
    for each in (spec.labels, *(volume.labels for volume in spec.volumes)):
        labels(limits, each)
    if spec.size.arch not in limits.architectures:
        raise Unsupported(f"there are no {spec.size.arch} machines here")
    if spec.firmware not in limits.firmware | {Firmware.UNKNOWN}:
        raise Unsupported(f"no machine here starts from {spec.firmware}")
    if spec.system.kind not in limits.system.kinds | {SystemKind.UNKNOWN}:
        raise Unsupported(f"nobody can say here that a machine runs {spec.system.kind}")
    if spec.system.distribution is not None and not limits.system.distributions:
        raise Unsupported("nobody can say here which distribution a machine runs")
    if len((spec.user_data or "").encode()) > limits.user_data_max:
        raise Invalid(f"user data has at most {limits.user_data_max} bytes", code="UserDataTooLong")
    if len(disks) != len(spec.volumes):
        raise Invalid(f"{len(spec.volumes)} volumes need as many disks, not {len(disks)}")
    if not 1 <= len(disks) <= limits.disks_per_instance:
        raise Invalid(f"an instance has 1 to {limits.disks_per_instance} disks, not {len(disks)}")
    if limits.boot_volume_max is not None and spec.volumes[0].size > limits.boot_volume_max:
        raise Invalid(f"an instance starts from at most {limits.boot_volume_max} bytes")
    check_performance(spec.volumes, limits.performance_kinds)
    _cards(limits, spec)


def _cards(limits: Limits, spec: InstanceSpec) -> None:
    if len(spec.nics) > limits.nics_per_instance:
        raise Invalid(f"at most {limits.nics_per_instance} cards, not {len(spec.nics)}")
    networks = len({nic.network for nic in spec.nics})
    if limits.networks_per_instance is not None and networks > limits.networks_per_instance:
        raise Invalid(f"cards in at most {limits.networks_per_instance} networks, not {networks}")
    for nic in spec.nics:
        if nic.mac and not limits.sets_mac:
            raise Unsupported("the cloud gives MAC addresses, they cannot be chosen")
        _addresses(limits.private_addresses, nic)
        if nic.public and not limits.public_addresses:
            raise Unsupported("there are no public addresses here")
        most = limits.firewall.groups_per_nic
        if most is not None and len(nic.firewalls) > most:
            raise Invalid(f"a card wears at most {most} firewalls, not {len(nic.firewalls)}")


def _addresses(told: AddressLimits | None, nic: NicSpec) -> None:
    counts = Counter(Family(f"ipv{address.version}") for address in nic.addresses)
    for family, count in counts.items():
        if told is None or family not in told.families:
            raise Unsupported(f"the cloud gives private {family} addresses, they cannot be chosen")
        if told.per_family is not None and count > told.per_family:
            raise Invalid(f"a card has at most {told.per_family} {family} addresses, not {count}")


def firewall(limits: Limits, spec: FirewallSpec) -> None:
    """Refuse a firewall that cannot be exactly so here."""
    labels(limits, spec.labels)
    told = firewall_limits(limits, spec)
    name = told.name
    if len(spec.name) > name.max_length or not re.fullmatch(name.pattern, spec.name):
        raise Invalid(
            f"a firewall's name matches {name.pattern} and has at most {name.max_length} "
            "characters",
            code="InvalidName",
        )
    if not spec.stateful and not told.stateless:
        raise Unsupported("every firewall here remembers connections")
    rules(told, spec.rules)


def firewall_limits(limits: Limits, spec: FirewallSpec) -> FirewallLimits:
    """Return the limits of firewalls that cards wear, or of those around subnets."""
    if spec.subnet is None:
        return limits.firewall
    if limits.subnet_firewall is None:
        raise Unsupported("no firewall stands around a subnet here")
    return limits.subnet_firewall


def rules(told: FirewallLimits, rules: Sequence[FirewallRule]) -> None:
    """Refuse rules that cannot be said here."""
    for rule in rules:
        _rule(told, rule)
    in_all = told.rules_per_firewall
    if in_all is not None and len(rules) > in_all:
        raise Invalid(f"at most {in_all} rules, not {len(rules)}", code="TooManyRules")
    most = told.rules_per_direction
    apart = told.families_apart
    counts = Counter((rule.direction, rule.family if apart else None) for rule in rules)
    for (direction, _), count in counts.items():
        if most is not None and count > most:
            raise Invalid(f"at most {most} {direction} rules, not {count}", code="TooManyRules")


def _rule(told: FirewallLimits, rule: FirewallRule) -> None:
    if rule.action is Action.DENY and not told.denies:
        raise Unsupported("rules here can only allow")
    if rule.priority is not None:
        if told.priorities is None:
            raise Unsupported("rules here have no order")
        lowest, highest = told.priorities
        if not lowest <= rule.priority <= highest:
            raise Invalid(f"priorities go from {lowest} to {highest}, not {rule.priority}")
    if rule.source_ports and not told.source_ports:
        raise Unsupported("rules here cannot name source ports")
    if isinstance(rule.peer, GroupPeer) and not told.group_peers:
        raise Unsupported("rules here cannot name a firewall as their peer")
    if isinstance(rule.peer, AddressSetPeer) and not told.address_sets:
        raise Unsupported("there are no address sets here")
    if rule.ports and rule.protocol not in told.port_protocols:
        raise Unsupported(f"rules here know no ports of protocol {rule.protocol}")
    if rule.icmp and rule.icmp.type is not None and not told.icmp_types:
        raise Unsupported("rules here know no ICMP types")
    if told.protocols is not None and rule.protocol not in {*told.protocols, None}:
        raise Unsupported(f"rules here cannot speak of protocol {rule.protocol}")
