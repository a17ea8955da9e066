"""What a rule says beside who: a protocol with its ports, or everything."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from broker.firewall.diagram import ALL, NOTHING, Diagrams, Node, Run
from broker.firewall.space import SIZES, Field
from broker.firewall.wording import WITH_TYPES

PORTS = (0, SIZES[Field.PORT] - 1)
PROTOCOLS = (0, SIZES[Field.PROTOCOL] - 1)

MOST = 10_000
"""Services, or rules: ten times what any provider's firewall holds, and twice what a thousand rules
with denies among them take as allows alone (tests/bench/firewall.py). Single ICMP codes of all
types are 65,536, and chance rule sets were met that filled 15 GiB.
"""


class Service(NamedTuple):
    """Runs of protocols, of ports (or ICMP types and codes) and of source ports."""

    protocol: Run
    port: Run
    source_port: Run

    @property
    def size(self) -> int:
        """How many packets it is, of one peer."""
        size = 1
        for first, last in self:
            size *= last - first + 1
        return size


EVERYTHING = Service(PROTOCOLS, PORTS, PORTS)


class Services:
    """The services in the sets that a peer may use; such sets are about no address any more."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._largest: dict[Node, tuple[Service, ...]] = {}

    def largest(self, allowed: Node) -> tuple[Service, ...]:
        """Return the services in the set that are in no larger one that a rule could say.

        One more than MOST of them stand for any larger number.
        """
        found = self._largest.get(allowed)
        if found is None:
            seen: dict[Service, None] = {}
            for service in self._find(allowed):
                seen[service] = None
                if len(seen) > MOST:
                    break
            found = self._largest[allowed] = tuple(seen)
        return found

    def _find(self, allowed: Node) -> Iterator[Service]:
        if allowed is ALL:
            yield EVERYTHING
            return
        for (first, last), child in self._runs(allowed, Field.PROTOCOL):
            if child is not NOTHING:
                for protocol in range(first, last + 1):
                    own = (protocol, protocol)
                    for port, source_port in self._rectangles(child, protocol):
                        yield Service(own, port, source_port)

    def _rectangles(self, allowed: Node, protocol: int) -> Iterator[tuple[Run, Run]]:
        if allowed is ALL:
            yield PORTS, PORTS
            return
        runs = list(self._runs(allowed, Field.PORT))
        for index, (_, child) in enumerate(runs):
            for source_port in self._allowed_runs(child):
                first = last = index
                while first > 0 and _lets(runs[first - 1][1], source_port):
                    first -= 1
                while last + 1 < len(runs) and _lets(runs[last + 1][1], source_port):
                    last += 1
                port = (runs[first][0][0], runs[last][0][1])
                for piece in _types(port) if protocol in WITH_TYPES else [port]:
                    yield piece, source_port

    def _allowed_runs(self, allowed: Node) -> Iterator[Run]:
        return (run for run, child in self._runs(allowed, Field.SOURCE_PORT) if child is ALL)

    def _runs(self, allowed: Node, field: Field) -> Iterator[tuple[Run, Node]]:
        if allowed.field == field:
            return self._diagrams.runs(allowed)
        return iter([((0, SIZES[field] - 1), allowed)])


def within(service: Service, allowed: Node) -> bool:
    """Tell whether all packets of a service are in a set that is about no address any more."""
    return all(
        _lets(behind, service.source_port)
        for child in _meeting(allowed, Field.PROTOCOL, service.protocol)
        for behind in _meeting(child, Field.PORT, service.port)
    )


def _lets(allowed: Node, source_port: Run) -> bool:
    return all(child is ALL for child in _meeting(allowed, Field.SOURCE_PORT, source_port))


def _meeting(allowed: Node, field: Field, run: Run) -> tuple[Node, ...]:
    """Return what the values of a run lead to."""
    if allowed.field != field:
        return (allowed,)
    first = bisect_right(allowed.starts, run[0]) - 1
    return allowed.children[first : bisect_right(allowed.starts, run[1])]


def _types(run: Run) -> Iterator[Run]:
    """Cut ICMP types and codes into what rules say: everything, all of a type, or one code."""
    first, last = run
    if run == PORTS:
        yield run
        return
    while first <= last:
        end = first | 255
        whole = first & 255 == 0 and end <= last
        yield (first, end) if whole else (first, first)
        first = (end if whole else first) + 1
