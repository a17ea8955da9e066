"""Virtual networks."""

from __future__ import annotations

import ipaddress

from adapters.kvm.translate.xml import Element, attribute, dump, element, parse, text
from broker.errors import Invalid
from broker.model import Labels, Network, NetworkSpec, Subnet, SubnetSpec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SMALLEST = {4: 30, 6: 126}
"""Longest prefixes with room for a gateway and a guest."""


def network_xml(spec: NetworkSpec, *, uuid: str, name: str) -> str:
    """Return the XML of a network on a bridge of its own; Invalid for what it cannot have."""
    for version in (4, 6):
        with_dhcp = [s for s in spec.subnets if s.cidr.version == version and s.dhcp]
        if len(with_dhcp) > 1:
            raise Invalid(f"a network can hand out the addresses of one IPv{version} subnet only")
    forward = [element("forward", mode="nat")] if spec.outbound else []
    return dump(
        element(
            "network",
            element("name", text=name),
            element("uuid", text=uuid),
            *forward,
            # a bridge that waits to learn the topology drops a guest's first DHCP requests
            element("bridge", stp="on", delay="0"),
            *(_ip(subnet) for subnet in spec.subnets),
        )
    )


def network(xml: str, *, name: str | None = None, labels: Labels | None = None) -> Network:
    """Return the network of an XML; ``name`` and ``labels`` are those of its note."""
    root = parse(xml)
    own_id = text(root, "uuid") or ""
    specs = [_subnet(ip) for ip in root.iterfind("ip")]
    spec = NetworkSpec(
        name=name or text(root, "name") or own_id,
        subnets=tuple(specs),
        outbound=root.find("forward") is not None,
        labels=labels or {},
    )
    subnets = tuple(Subnet(id=f"{own_id}/{index}", spec=each) for index, each in enumerate(specs))
    return Network(id=own_id, native={"xml": xml}, spec=spec, subnets=subnets)


def bridge(xml: str) -> str | None:
    """Return the name of a running network's bridge."""
    return attribute(parse(xml), "bridge", "name")


def _ip(subnet: SubnetSpec) -> Element:
    cidr = subnet.cidr
    if cidr.prefixlen > SMALLEST[cidr.version]:
        raise Invalid(f"subnet {cidr} has no room for a gateway and a machine")
    gateway: Address = subnet.gateway or cidr[1]
    dhcp = []
    if subnet.dhcp:
        first, last = _free(cidr, gateway)
        dhcp = [element("dhcp", element("range", start=str(first), end=str(last)))]
    return element(
        "ip", *dhcp, family=f"ipv{cidr.version}", address=str(gateway), prefix=cidr.prefixlen
    )


def _free(
    cidr: ipaddress.IPv4Network | ipaddress.IPv6Network, gateway: Address
) -> tuple[Address, Address]:
    """Return the larger run of addresses beside the gateway."""
    # 64 Ki addresses are more than dnsmasq likes to hand out
    last_index = min(cidr.num_addresses - 2, 65534)
    below = int(gateway) - int(cidr[1])
    above = int(cidr[last_index]) - int(gateway)
    if above >= below:
        return gateway + 1, cidr[last_index]
    return cidr[1], gateway - 1


def _subnet(ip: Element) -> SubnetSpec:
    address = ip.get("address")
    prefix = ip.get("prefix") or ip.get("netmask")
    family = ip.get("family", "ipv4")
    # libvirt takes an address without a prefix for a classful network; it writes what it took
    bits = prefix or ("24" if family == "ipv4" else "64")
    interface = ipaddress.ip_interface(f"{address}/{bits}")
    return SubnetSpec(
        cidr=interface.network, gateway=interface.ip, dhcp=ip.find("dhcp") is not None
    )
