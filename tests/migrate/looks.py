"""What a planner may be shown, with room for each test's own twist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule
from broker.migrate.look import Look
from broker.migrate.make import make
from broker.migrate.options import Options
from broker.model import (
    GIB,
    MIB,
    Arch,
    Firewall,
    FirewallRule,
    FirewallSpec,
    Firmware,
    Instance,
    InstanceSpec,
    Network,
    NetworkSpec,
    NicSpec,
    Offer,
    Power,
    Size,
    State,
    Subnet,
    SubnetSpec,
    VolumeSpec,
)

AT = datetime(2026, 1, 2, tzinfo=UTC)

LIMITS = Limits(
    architectures=frozenset({Arch.X86_64}),
    firmware=frozenset({Firmware.BIOS, Firmware.UEFI}),
    volume_step=MIB,
    volume_min=MIB,
    volume_max=64 * GIB,
    disks_per_instance=8,
    nics_per_instance=2,
    instance_name=NameRule(),
    labels=LabelRule(max_count=50, max_key=128, max_value=256),
    firewall=FirewallLimits(denies=False),
    user_data_max=16384,
    any_size=False,
    sets_mac=True,
    private_addresses=AddressLimits(),
    public_addresses=False,
)


def subnet(id: str, cidr: str, *, dhcp: bool = True) -> Subnet:
    return Subnet(id=id, spec=SubnetSpec.model_validate({"cidr": cidr, "dhcp": dhcp}))


def network(id: str, name: str, *subnets: Subnet) -> Network:
    spec = NetworkSpec(name=name, subnets=tuple(each.spec for each in subnets))
    return Network(id=id, spec=spec, subnets=subnets)


def rule(**more: Any) -> FirewallRule:
    peer = {"kind": "cidr", "cidr": "0.0.0.0/0"}
    return FirewallRule.model_validate(
        {"direction": "ingress", "family": "ipv4", "peer": peer, **more}
    )


def firewall(id: str, name: str, *rules: FirewallRule) -> Firewall:
    return Firewall(id=id, spec=FirewallSpec(name=name, rules=rules))


def offer(id: str, vcpus: int, memory: int, **more: Any) -> Offer:
    size = Size(vcpus=vcpus, memory=memory)
    return Offer.model_validate({"id": id, "size": size, "firmware": {"bios", "uefi"}, **more})


LAN = network("net-lan", "lan", subnet("sub-lan", "10.0.0.0/24"))
THERE = network("net-there", "there", subnet("sub-there", "10.9.0.0/24"))


def instance(power: Power = Power.RUNNING, **more: Any) -> Instance:
    spec = InstanceSpec.model_validate(
        {
            "name": "web-1",
            "size": Size(vcpus=2, memory=1024),
            "firmware": Firmware.BIOS,
            "volumes": (
                VolumeSpec(name="root", size=4 * MIB, boot=True),
                VolumeSpec(name="data", size=2 * MIB),
            ),
            "nics": (
                NicSpec.model_validate(
                    {"network": "net-lan", "subnet": "sub-lan", "addresses": ("10.0.0.5",)}
                ),
            ),
            **more,
        }
    )
    return Instance(
        id="i-1",
        spec=spec,
        state=State(power=power, allocated=True, native=power.value, observed_at=AT),
        volumes=tuple(f"vol-{index}" for index in range(len(spec.volumes))),
        local_disk=0,
    )


def look(**more: Any) -> Look:
    return Look.model_validate(
        {
            "source": "lab",
            "target": "cloud",
            "instance": instance(),
            "networks": (LAN,),
            "firewalls": (),
            "members": {},
            "limits": LIMITS,
            "offers": (offer("m.small", 2, 1024), offer("m.large", 8, 8192)),
            "target_networks": (THERE,),
            "target_instances": ("db-1",),
            "taken": {},
            "target_has_console": True,
            **more,
        }
    )


def planned(seen: Look | None = None, **options: Any) -> Any:
    return make(seen or look(), Options(**options), nonce="n0nce", made_at=AT)
