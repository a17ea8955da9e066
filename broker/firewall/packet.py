"""One packet, said and understood: ``tcp/443 from 203.0.113.7``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from typing import Annotated, Self

from pydantic import Field as Bounded
from pydantic.networks import IPvAnyAddress

from broker.errors import ConfigError
from broker.firewall.diagram import Box
from broker.firewall.space import DIRECTIONS, FAMILIES, Field, Space, run_of
from broker.firewall.wording import PROTOCOLS, WAYS, WITH_TYPES, protocol_name
from broker.model import ICMP, ICMPV6, WITH_PORTS, Direction, Family, Strict
from broker.model.firewall import Port

EPHEMERAL_PORT = 50000
"""Where nobody says which source port: one of those clients choose from (RFC 6335)."""

ECHO = {ICMP: 8, ICMPV6: 128}
"""Where nobody says which ICMP type: the question of a ping."""

ICMP_VERSIONS = {ICMP: 4, ICMPV6: 6}
"""The internet protocol that each ICMP belongs to."""

HINT = "Say PROTOCOL/PORT from|to ADDRESS, as in: tcp/443 from 203.0.113.7"
_GRAMMAR = re.compile(
    r"(?P<protocol>[a-z0-9]+)(/(?P<port>\d+))?(/(?P<code>\d+))?"
    r"\s+(?P<way>from|to)\s+(?P<address>\S+)(\s+port\s+(?P<source>\d+))?",
    re.IGNORECASE,
)
_NUMBERS = {name: number for number, name in PROTOCOLS.items()}


class Packet(Strict):
    """The first packet of a connection, seen from the machine.

    ``port`` is the destination's, or ICMP's type times 256 plus code; 0 where there is none.
    ``groups`` are the named peers that the other end belongs to.
    """

    direction: Direction
    address: IPvAnyAddress
    protocol: Annotated[int, Bounded(ge=0, le=255)]
    port: Port = 0
    source_port: Port = 0
    groups: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the packet that ``text`` says; ConfigError when it says none."""
        said = _GRAMMAR.fullmatch(" ".join(text.split()))
        if said is None:
            raise ConfigError(f'"{text}" is no packet', hint=HINT)
        address = _address(said["address"])
        word = said["protocol"].lower()
        if word == "icmp" and address.version == 6:
            word = "icmpv6"
        protocol = _NUMBERS.get(word, int(word) if word.isdecimal() else -1)
        if not 0 <= protocol <= 255:
            known = ", ".join(PROTOCOLS.values())
            hint = f"Say {known}, or a number from 0 to 255"
            raise ConfigError(f"there is no protocol called {word}", hint=hint)
        port = int(said["port"]) if said["port"] else 0
        if protocol in WITH_PORTS and not said["port"]:
            raise ConfigError(f"{word} needs a port", hint=HINT)
        if protocol in WITH_TYPES:
            port = _type_and_code(text, protocol, address.version, said["port"], said["code"])
        elif protocol not in WITH_PORTS and (said["port"] or said["source"]):
            raise ConfigError(f"{protocol_name(protocol)} has no ports", hint=HINT)
        source = int(said["source"] or EPHEMERAL_PORT) if protocol in WITH_PORTS else 0
        if max(port, source) > 65535 or (said["code"] and protocol not in WITH_TYPES):
            raise ConfigError(f'"{text}" has no such port', hint=HINT)
        return cls(
            direction=Direction.INGRESS if said["way"].lower() == "from" else Direction.EGRESS,
            address=address,
            protocol=protocol,
            port=port,
            source_port=source,
        )

    @classmethod
    def of(cls, box: Box, names: Sequence[str]) -> Self:
        """Return one packet of a box."""
        firsts = [first for first, _ in box]
        family = FAMILIES[firsts[Field.FAMILY]]
        number = firsts[Field.ADDRESS]
        members = box[len(Field) :]
        return cls(
            direction=DIRECTIONS[firsts[Field.DIRECTION]],
            address=ipaddress.IPv4Address(number >> 96)
            if family is Family.IPV4
            else ipaddress.IPv6Address(number),
            protocol=_usual(box[Field.PROTOCOL]),
            port=firsts[Field.PORT],
            source_port=box[Field.SOURCE_PORT][1],
            groups=tuple(name for name, run in zip(names, members, strict=True) if run == (1, 1)),
        )

    @property
    def family(self) -> Family:
        """The internet protocol of its addresses."""
        return Family.IPV4 if self.address.version == 4 else Family.IPV6

    @property
    def text(self) -> str:
        """The packet in the words that ``parse`` understands, and the groups of its peer."""
        words = protocol_name(self.protocol) if self.protocol in PROTOCOLS else str(self.protocol)
        if self.protocol in WITH_PORTS:
            words += f"/{self.port}"
        if self.protocol in WITH_TYPES:
            words += f"/{self.port >> 8}/{self.port & 255}"
        words += f" {WAYS[self.direction]} {self.address}"
        if self.protocol in WITH_PORTS:
            words += f" port {self.source_port}"
        return words + "".join(f" in {group}" for group in self.groups)

    def point(self, space: Space) -> tuple[int, ...]:
        """Return the packet as a point of a space."""
        member: Collection[str] = self.groups
        return (
            DIRECTIONS.index(self.direction),
            FAMILIES.index(self.family),
            run_of(ipaddress.ip_network(self.address))[0],
            self.protocol,
            self.port,
            self.source_port,
            *(int(name in member) for name in space.names),
        )


def _usual(run: tuple[int, int]) -> int:
    """Return a protocol people know, where there is a choice."""
    return next((one for one in PROTOCOLS if run[0] <= one <= run[1]), run[0])


def _type_and_code(text: str, protocol: int, version: int, kind: str, code: str) -> int:
    """Return ICMP's type times 256 plus code: those of a ping where nothing is said."""
    if version != ICMP_VERSIONS[protocol]:
        raise ConfigError(
            f"{protocol_name(protocol)} is never in an IPv{version} packet",
            hint="Say icmp: it is the one of the address's family",
        )
    numbers = int(kind or ECHO[protocol]), int(code or 0)
    if max(numbers) > 255:
        hint = f"Say {protocol_name(protocol)}/TYPE/CODE, each from 0 to 255"
        raise ConfigError(f'"{text}" has no such type or code', hint=hint)
    return numbers[0] << 8 | numbers[1]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise ConfigError(f"{text} is no address", hint=HINT) from error
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        # such addresses stand for IPv4 inside a program; what is on the wire is an IPv4 packet
        raise ConfigError(f"{text} is never on the wire", hint=f"Say {mapped}")
    return address
