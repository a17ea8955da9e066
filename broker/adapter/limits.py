"""What a provider accepts, as numbers: translation reads these and never a provider's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from broker.model import (
    SCTP,
    TCP,
    UDP,
    Arch,
    Bytes,
    Family,
    FirewallRule,
    Firmware,
    Strict,
    SystemKind,
)
from broker.model.base import SetOf


class NameRule(Strict):
    """A name fits when all of it matches ``pattern`` and it is no longer than ``max_length``."""

    pattern: str = r".+"
    max_length: int = 255


class LabelRule(Strict):
    """How many labels a resource may carry and how long their parts may be, in characters.

    A key fits when all of it matches ``key_pattern``, a value ``value_pattern``. Where not
    ``case_told``, keys that differ in nothing but case are one.
    """

    max_count: int
    max_key: int
    max_value: int
    key_pattern: str = r"(?s).*"
    value_pattern: str = r"(?s).*"
    case_told: bool = True


class PlatformTraffic(Strict):
    """What the platform itself sends and needs, whatever a machine's firewalls say.

    Where ``filtered``, rules can stop it, and the machine then lacks something it was promised.
    """

    name: str
    rules: tuple[FirewallRule, ...]
    filtered: bool = False


class FirewallLimits(Strict):
    """What firewall rules can say. Counts are None where the provider sets no limit.

    Of several firewalls on one card a packet passes when any lets it. ``rules_per_direction``
    counts IPv4 and IPv6 each by itself where ``families_apart``, ``rules_per_firewall`` all there
    are in one. Ports below ``first_port`` are in a rule for all ports, and in no range. Where
    ``peers_in_all_families``, a rule for a group or address set is for every family that the
    network speaks. ``defaults`` are the rules behind those of every firewall, which nobody can take
    away; what they do not let through is denied. Packets between machines of one subnet pass
    unasked where its firewall ``spares_neighbours``.
    """

    name: NameRule = NameRule()
    denies: bool
    priorities: tuple[int, int] | None = None
    source_ports: bool = False
    group_peers: bool = True
    address_sets: bool = False
    peers_in_all_families: bool = False
    protocols: SetOf[int] | None = None
    port_protocols: SetOf[int] = frozenset({TCP, UDP, SCTP})
    first_port: int = 0
    icmp_types: bool = True
    stateless: bool = False
    rules_per_direction: int | None = None
    rules_per_firewall: int | None = None
    families_apart: bool = False
    groups_per_nic: int | None = None
    spares_neighbours: bool = False
    defaults: tuple[FirewallRule, ...] = ()
    platform: tuple[PlatformTraffic, ...] = ()


class AddressLimits(Strict):
    """Which private addresses a card can be given on purpose.

    ``per_family`` is the most of one family, None where that is not told. Where ``by_dhcp``, the
    guest is told by its subnet's DHCP, so that a subnet without has none to give.
    """

    families: SetOf[Family] = frozenset(Family)
    per_family: Annotated[int, Field(gt=0)] | None = None
    by_dhcp: bool = False


class SystemLimits(Strict):
    """What a provider can be told of the system that a machine runs, and tells again.

    ``distributions`` is whether any of them can be named. What nobody tells it of, or cannot, is
    taken for ``otherwise``, which is UNKNOWN where nothing depends on it.
    """

    kinds: SetOf[SystemKind] = frozenset()
    distributions: bool = False
    otherwise: SystemKind = SystemKind.UNKNOWN


class Counts(Strict):
    """How many of each thing; None where nobody tells.

    ``memory`` is MiB, of all instances together. ``disks`` and ``disk_bytes`` are what was copied
    there and no machine was made of yet; an image may be one, too.
    """

    instances: int | None = None
    vcpus: int | None = None
    memory: int | None = None
    volumes: int | None = None
    volume_bytes: Bytes | None = None
    disks: int | None = None
    disk_bytes: Bytes | None = None
    snapshots: int | None = None
    images: int | None = None
    image_bytes: Bytes | None = None
    networks: int | None = None
    cards: int | None = None
    firewalls: int | None = None
    firewall_rules: int | None = None
    public_addresses: int | None = None
    key_pairs: int | None = None


class Quotas(Counts):
    """The most an account may hold of each thing at once; None where nobody sets a limit, too."""


class Limits(Strict):
    """What one account accepts. Every number here is one a test can find to be true.

    Volume sizes are bytes and are rounded up: to ``volume_min``, and to a whole multiple of
    ``volume_step``; beyond ``volume_max`` they are Invalid, and for the disk a machine starts from
    beyond ``boot_volume_max`` where that is told. ``any_size`` means vCPUs and memory are free, not
    chosen from a list of offers. ``private_addresses`` is None where the provider alone chooses
    them. ``reserved_addresses`` counts those at the start and at the end of each subnet that no
    machine can have. ``subnet_firewall`` is what a firewall around a subnet can
    say, None where none can be made. ``volume_kinds`` are what ``VolumeSpec.kind`` can name and
    ``image_formats`` what images can be kept in, None where that is not told. Volumes of
    ``performance_kinds`` can be given ``VolumeSpec.iops`` or ``mibps``. ``apis`` are the
    versions of the provider's interfaces in use, for people to read.
    """

    architectures: SetOf[Arch]
    firmware: SetOf[Firmware]
    volume_step: Annotated[Bytes, Field(gt=0)]
    volume_min: Bytes
    volume_max: Bytes
    boot_volume_max: Bytes | None = None
    disks_per_instance: int
    nics_per_instance: int
    instance_name: NameRule
    labels: LabelRule
    firewall: FirewallLimits
    subnet_firewall: FirewallLimits | None = None
    user_data_max: Bytes
    any_size: bool
    sets_mac: bool
    private_addresses: AddressLimits | None
    public_addresses: bool
    system: SystemLimits = SystemLimits()
    networks_per_instance: int | None = None
    reserved_addresses: tuple[int, int] = (1, 1)
    quotas: Quotas = Quotas()
    volume_kinds: SetOf[str] | None = None
    performance_kinds: SetOf[str] = frozenset()
    image_formats: SetOf[str] | None = None
    apis: Mapping[str, str] = {}
