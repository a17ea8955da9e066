"""Values of the canonical model, for property tests."""

from __future__ import annotations

import ipaddress
from datetime import UTC
from typing import Literal

from hypothesis import strategies as st

from broker.model import (
    GIB,
    ICMP,
    ICMPV6,
    MIB,
    TCP,
    UDP,
    Action,
    AddressSetPeer,
    Arch,
    Attachment,
    AttachPoint,
    Bus,
    CidrPeer,
    Direction,
    Family,
    Fidelity,
    Firewall,
    FirewallRule,
    FirewallSpec,
    Firmware,
    GroupPeer,
    Icmp,
    Image,
    Instance,
    InstanceSpec,
    KeyPair,
    KeyPairSpec,
    Loss,
    Money,
    Network,
    NetworkSpec,
    Nic,
    NicSpec,
    Offer,
    Peer,
    PortRange,
    Power,
    PublicAddress,
    Size,
    Snapshot,
    State,
    Subnet,
    SubnetSpec,
    System,
    SystemKind,
    Volume,
    VolumeSpec,
)
from broker.model.system import DISTRIBUTION

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
labels = st.dictionaries(names, text, max_size=4)
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
times = st.datetimes(timezones=st.just(UTC))
booleans = st.booleans()
maybe = st.none

json_values = st.recursive(
    st.none() | booleans | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
natives = st.dictionaries(text, json_values, max_size=3)

systems = st.just(System(kind=SystemKind.WINDOWS)) | st.builds(
    System,
    kind=st.sampled_from([SystemKind.LINUX, SystemKind.UNKNOWN]),
    distribution=maybe() | st.from_regex(DISTRIBUTION, fullmatch=True),
)
archs = st.sampled_from(Arch)
firmwares = st.sampled_from(Firmware)
ipv4 = st.ip_addresses(v=4)
ipv6 = st.ip_addresses(v=6)
addresses = ipv4 | ipv6
macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))


@st.composite
def cidrs(
    draw: st.DrawFn, version: Literal[4, 6] | None = None
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Networks of every prefix length, the empty prefix and single hosts among them."""
    address = draw(st.ip_addresses(v=version) if version else addresses)
    length = draw(st.integers(0, address.max_prefixlen))
    return ipaddress.ip_network((address, length), strict=False)


sizes = st.builds(
    Size,
    vcpus=st.integers(1, 512),
    memory=st.integers(1, 24 * 1024 * 1024),
    arch=archs,
    gpus=st.integers(0, 16),
)
money = st.builds(
    Money,
    amount=st.decimals(
        allow_nan=False, allow_infinity=False, min_value=0, max_value=10**6, places=6
    ),
    currency=st.from_regex(r"[A-Z]{3}", fullmatch=True),
)
offers = st.builds(
    Offer,
    id=ids,
    size=sizes,
    firmware=st.frozensets(firmwares),
    price_per_hour=maybe() | money,
    local_disk=maybe() | st.integers(0, 10**13),
    disks=maybe() | st.integers(1, 64),
    nics=maybe() | st.integers(1, 16),
    burstable=maybe() | booleans,
    bare_metal=booleans,
    current=booleans,
)

volume_sizes = (
    st.integers(1, 1024)
    | st.integers(1, 64).map(lambda gib: gib * GIB)
    | st.integers(1, 4096).map(lambda mib: mib * MIB)
)


def volume_specs(*, boot: bool = False) -> st.SearchStrategy[VolumeSpec]:
    return st.builds(
        VolumeSpec,
        name=names,
        size=volume_sizes,
        boot=st.just(boot),
        bus=st.sampled_from(Bus),
        kind=maybe() | names,
        iops=maybe() | st.integers(1, 2**31),
        mibps=maybe() | st.integers(1, 2**31),
        encrypted=maybe() | booleans,
        labels=labels,
    )


volumes = st.builds(
    Volume,
    id=ids,
    native=natives,
    spec=volume_specs(),
    instance=maybe() | ids,
    device=maybe() | st.just("/dev/vda"),
)
snapshots = st.builds(
    Snapshot,
    id=ids,
    native=natives,
    name=text,
    volume=maybe() | ids,
    size=volume_sizes,
    complete=booleans,
    created_at=maybe() | times,
    labels=labels,
)
images = st.builds(
    Image,
    id=ids,
    native=natives,
    name=text,
    arch=archs,
    firmware=firmwares,
    size=maybe() | volume_sizes,
    ready=booleans,
    labels=labels,
)


@st.composite
def subnet_specs(draw: st.DrawFn) -> SubnetSpec:
    cidr = draw(cidrs())
    inside = st.integers(0, cidr.num_addresses - 1).map(lambda place: cidr[place])
    return SubnetSpec(
        name=draw(text), cidr=cidr, gateway=draw(maybe() | inside), dhcp=draw(booleans)
    )


network_specs = st.builds(
    NetworkSpec,
    name=names,
    subnets=st.lists(subnet_specs(), max_size=3).map(tuple),
    outbound=booleans,
    labels=labels,
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    spec = draw(network_specs)
    subnets = tuple(
        Subnet(id=draw(ids), native=draw(natives), spec=subnet, zone=draw(maybe() | ids))
        for subnet in spec.subnets
    )
    return Network(id=draw(ids), native=draw(natives), spec=spec, subnets=subnets)


nic_specs = st.builds(
    NicSpec,
    network=ids,
    subnet=maybe() | ids,
    mac=maybe() | macs,
    addresses=st.lists(addresses, max_size=2).map(tuple),
    public=booleans,
    firewalls=st.lists(ids, max_size=2).map(tuple),
)
nics = st.builds(
    Nic,
    id=ids,
    native=natives,
    spec=nic_specs,
    public_addresses=st.lists(addresses.map(str), max_size=2).map(tuple),
)
public_addresses = st.builds(
    PublicAddress, id=ids, native=natives, address=addresses, instance=maybe() | ids, labels=labels
)

ports = st.integers(0, 65535)
port_ranges = st.tuples(ports, ports).map(lambda pair: PortRange(first=min(pair), last=max(pair)))
icmps = st.builds(Icmp, type=st.integers(0, 255), code=maybe() | st.integers(0, 255)) | st.just(
    Icmp()
)


@st.composite
def firewall_rules(draw: st.DrawFn, *, ordered: bool | None = None) -> FirewallRule:
    """Rules of an ordered firewall have a priority and may deny; others have none and allow."""
    with_priority = draw(booleans) if ordered is None else ordered
    family = draw(st.sampled_from(Family))
    peers: st.SearchStrategy[Peer] = st.one_of(
        st.builds(CidrPeer, cidr=cidrs(4 if family is Family.IPV4 else 6)),
        st.builds(GroupPeer, firewall=ids),
        st.builds(AddressSetPeer, address_set=ids),
    )
    icmp = ICMP if family is Family.IPV4 else ICMPV6
    protocol = draw(maybe() | st.sampled_from([TCP, UDP, 132, icmp]) | st.integers(0, 255))
    has_ports, has_types = protocol in (TCP, UDP, 132), protocol in (ICMP, ICMPV6)
    return FirewallRule(
        direction=draw(st.sampled_from(Direction)),
        action=draw(st.sampled_from(Action)) if with_priority else Action.ALLOW,
        family=family,
        peer=draw(peers),
        protocol=protocol,
        ports=draw(maybe() | port_ranges) if has_ports else None,
        source_ports=draw(maybe() | port_ranges) if has_ports else None,
        icmp=draw(maybe() | icmps) if has_types else None,
        priority=draw(st.integers(-1000, 65535)) if with_priority else None,
        description=draw(text),
    )


firewall_specs = st.builds(
    FirewallSpec,
    name=names,
    network=maybe() | ids,
    rules=st.lists(firewall_rules(), max_size=3).map(tuple),
    stateful=booleans,
    description=text,
    labels=labels,
)
firewalls = st.builds(
    Firewall,
    id=ids,
    native=natives,
    spec=firewall_specs,
    attached=st.lists(
        st.builds(Attachment, point=st.sampled_from(AttachPoint), id=ids), max_size=2
    ).map(tuple),
)

key_pair_specs = st.builds(
    KeyPairSpec,
    name=names,
    public_key=st.from_regex(r"ssh-(rsa|ed25519) [A-Za-z0-9+/]{20,40}={0,2}", fullmatch=True),
)
key_pairs = st.builds(
    KeyPair, id=ids, native=natives, name=names, fingerprint=text, public_key=maybe() | text
)

states = st.builds(
    State,
    power=st.sampled_from(Power),
    allocated=maybe() | booleans,
    task=maybe() | text,
    native=text,
    reason=maybe() | text,
    observed_at=times,
)


@st.composite
def instance_specs(draw: st.DrawFn) -> InstanceSpec:
    data = draw(st.lists(volume_specs(), max_size=2))
    return InstanceSpec(
        name=draw(names),
        size=draw(sizes),
        firmware=draw(firmwares),
        system=draw(systems),
        volumes=(draw(volume_specs(boot=True)), *data) if draw(booleans) else (),
        nics=tuple(draw(st.lists(nic_specs, max_size=2))),
        key_pair=draw(maybe() | names),
        user_data=draw(maybe() | text),
        labels=draw(labels),
    )


instances = st.builds(
    Instance,
    id=ids,
    native=natives,
    spec=instance_specs(),
    state=states,
    volumes=st.lists(ids, max_size=2).map(tuple),
    nics=st.lists(nics, max_size=2).map(tuple),
    offer=maybe() | ids,
    zone=maybe() | ids,
    billed_as=maybe() | st.sampled_from(["linux", "windows", "rhel"]),
    user_data_told=booleans,
    local_disk=maybe() | st.integers(0, 10**13),
    unreadable=maybe() | text,
    created_at=maybe() | times,
)
losses = st.builds(
    Loss,
    field=names,
    fidelity=st.sampled_from(Fidelity),
    before=text,
    after=text,
    reason=text,
    blocking=booleans,
)
