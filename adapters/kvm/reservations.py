"""Private addresses of cards: what DHCP leased, and what it is told to keep for one card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, ip_address

import libvirt

from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.host import Host
from adapters.kvm.naming import mac_for
from adapters.kvm.translate.instance import Address, Addresses, interfaces
from adapters.kvm.translate.reservation import Reservation, host_xml, place, reservations
from adapters.kvm.translate.xml import parse
from broker.errors import Conflict, NotFound, Unsupported
from broker.model import NicSpec


def wished(nic: NicSpec) -> Reservation | None:
    """Return what a card's wish for an address asks its network to keep; it has one at most."""
    for address in nic.addresses:
        if isinstance(address, IPv4Address):
            mac = nic.mac or mac_for(nic.network, address)
            return Reservation(network=nic.network, mac=mac, address=address)
    return None


def addresses(networks: Iterable[libvirt.virNetwork]) -> Addresses:
    """Return what networks leased to cards and keep for them, for machines that are off as well.

    An address that is kept is told until the card leases one of its family, which then counts.
    """
    found: dict[tuple[str, str], tuple[Address, ...]] = {}
    for each in networks:
        try:
            with calling("read network"):
                id = each.UUIDString()  # noqa: A001
                leased = each.DHCPLeases() if each.isActive() else []
                kept = reservations(each.XMLDesc())
        except (NotFound, Conflict, Unsupported):
            continue  # deleted or stopped since it was listed, or of a kind without leases
        for lease in leased:
            card = (id, lease["mac"])
            found[card] = (*found.get(card, ()), ip_address(lease["ipaddr"]))
        for one in kept:
            card = (id, one.mac)
            others = found.get(card, ())
            if all(address.version != one.address.version for address in others):
                found[card] = (one.address, *others)
    return found


def is_reserved(host: Host, wish: Reservation) -> bool:
    """Tell whether the network keeps exactly this already."""
    found = host.network(wish.network)
    with calling("read network"):
        return wish in reservations(found.XMLDesc())


def check(host: Host, wish: Reservation, instance: str) -> None:
    """Raise Conflict when the address or the card's hardware address is another's, or Invalid."""
    found = host.network(wish.network)
    with calling("read network"):
        xml, name = found.XMLDesc(), found.name()
        leased = found.DHCPLeases() if found.isActive() else []
    place(xml, wish.address)
    for kept in reservations(xml):
        if (kept.address == wish.address) != (kept.mac == wish.mac):
            raise _taken(
                f"network {name} keeps {kept.address} for the card {kept.mac}",
                f"Choose another address than {wish.address}, or delete the machine of that card",
            )
    for lease in leased:
        if lease["ipaddr"] == str(wish.address) and lease["mac"] != wish.mac:
            raise _taken(
                f"{wish.address} is leased to the card {lease['mac']} of network {name}",
                "Choose another address, or wait for the end of the lease: "
                f"virsh net-dhcp-leases {name}",
            )
    other = _wearer(host, wish, name, instance)
    if other is not None:
        raise _taken(
            f"the card {wish.mac} of network {name} is on machine {other}",
            f"Choose another address than {wish.address}, or another hardware address",
        )


def reserve(host: Host, wish: Reservation, instance: str) -> None:
    """Have the network keep the address for the card; quiet when it does, Conflict as in check."""
    check(host, wish, instance)
    found = host.network(wish.network)
    with calling("reserve address"):
        for reading, changing in _sides(found):
            xml = found.XMLDesc(reading)
            if wish not in reservations(xml):
                _update(found, _ADD, place(xml, wish.address), wish, changing)


def release(host: Host, wish: Reservation, instance: str) -> None:
    """Have the network forget it; quiet when it is gone. Another machine's card keeps its own."""
    try:
        found = host.network(wish.network)
        with calling("release address"):
            if _wearer(host, wish, found.name(), instance) is not None:
                return
            for reading, changing in _sides(found):
                kept = reservations(found.XMLDesc(reading))
                if wish in kept:
                    _update(found, _DELETE, kept[wish], wish, changing)
    except NotFound:
        return


def _update(
    network: libvirt.virNetwork, command: int, place: int, wish: Reservation, side: int
) -> None:
    section = libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST
    try:
        network.update(command, section, place, host_xml(wish), side)
    except libvirt.libvirtError:
        reading = 0 if side == libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE else _INACTIVE
        # another thread with the same token did the same at this moment
        if (wish in reservations(network.XMLDesc(reading))) != (command == _ADD):
            raise


def _sides(network: libvirt.virNetwork) -> Iterator[tuple[int, int]]:
    """Yield how to read and how to change the running network, and the one that is defined."""
    if network.isActive():
        yield 0, libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
    if network.isPersistent():
        yield _INACTIVE, libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG


def _wearer(host: Host, wish: Reservation, network: str, instance: str) -> str | None:
    """Return the name of another domain that has the card on the network."""
    for domain, xml in host.domains():
        for card in interfaces(parse(xml)):
            if (card.network, card.mac) == (network, wish.mac) and (
                domain.UUIDString() != instance
            ):
                return str(domain.name())
    return None


def _taken(message: str, hint: str) -> Conflict:
    return Conflict(message, hint=hint, provider=PROVIDER)


_INACTIVE = libvirt.VIR_NETWORK_XML_INACTIVE
_ADD = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST
_DELETE = libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE
