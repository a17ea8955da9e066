"""Networks, their subnets, ports and floating addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from broker.model import Network, NetworkSpec, Nic, NicSpec, PublicAddress, Subnet, SubnetSpec

CLOSED = "port-security"
"""Our id of what a secured port without a group is behind: nothing passes it. It is no group."""


def network(
    told: Mapping[str, Any], subnets: Iterable[Mapping[str, Any]], *, outbound: bool
) -> Network:
    """Return a network with its subnets, the oldest first."""
    found = sorted(subnets, key=lambda each: (each["created_at"], each["name"], each["id"]))
    parts = tuple(
        Subnet(
            id=each["id"],
            spec=SubnetSpec(
                name=each["name"],
                cidr=each["cidr"],
                gateway=each["gateway_ip"],
                dhcp=each["enable_dhcp"],
            ),
            native=each,
        )
        for each in found
    )
    return Network(
        id=told["id"],
        spec=NetworkSpec(
            name=told["name"] or told["id"],
            subnets=tuple(part.spec for part in parts),
            outbound=outbound or told.get("router:external", False),
            labels=labels(told.get("tags", [])),
        ),
        subnets=parts,
        native=told,
    )


def tags(labels: Mapping[str, str]) -> list[str]:
    """Return labels as tags, which are plain words here."""
    return [f"{key}={value}" for key, value in labels.items()]


def labels(tags: Iterable[str]) -> dict[str, str]:
    """Return tags as labels; one without a value has an empty one."""
    pairs = (tag.partition("=") for tag in tags)
    return {key: value for key, _, value in pairs}


def nic(port: Mapping[str, Any], public: Iterable[str]) -> Nic:
    """Return a port: one card, however many subnets its addresses are of."""
    addresses = tuple(public)
    subnets = {each["subnet_id"] for each in port["fixed_ips"]}
    return Nic(
        id=port["id"],
        spec=NicSpec(
            network=port["network_id"],
            subnet=subnets.pop() if len(subnets) == 1 else None,
            mac=port["mac_address"],
            addresses=tuple(each["ip_address"] for each in port["fixed_ips"]),
            public=bool(addresses),
            firewalls=worn_by(port),
        ),
        public_addresses=addresses,
        native=port,
    )


def worn_by(port: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of a port's firewalls; none where nothing is held back at all."""
    groups = tuple(port["security_groups"])
    secured = port.get("port_security_enabled", True)
    return groups or ((CLOSED,) if secured else ())


def port_wish(nic: NicSpec, name: str, description: str) -> dict[str, object]:
    """Return the port that is to be made for a card.

    One for which no firewall is named gets the project's default group, as neutron's users expect.
    """
    wish: dict[str, object] = {
        "network_id": nic.network,
        "name": name,
        "description": description,
    }
    if nic.firewalls:
        wish["security_groups"] = [each for each in nic.firewalls if each != CLOSED]
    if nic.mac:
        wish["mac_address"] = nic.mac
    if nic.addresses:
        subnet = {"subnet_id": nic.subnet} if nic.subnet and len(nic.addresses) == 1 else {}
        wish["fixed_ips"] = [{"ip_address": str(each), **subnet} for each in nic.addresses]
    elif nic.subnet:
        wish["fixed_ips"] = [{"subnet_id": nic.subnet}]
    return wish


def public_address(told: Mapping[str, Any], instance: str | None) -> PublicAddress:
    """Return a floating address; ``instance`` has the port it is on."""
    return PublicAddress(
        id=told["id"],
        address=told["floating_ip_address"],
        instance=instance,
        labels=labels(told.get("tags", [])),
        native=told,
    )
