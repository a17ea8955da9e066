"""Makes what tests need on one adapter, and clears all of it up, also what was left half-made."""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import NamedTuple

from broker.adapter import Adapter, Kind, Made, NameRule, PublicAddresses
from broker.disks.contract import Sink, Source
from broker.errors import NotFound
from broker.model import (
    MIB,
    CidrPeer,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    Instance,
    InstanceSpec,
    Network,
    NetworkSpec,
    NicSpec,
    PortRange,
    Size,
    SubnetSpec,
    System,
    SystemKind,
    Volume,
    VolumeSpec,
)
from tests.conformance.content import DATA, fill
from tests.conformance.knobs import Knobs

MISSING = "no-such-thing-0000"

USER_DATA = "#!/bin/sh\necho 'é東 \"quoted\" <&>'\n"

HOSTILE = " é東🦊'\"<&>;$(id)`\\%s{}../:@#\t-_."
"""Characters that break a shell, XML, a format string, a path or a narrow encoding."""


def hostile(start: str, rule: NameRule) -> str:
    """Return ``start`` with every hostile character behind it that the rule lets through."""
    name = start
    for char in HOSTILE + "z":
        if fits(name + char, rule):
            name += char
    return name


def fits(name: str, rule: NameRule) -> bool:
    return len(name) <= min(rule.max_length, 255) and bool(re.fullmatch(rule.pattern, name))


class Request(NamedTuple):
    """The arguments of one create_instance, so that it can be sent again."""

    spec: InstanceSpec
    disks: tuple[str, ...]
    offer: str | None
    token: str

    def send(self, adapter: Adapter) -> Instance:
        return adapter.create_instance(self.spec, self.disks, offer=self.offer, token=self.token)


class Machine(NamedTuple):
    """An instance and what it was asked to be."""

    made: Instance
    request: Request

    @property
    def id(self) -> str:
        return self.made.id


class Kit:
    """Every token it gives is registered for clearing up before anything is made with it."""

    def __init__(self, adapter: Adapter, knobs: Knobs, stack: ExitStack) -> None:
        self.adapter = adapter
        self.knobs = knobs
        self.stack = stack

    def token(self) -> str:
        token = f"{self.knobs.prefix}-{secrets.token_hex(6)}"
        self.stack.callback(sweep, self.adapter, token)
        return token

    def name(self) -> str:
        return f"{self.knobs.prefix}-{secrets.token_hex(3)}"

    def volume(self, size: int = 1, **changes: object) -> Volume:
        spec = self.volume_spec(size).model_copy(update=changes)
        return self.adapter.create_volume(spec, token=self.token())

    def volume_spec(self, size: int = 1) -> VolumeSpec:
        return VolumeSpec(name=self.name(), size=max(size, self.adapter.limits.volume_min))

    def sink(self, size: int = MIB) -> tuple[Sink, str]:
        """Return an open sink and its token; it is closed, and the disk deleted, at the end."""
        token = self.token()
        return self.reopen(size, token), token

    def reopen(self, size: int, token: str) -> Sink:
        sink = self.adapter.open_sink(size, name=self.name(), token=token)
        self.stack.callback(sink.close)
        return sink

    def source(self, id: str) -> Source:
        source = self.adapter.open_source(id)
        self.stack.callback(source.close)
        return source

    def disk(self, data: bytes = b"") -> str:
        """Return the id of a committed disk that holds ``data`` and then zeroes."""
        sink, _ = self.sink(max(len(data), 1))
        return fill(sink, data)

    def boot_disk(self) -> str:
        return self.disk(self.boot_data())

    def boot_data(self) -> bytes:
        """Return what is on a boot disk; where nothing boots, something to know again."""
        path = self.knobs.boot_disk
        return path.read_bytes() if path else DATA

    def systems(self) -> list[System]:
        """Return a system of each kind that can be told here; the unknown one where none can."""
        told = self.adapter.limits.system
        named = {SystemKind.LINUX: "ubuntu"} if told.distributions else {}
        kinds = sorted(told.kinds) or [SystemKind.UNKNOWN]
        return [System(kind=kind, distribution=named.get(kind)) for kind in kinds]

    def size(self) -> tuple[Size, str | None]:
        """Return the smallest size an instance can have, and the offer it is where it is one."""
        return self._size(self.knobs.memory_mib)

    def bigger(self) -> tuple[Size, str | None]:
        return self._size(self.size()[0].memory + 64)

    def _size(self, memory: int) -> tuple[Size, str | None]:
        limits = self.adapter.limits
        if limits.any_size:
            return Size(vcpus=1, memory=memory, arch=min(limits.architectures)), None
        offers = [
            offer
            for offer in self.adapter.sizes()
            if offer.size.arch in limits.architectures
            and offer.size.memory >= memory
            and self.knobs.firmware in {*offer.firmware, "unknown"}
        ]
        offer = min(offers, key=lambda offer: (offer.size.memory, offer.size.vcpus, offer.id))
        return offer.size, offer.id

    def cidr(self) -> ipaddress.IPv4Network:
        """Return a /24 that is hardly ever the one of another test."""
        room = ipaddress.IPv4Network(self.knobs.cidrs)
        count = room.num_addresses // 256
        return ipaddress.IPv4Network((room[256 * secrets.randbelow(count)], 24))

    def network(self, **changes: object) -> Network:
        return self.adapter.create_network(self.network_spec(**changes), token=self.token())

    def network_spec(self, **changes: object) -> NetworkSpec:
        spec = NetworkSpec(name=self.name(), subnets=(SubnetSpec(cidr=self.cidr()),))
        return spec.model_copy(update=changes)

    def firewall(self, network: str, *rules: FirewallRule) -> Firewall:
        spec = FirewallSpec(name=self.name(), network=network, rules=rules or (self.rule(22),))
        return self.adapter.create_firewall(spec, token=self.token())

    def firewall_around(self, network: Network, *rules: FirewallRule) -> FirewallSpec:
        """Return the wish for a firewall around a network's first subnet."""
        around = self.adapter.limits.subnet_firewall
        return FirewallSpec(
            name=self.name(),
            network=network.id,
            subnet=network.subnets[0].id,
            rules=rules,
            stateful=around is None or not around.stateless,
        )

    def rule(self, port: int, priority: int | None = None) -> FirewallRule:
        """Return a rule every provider can hold; only ordered ones get a priority."""
        ordered = self.adapter.limits.firewall.priorities
        return FirewallRule(
            direction=Direction.INGRESS,
            family=Family.IPV4,
            peer=CidrPeer(cidr=ipaddress.IPv4Network("192.0.2.0/24")),
            protocol=6,
            ports=PortRange(first=port, last=port),
            priority=_priority(port, *ordered) if ordered and priority is None else priority,
        )

    def request(self, network: str, *disks: str, **changes: object) -> Request:
        """Return what makes the smallest machine from ``disks``, with one card."""
        size, offer = self.size()
        boot = self.knobs.boot_disk
        least = max(self.adapter.limits.volume_min, boot.stat().st_size if boot else len(DATA))
        spec = InstanceSpec(
            name=self.name(),
            size=size,
            firmware=self.knobs.firmware,
            volumes=tuple(
                VolumeSpec(
                    name=self.name(), size=least, boot=place == 0, labels={"place": str(place)}
                )
                for place in range(len(disks))
            ),
            nics=(NicSpec(network=network),),
        )
        return Request(spec.model_copy(update=changes), disks, offer, self.token())

    def instance(self, network: str, *data: bytes, **changes: object) -> Machine:
        """Make a machine with its boot disk and one more disk for each ``data``."""
        disks = (self.boot_disk(), *(self.disk(more) for more in data))
        request = self.request(network, *disks, **changes)
        return Machine(request.send(self.adapter), request)


def _priority(port: int, lowest: int, highest: int) -> int:
    """Return one that rules for different ports hardly share: some providers forbid that."""
    return lowest + port % (highest - lowest)


def public_key() -> str:
    """Return a well-formed ed25519 public key that nobody has the other half of."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + secrets.token_bytes(32)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def sweep(adapter: Adapter, token: str) -> None:
    """Delete all that was made with ``token``, users before what they use."""
    order = list(_DELETE)
    for made in sorted(adapter.made(token), key=lambda made: order.index(made.kind)):
        _DELETE[made.kind](adapter, made)


def _delete_volume(adapter: Adapter, made: Made) -> None:
    with suppress(NotFound):  # it went with its instance
        adapter.detach_volume(made.id)
    adapter.delete_volume(made.id)


def _delete_public_address(adapter: Adapter, made: Made) -> None:
    assert isinstance(adapter, PublicAddresses)
    adapter.delete_public_address(made.id)


_DELETE: dict[Kind, Callable[[Adapter, Made], None]] = {
    Kind.INSTANCE: lambda adapter, made: adapter.delete_instance(made.id),
    Kind.PUBLIC_ADDRESS: _delete_public_address,
    Kind.IMAGE: lambda adapter, made: adapter.delete_image(made.id),
    Kind.SNAPSHOT: lambda adapter, made: adapter.delete_snapshot(made.id),
    Kind.VOLUME: _delete_volume,
    Kind.DISK: lambda adapter, made: adapter.delete_disk(made.id),
    Kind.FIREWALL: lambda adapter, made: adapter.delete_firewall(made.id),
    Kind.NETWORK: lambda adapter, made: adapter.delete_network(made.id),
}
