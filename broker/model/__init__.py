"""The canonical resource model: values every provider is translated to and from.

Each name is imported when it is first used: building all models takes as long as many a command.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker.model.base import GIB, KIB, MIB, Bytes, Labels, MiB, Name, Native, Resource, Strict
    from broker.model.firewall import (
        DCCP,
        EVERYONE,
        ICMP,
        ICMPV6,
        SCTP,
        TCP,
        UDP,
        UDPLITE,
        WITH_PORTS,
        Action,
        AddressSetPeer,
        Attachment,
        AttachPoint,
        CidrPeer,
        Direction,
        Family,
        Firewall,
        FirewallRule,
        FirewallSpec,
        GroupPeer,
        Icmp,
        Peer,
        PortRange,
    )
    from broker.model.instance import Instance, InstanceSpec, KeyPair, KeyPairSpec, Nic
    from broker.model.loss import Fidelity, Loss
    from broker.model.network import (
        Mac,
        Network,
        NetworkSpec,
        NicSpec,
        PublicAddress,
        Subnet,
        SubnetSpec,
    )
    from broker.model.size import Arch, Firmware, Host, Money, Offer, Size
    from broker.model.state import Power, State, StopMode
    from broker.model.system import System, SystemKind
    from broker.model.volume import Bus, Image, Snapshot, Volume, VolumeSpec

__all__ = [
    "DCCP",
    "EVERYONE",
    "GIB",
    "ICMP",
    "ICMPV6",
    "KIB",
    "MIB",
    "SCTP",
    "TCP",
    "UDP",
    "UDPLITE",
    "WITH_PORTS",
    "Action",
    "AddressSetPeer",
    "Arch",
    "AttachPoint",
    "Attachment",
    "Bus",
    "Bytes",
    "CidrPeer",
    "Direction",
    "Family",
    "Fidelity",
    "Firewall",
    "FirewallRule",
    "FirewallSpec",
    "Firmware",
    "GroupPeer",
    "Host",
    "Icmp",
    "Image",
    "Instance",
    "InstanceSpec",
    "KeyPair",
    "KeyPairSpec",
    "Labels",
    "Loss",
    "Mac",
    "MiB",
    "Money",
    "Name",
    "Native",
    "Network",
    "NetworkSpec",
    "Nic",
    "NicSpec",
    "Offer",
    "Peer",
    "PortRange",
    "Power",
    "PublicAddress",
    "Resource",
    "Size",
    "Snapshot",
    "State",
    "StopMode",
    "Strict",
    "Subnet",
    "SubnetSpec",
    "System",
    "SystemKind",
    "Volume",
    "VolumeSpec",
]

_HOMES = ("base", "size", "loss", "state", "system", "volume", "firewall", "network", "instance")
"""Where names are, looked for in this order: each needs only what is before it."""


def __getattr__(name: str) -> object:
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"broker.model.{home}")
            if hasattr(module, name):
                found: object = getattr(module, name)
                globals()[name] = found
                return found
    raise AttributeError(f"module 'broker.model' has no attribute {name!r}")
