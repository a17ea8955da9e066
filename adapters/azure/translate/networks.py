"""Virtual networks, their subnets, cards and public addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.azure import tags
from adapters.azure.ids import Ids
from adapters.azure.translate.native import properties
from broker.errors import Invalid, Unsupported
from broker.model import (
    Family,
    Network,
    NetworkSpec,
    Nic,
    NicSpec,
    PublicAddress,
    Subnet,
    SubnetSpec,
)

# https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq#how-small-and-how-large-can-virtual-networks-and-subnets-be
WIDEST_PREFIX, NARROWEST_PREFIX = 2, 29

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
NAME_LENGTH = 80


def network(told: Mapping[str, Any], ids: Ids) -> Network:
    """Return the network with its subnets; it has a way out when one of them has."""
    ranged = [(ipv4_range(each), each) for each in properties(told).get("subnets") or []]
    parts = [each for range_, each in sorted(((r, e) for r, e in ranged if r), key=lambda p: p[0])]
    subnets = tuple(subnet(each, ids) for each in parts)
    return Network(
        id=ids.short(told["id"]),
        spec=NetworkSpec(
            name=tags.name_of(told),
            subnets=tuple(each.spec for each in subnets),
            outbound=any(leads_out(each) for each in parts),
            labels=tags.labels_of(told),
        ),
        subnets=subnets,
        beside=frozenset(
            Family.IPV6 for each in parts if any(one.version == 6 for one in subnet_ranges(each))
        ),
        native=told,
    )


def subnet(told: Mapping[str, Any], ids: Ids) -> Subnet:
    """Return the subnet's IPv4 half. Its router is the first address, and DHCP always on."""
    return Subnet(
        id=ids.short(told["id"]),
        spec=SubnetSpec.model_validate({"name": told["name"], "cidr": str(ipv4_range(told))}),
        native=told,
    )


def subnet_ranges(told: Mapping[str, Any]) -> list[Range]:
    """Return the ranges of a subnet; one that has both families names them in a list."""
    about = properties(told)
    ranges = [about.get("addressPrefix"), *(about.get("addressPrefixes") or [])]
    return [ipaddress.ip_network(each) for each in ranges if each]


def ipv4_range(told: Mapping[str, Any]) -> ipaddress.IPv4Network | None:
    """Return the IPv4 range of a subnet."""
    ranges = subnet_ranges(told)
    return next((each for each in ranges if isinstance(each, ipaddress.IPv4Network)), None)


def leads_out(told: Mapping[str, Any]) -> bool:
    """Return True when machines in the subnet reach the outside without an address of their own.

    A subnet that does not say was made when all had the default way out.
    """
    about = properties(told)
    return bool(about.get("natGateway")) or about.get("defaultOutboundAccess") is not False


def network_wish(spec: NetworkSpec) -> dict[str, Any]:
    """Return what a network is asked to be; Invalid or Unsupported for what none can be.

    A way out is the platform's default one, which costs nothing and has to be asked for.
    """
    if not spec.subnets:
        raise Invalid("a network needs at least one subnet here: its addresses come from them")
    names = subnet_names(spec.subnets)
    for wish in spec.subnets:
        _check(wish)
    return {
        "addressSpace": {"addressPrefixes": [str(wish.cidr) for wish in spec.subnets]},
        "subnets": [
            {
                "name": name,
                "properties": {
                    "addressPrefix": str(wish.cidr),
                    "defaultOutboundAccess": spec.outbound,
                },
            }
            for name, wish in zip(names, spec.subnets, strict=True)
        ],
    }


def subnet_names(wishes: Sequence[SubnetSpec]) -> list[str]:
    """Return a name for each subnet: its own as far as it fits, and never one twice."""
    given: list[str] = []
    for place, wish in enumerate(wishes, 1):
        name = _UNFIT.sub("-", wish.name).strip("-_")[:NAME_LENGTH] or f"subnet-{place}"
        if name.lower() in (other.lower() for other in given):
            name = f"{name[: NAME_LENGTH - 5]}-{place}"
        given.append(name)
    return given


def _check(wish: SubnetSpec) -> None:
    cidr = wish.cidr
    if not isinstance(cidr, ipaddress.IPv4Network):
        raise Unsupported(f"{cidr}: a subnet has IPv6 here only beside IPv4")
    if not WIDEST_PREFIX <= cidr.prefixlen <= NARROWEST_PREFIX:
        raise Invalid(f"{cidr}: a subnet is between /{WIDEST_PREFIX} and /{NARROWEST_PREFIX} here")
    if wish.gateway is not None and wish.gateway != cidr[1]:
        raise Unsupported(f"{cidr}: the gateway is always {cidr[1]} here")
    if not wish.dhcp:
        raise Unsupported(f"{cidr}: DHCP cannot be turned off here")


def nic(told: Mapping[str, Any], public: Mapping[str, str], ids: Ids) -> Nic:
    """Return a card; ``public`` has the public addresses by the ids of what holds them."""
    about = properties(told)
    parts = [properties(each) for each in about.get("ipConfigurations") or []]
    held = [ids.short(part["publicIPAddress"]["id"]) for part in parts if "publicIPAddress" in part]
    reached = tuple(public[each] for each in held if each in public)
    subnets = [ids.short(part["subnet"]["id"]) for part in parts if part.get("subnet")]
    worn = about.get("networkSecurityGroup")
    return Nic(
        id=ids.short(told["id"]),
        spec=NicSpec(
            network=ids.parent(subnets[0]),
            subnet=subnets[0],
            mac=mac(about.get("macAddress")),
            addresses=tuple(
                part["privateIPAddress"] for part in parts if part.get("privateIPAddress")
            ),
            public=bool(held),
            firewalls=(ids.short(worn["id"]),) if worn else (),
        ),
        public_addresses=reached,
        native=told,
    )


def mac(told: str | None) -> str | None:
    """Return a hardware address as others write it; a card has none until its machine ran."""
    return told.replace("-", ":").lower() if told else None


def public_address(told: Mapping[str, Any], instance: str | None, ids: Ids) -> PublicAddress:
    """Return the address, and the machine it is on."""
    return PublicAddress(
        id=ids.short(told["id"]),
        address=ipaddress.ip_address(properties(told)["ipAddress"]),
        instance=instance,
        labels=tags.labels_of(told),
        native=told,
    )


def nic_wish(
    wish: NicSpec,
    *,
    subnet: str,
    public: str | None,
    firewalls: Sequence[str],
    groups: Sequence[str],
) -> dict[str, Any]:
    """Return what a card is asked to be; all else than the wish itself are paths."""
    parts: list[dict[str, Any]] = []
    for place, address in enumerate(wish.addresses or (None,)):
        how = (
            {"privateIPAllocationMethod": "Dynamic"}
            if address is None
            else {"privateIPAllocationMethod": "Static", "privateIPAddress": str(address)}
        )
        about: dict[str, Any] = {"subnet": {"id": subnet}}
        if public and place == 0:
            about["publicIPAddress"] = {"id": public}
        if groups:
            about["applicationSecurityGroups"] = [{"id": each} for each in groups]
        family = "IPv6" if address is not None and address.version == 6 else "IPv4"
        parts.append(
            {
                "name": f"address-{place + 1}",
                "properties": {
                    **about,
                    **how,
                    "privateIPAddressVersion": family,
                    "primary": place == 0,
                },
            }
        )
    return {
        "ipConfigurations": parts,
        **({"networkSecurityGroup": {"id": firewalls[0]}} if firewalls else {}),
    }


def public_address_wish(zone: str | None) -> dict[str, Any]:
    """Return what an address is asked to be: one that stays, which is the only kind sold now.

    https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-basic-upgrade-guidance
    """
    return {
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
        **({"zones": [zone]} if zone else {}),
    }
