"""Whether one packet passes, and which rule says so."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from itertools import takewhile

from broker.firewall.diagram import has
from broker.firewall.effective import answered
from broker.firewall.guard import Barrier, Guard
from broker.firewall.packet import Packet
from broker.firewall.space import Space, in_order, names_in, peer_name
from broker.firewall.wording import in_words
from broker.model import Action, AddressSetPeer, AttachPoint, Firewall, FirewallRule, Strict


class Reason(Strict):
    """What one attach point of one card says of a packet. ``rule`` is None where none matches."""

    card: int
    point: AttachPoint
    allowed: bool
    firewall: str = ""
    rule: FirewallRule | None = None
    text: str


class Answer(Strict):
    """Whether a packet passes some card of a machine, and the rules that decide it."""

    machine: str
    packet: Packet
    allowed: bool
    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """The answer in one line."""
        return f"{'yes' if self.allowed else 'no'}: {self.packet.text}"


def can(guard: Guard, packet: Packet) -> Answer:
    """Return whether the first packet of a connection passes, with the deciding rules."""
    groups = tuple(
        name
        for name, networks in guard.known.items()
        if any(ip_address(packet.address) in network for network in networks)
    )
    packet = packet.model_copy(update={"groups": (*packet.groups, *groups)})
    platform = [rule for one in guard.platform for rule in one.rules]
    space = Space(names_in([*guard.rules, *platform]), guard.known)
    for traffic in guard.platform:
        if not traffic.filtered and has(space.passing(traffic.rules), packet.point(space)):
            reason = Reason(
                card=0,
                point=AttachPoint.NIC,
                allowed=True,
                text=f"the platform lets it through unasked: {traffic.name}",
            )
            return Answer(machine=guard.machine, packet=packet, allowed=True, reasons=(reason,))
    reasons: list[Reason] = []
    allowed = False
    for index, card in enumerate(guard.cards):
        own = _by_policy(space, card.policy, packet, index) or [
            _at(guard, space, barrier, packet, index) for barrier in card.barriers
        ]
        reasons += own
        allowed = allowed or all(reason.allowed for reason in own)
    return Answer(machine=guard.machine, packet=packet, allowed=allowed, reasons=tuple(reasons))


def _by_policy(
    space: Space, policy: Sequence[FirewallRule], packet: Packet, card: int
) -> list[Reason]:
    """Return what the rules before all firewalls decide; empty when nothing."""
    rule = next((each for each in policy if _speaks_of(space, each, packet.point(space))), None)
    if rule is None:
        return []
    return [
        Reason(
            card=card,
            point=AttachPoint.NETWORK,
            allowed=rule.action is Action.ALLOW,
            rule=rule,
            text=f"the network's policy, whatever firewalls say: {in_words(rule)}",
        )
    ]


def _at(guard: Guard, space: Space, barrier: Barrier, packet: Packet, card: int) -> Reason:
    """Return what decides at one attach point: the firewall that lets it through, or a denier."""
    if not barrier.firewalls:
        return Reason(
            card=card, point=barrier.point, allowed=True, text="no firewall: all is let through"
        )
    said = [
        _by(guard, space, firewall, packet, barrier.point, card) for firewall in barrier.firewalls
    ]
    decided = [reason for reason in said if reason.rule is not None]
    return next((each for each in said if each.allowed), (decided or said)[0])


def _by(
    guard: Guard,
    space: Space,
    firewall: Firewall,
    packet: Packet,
    point: AttachPoint,
    card: int,
) -> Reason:
    rules = [*in_order(firewall.spec.rules), *guard.defaults]
    where = packet.point(space)
    name = firewall.spec.name
    rule = next((each for each in rules if _speaks_of(space, each, where)), None)
    unless = _unless(guard, space, rules, packet, rule)
    if rule is None:
        text = f"{name}: no rule lets it through{unless}"
        return Reason(card=card, point=point, allowed=False, firewall=firewall.id, text=text)
    allowed = _allows(rule)
    text = f"{name}: {_told(rule)}{unless}"
    if allowed and not firewall.spec.stateful and not has(answered(space, rules), where):
        allowed = False
        text += ", but its rules let no answer back"
    return Reason(
        card=card, point=point, allowed=allowed, firewall=firewall.id, rule=rule, text=text
    )


def _unless(
    guard: Guard,
    space: Space,
    rules: Sequence[FirewallRule],
    packet: Packet,
    rule: FirewallRule | None,
) -> str:
    """Return what would decide otherwise were the peer in a set that nobody can read here."""
    for each in takewhile(lambda one: one is not rule, rules):
        name = peer_name(each.peer)
        unread = isinstance(each.peer, AddressSetPeer) and name not in guard.known
        if name is not None and unread and _allows(each) is not _allows(rule):
            member = packet.model_copy(update={"groups": (*packet.groups, name)})
            if _speaks_of(space, each, member.point(space)):
                about = f"{packet.address} is in {name}, which cannot be read here"
                return f", unless {about}: {_told(each)}"
    return ""


def _allows(rule: FirewallRule | None) -> bool:
    return rule is not None and rule.action is Action.ALLOW


def _told(rule: FirewallRule) -> str:
    number = f" (priority {rule.priority})" if rule.priority is not None else ""
    return f"{in_words(rule)}{number}"


def _speaks_of(space: Space, rule: FirewallRule, point: tuple[int, ...]) -> bool:
    return any(
        all(first <= value <= last for value, (first, last) in zip(point, box, strict=True))
        for box in space.boxes_of(rule)
    )
