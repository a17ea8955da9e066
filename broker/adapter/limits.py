"""What a provider accepts, as numbers: translation reads these and never a provider's name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from broker.model import Arch, Bytes, Firmware, Strict


class NameRule(Strict):
    """A name fits when all of it matches ``pattern`` and it is no longer than ``max_length``."""

    pattern: str = r".+"
    max_length: int = 255


class LabelRule(Strict):
    """How many labels a resource may carry and how long their parts may be, in characters."""

    max_count: int
    max_key: int
    max_value: int


class FirewallLimits(Strict):
    """What firewall rules can say. Counts are None where the provider sets no limit."""

    denies: bool
    priorities: tuple[int, int] | None = None
    source_ports: bool = False
    group_peers: bool = True
    address_sets: bool = False
    protocols: frozenset[int] | None = None
    stateless: bool = False
    rules_per_direction: int | None = None
    groups_per_nic: int | None = None


class Limits(Strict):
    """What one account accepts. Every number here is one a test can find to be true.

    Volume sizes are bytes and are rounded up: to ``volume_min``, and to a whole multiple of
    ``volume_step``; beyond ``volume_max`` they are Invalid. ``any_size`` means vCPUs
    and memory are free, not chosen from a list of offers. ``reserved_addresses`` counts those at
    the start and at the end of each subnet that no machine can have.
    """

    architectures: frozenset[Arch]
    firmware: frozenset[Firmware]
    volume_step: Annotated[Bytes, Field(gt=0)]
    volume_min: Bytes
    volume_max: Bytes
    disks_per_instance: int
    nics_per_instance: int
    instance_name: NameRule
    labels: LabelRule
    firewall: FirewallLimits
    user_data_max: Bytes
    any_size: bool
    sets_mac: bool
    sets_private_address: bool
    public_addresses: bool
    networks_per_instance: int | None = None
    reserved_addresses: tuple[int, int] = (1, 1)
