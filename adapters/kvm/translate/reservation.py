"""What a network's DHCP keeps for one card: ``<host mac="…" ip="…"/>`` in the network's XML."""

from __future__ import annotations

from ipaddress import IPv4Address

from adapters.kvm.translate.network import network
from adapters.kvm.translate.xml import dump, element, parse
from broker.errors import Invalid
from broker.model import Strict


class Reservation(Strict):
    """An address of a network, by its UUID, for the card with this hardware address.

    It is IPv4: a guest shows DHCP for IPv6 an id of its own choice, which nobody knows before.
    """

    network: str
    mac: str
    address: IPv4Address


def reservations(xml: str) -> dict[Reservation, int]:
    """Return what a network reserves by hardware address, and in which ``ip`` of its XML."""
    root = parse(xml)
    return {
        Reservation(
            network=root.findtext("uuid") or "",
            mac=host.get("mac", "").lower(),
            address=IPv4Address(host.get("ip", "")),
        ): place
        for place, ip in enumerate(root.iterfind("ip"))
        for host in ip.iterfind("dhcp/host")
        if host.get("mac") and host.get("ip")
    }


def host_xml(wish: Reservation) -> str:
    """Return the element that reserves, which is also the one to delete by."""
    return dump(element("host", mac=wish.mac, ip=str(wish.address)))


def place(xml: str, address: IPv4Address) -> int:
    """Return which ``ip`` of a network's XML can reserve this; Invalid when none can."""
    found = network(xml)
    handed_out = {
        index: subnet
        for index, subnet in enumerate(found.spec.subnets)
        if subnet.dhcp and subnet.cidr.version == address.version
    }
    for index, subnet in handed_out.items():
        if address not in subnet.cidr:
            continue
        ends = (subnet.cidr.network_address, subnet.cidr.broadcast_address)
        if address == subnet.gateway or address in ends:
            raise Invalid(
                f"network {found.spec.name} keeps {address} for itself",
                hint=f"Choose another address of {subnet.cidr}, or none",
            )
        return index
    ranges = ", ".join(str(subnet.cidr) for subnet in handed_out.values())
    raise Invalid(
        f"network {found.spec.name} cannot give a card {address}: "
        + (f"its DHCP is for {ranges}" if ranges else "libvirt runs no DHCP for IPv4 there"),
        hint="Choose an address of that range, or none"
        if ranges
        else "Leave the address out and set it inside the guest, or use another network",
    )
