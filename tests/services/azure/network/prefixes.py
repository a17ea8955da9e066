"""Address ranges: how they are written, which are allowed, how they lie in each other.

https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from tests.services.azure.arm.errors import bad_request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# multicast, broadcast, loopback, link-local, and Azure's own address
FORBIDDEN = [
    ipaddress.ip_network(each)
    for each in (
        "224.0.0.0/4",
        "255.255.255.255/32",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
    )
]
# a virtual network and a subnet are from /2 to /29; a subnet of IPv6 is a /64
LARGEST, SMALLEST, IPV6_SUBNET = 2, 29, 64
# the network, the gateway, two for DNS; and the broadcast address at the other end
RESERVED = 4


def parse(prefix: str, owner: str) -> Network:
    """Return the range; ArmError where it is not well written or not allowed."""
    try:
        found = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        found = None
    if found is None or "/" not in prefix:
        raise bad_request(
            "InvalidAddressPrefixFormat",
            f"Address prefix {prefix} of resource {owner} is not formatted correctly. It should "
            "follow CIDR notation, for example 10.0.0.0/24.",
        )
    if str(found.network_address) != prefix.partition("/")[0].lower():
        raise bad_request(
            "InvalidCIDRNotation",
            f"The address prefix {prefix} in resource {owner} has an invalid CIDR notation. For "
            f"the given prefix length, the address prefix should be {found}.",
        )
    if any(found.version == 4 and found.overlaps(each) for each in FORBIDDEN):
        raise bad_request(
            "ReservedAddressPrefix",
            f"The address prefix {prefix} of resource {owner} lies in a range Azure reserves.",
        )
    return found


def inside(inner: Network, outer: Iterable[Network]) -> bool:
    """Whether one of ``outer`` holds all of ``inner``."""
    return any(
        inner.version == each.version
        and int(each.network_address) <= int(inner.network_address)
        and int(inner.broadcast_address) <= int(each.broadcast_address)
        for each in outer
    )


def is_reserved(address: Address, network: Network) -> bool:
    """Whether Azure keeps the address for itself: the first four and the last."""
    offset = int(address) - int(network.network_address)
    return offset < RESERVED or address == network.broadcast_address


def usable(network: Network) -> range:
    """The addresses a machine may have, as numbers."""
    return range(int(network.network_address) + RESERVED, int(network.broadcast_address))


def address(written: str) -> Address:
    """Return the address; ArmError where it is none."""
    try:
        return ipaddress.ip_address(written)
    except ValueError:
        raise bad_request(
            "InvalidIPAddressFormat", f"The format of the IP address {written} is invalid."
        ) from None
