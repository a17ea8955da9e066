"""Whether two sets of packets are the same, with a packet to show where they are not."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice

from broker.firewall.diagram import NOTHING, Node
from broker.firewall.packet import Packet
from broker.firewall.space import Space
from broker.firewall.wording import packets_in_words
from broker.model import Strict

TOLD_BOXES = 1000
"""Enough to find every range of a service; a difference in more pieces is told in part."""

TOLD = 5
"""Lines of a difference that are told; the rest is counted."""


class Verdict(StrEnum):
    """How what passes on the second side stands to what passes on the first."""

    EQUAL = "equal"
    TIGHTER = "tighter"
    WIDER = "wider"
    DIFFERENT = "different"


class Proof(Strict):
    """The verdict on two sets, the packets in only one of them, and one packet of each kind."""

    verdict: Verdict
    tighter_by: tuple[str, ...] = ()
    wider_by: tuple[str, ...] = ()
    stopped: Packet | None = None
    let_in: Packet | None = None

    @property
    def never_wider(self) -> bool:
        """Whether nothing passes on the second side that does not pass on the first."""
        return self.verdict in (Verdict.EQUAL, Verdict.TIGHTER)

    @property
    def text(self) -> str:
        """The verdict in one line: ``equal``, or ``tighter by: tcp/8443 from 10.1.0.0/16``."""
        told = [
            f"{way} by: {_some(lines)}"
            for way, lines in (("tighter", self.tighter_by), ("wider", self.wider_by))
            if lines
        ]
        return "; ".join(told) or "equal"


def compare(space: Space, before: Node, after: Node) -> Proof:
    """Return how ``after`` stands to ``before``; both are sets of ``space``."""
    if before is after:
        return Proof(verdict=Verdict.EQUAL)
    stopped = space.diagrams.but_not(before, after)
    let_in = space.diagrams.but_not(after, before)
    verdict = Verdict.DIFFERENT
    if let_in is NOTHING:
        verdict = Verdict.TIGHTER
    elif stopped is NOTHING:
        verdict = Verdict.WIDER
    return Proof(
        verdict=verdict,
        tighter_by=told(space, stopped),
        wider_by=told(space, let_in),
        stopped=_example(space, stopped),
        let_in=_example(space, let_in),
    )


def told(space: Space, packets: Node) -> tuple[str, ...]:
    """Return a set in words, one line a service."""
    boxes = islice(space.diagrams.boxes(packets), TOLD_BOXES)
    return tuple(packets_in_words(boxes, space.names))


def _example(space: Space, packets: Node) -> Packet | None:
    for box in space.diagrams.boxes(packets):
        return Packet.of(box, space.names)
    return None


def _some(lines: tuple[str, ...]) -> str:
    more = len(lines) - TOLD
    return "; ".join(lines[:TOLD]) + (f"; and {more} more" if more > 0 else "")
