"""Rules of one provider in the form of another: the same packets, or fewer, with a proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from broker.adapter import FirewallLimits
from broker.firewall import losses as told
from broker.firewall.budget import dealt, firewalls_needed, numbered
from broker.firewall.case import Case
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.effective import Layer
from broker.firewall.needless import common, without_needless
from broker.firewall.pack import pack
from broker.firewall.proof import Proof, compare
from broker.firewall.rewrite import rewritten
from broker.firewall.space import DIRECTIONS, FAMILIES, Field, Known
from broker.model import EVERYONE, Action, FirewallRule, FirewallSpec, Loss, Strict


class Translation(Strict):
    """What stands on the target for one firewall: ``parts``, worn together, and what it lost.

    ``proof`` compares what the parts let through with what the source does.
    """

    parts: tuple[FirewallSpec, ...]
    losses: tuple[Loss, ...]
    proof: Proof


def translate(
    spec: FirewallSpec,
    limits: FirewallLimits,
    *,
    behind: Sequence[Layer] = (),
    defaults: Sequence[FirewallRule] = (),
    references: Collection[str] = (),
    known: Known | None = None,
) -> Translation:
    """Return firewalls a target with ``limits`` can hold that let no packet through ``spec`` stops.

    ``behind`` are layers of the source that stand behind it on every card that wears it;
    ``defaults`` the rules the source puts behind its own. ``references`` are the names of peers
    (see ``peer_name``) that are on the target too; of the others ``known`` has the addresses. What
    cannot be said is told in the losses, and blocks where nothing acceptable is left.
    """
    case = Case.of(spec, limits, behind, defaults, references, known or {})
    form = min(_forms(case), key=lambda form: form.cost(limits))
    parts = _parts(case, form)
    proof = compare(case.space, case.judged(case.before), case.judged(case.after(parts)))
    count = sum(len(part.rules) for part in parts)
    losses = [
        *told.of_rules(case),
        *told.of_references(case),
        *told.of_state(case),
        *told.of_form(case, own=form.own, rules=count, firewalls=len(parts)),
        *told.of_budget(case, form.rules, one=form.denies),
        *told.of_proof(case, proof),
    ]
    return Translation(parts=parts, losses=tuple(losses), proof=proof)


class _Form(NamedTuple):
    """One way to write the set: the source's ``own`` rules, or as few as allow it."""

    rules: list[FirewallRule]
    own: bool

    @property
    def denies(self) -> bool:
        """Whether the order matters, so that the rules cannot be spread over several firewalls."""
        return any(rule.action is Action.DENY for rule in self.rules)

    def cost(self, limits: FirewallLimits) -> tuple[bool, int, int, bool]:
        """Return what to keep small: too many firewalls, firewalls, rules, rules not the own."""
        needed = firewalls_needed(self.rules, limits)
        most = 1 if self.denies else limits.groups_per_nic or needed
        return needed > most, needed, len(self.rules), not self.own


def _forms(case: Case) -> Iterator[_Form]:
    packed = pack(case.space, case.wanted, case.peers)
    packed = _described(case, without_needless(case.space, packed))
    yield _Form(packed, own=False)
    if case.alone and (case.forgets or case.spec.stateful):
        own = rewritten(case.rules, case.limits, case.peers, case.known)
        if case.space.passing(own) is case.wanted:
            yield _Form(without_needless(case.space, own), own=True)


def _described(case: Case, rules: Sequence[FirewallRule]) -> list[FirewallRule]:
    """Give each rule the description of the first of the source's that it takes packets from."""
    said = [
        (box, rule.description)
        for rule in case.rules
        if rule.description and rule.action is Action.ALLOW
        for box in case.space.boxes_of(rule)
    ]
    if not said:
        return list(rules)
    described = []
    for rule in rules:
        boxes = list(case.space.boxes_of(rule))
        words = (text for box, text in said if any(common(box, own) for own in boxes))
        described.append(rule.model_copy(update={"description": next(words, "")}))
    return described


def _parts(case: Case, form: _Form) -> tuple[FirewallSpec, ...]:
    spread = [form.rules] if form.denies else dealt(form.rules, case.limits)
    return tuple(
        case.spec.model_copy(
            update={
                "name": case.spec.name if number == 1 else f"{case.spec.name}-{number}",
                "rules": tuple(numbered([*rules, *_tail(case, rules)], case.limits)),
                "stateful": not case.forgets,
            }
        )
        for number, rules in enumerate(spread, 1)
    )


def _tail(case: Case, rules: Sequence[FirewallRule]) -> list[FirewallRule]:
    """Return denies for what the target's defaults would let in behind the rules.

    Before them goes what the platform itself needs and those denies would stop.
    """
    if not case.limits.defaults:
        return []
    diagrams = case.space.diagrams
    passing = case.space.passing([*rules, *case.limits.defaults])
    too_much = case.judged(diagrams.but_not(passing, case.wanted))
    tail: list[FirewallRule] = []
    for way, direction in enumerate(DIRECTIONS):
        for kind, family in enumerate(FAMILIES):
            if diagrams.both(too_much, _half(case, way, kind)) is NOTHING:
                continue
            tail += [
                rule
                for traffic in case.limits.platform
                if traffic.filtered
                for rule in traffic.rules
                if (rule.direction, rule.family) == (direction, family)
            ]
            tail.append(
                FirewallRule(
                    direction=direction,
                    action=Action.DENY,
                    family=family,
                    peer=EVERYONE[family],
                    priority=0,
                    description="what no rule lets in",
                )
            )
    return tail


def _half(case: Case, way: int, kind: int) -> Node:
    full = [(0, size - 1) for size in case.space.diagrams.sizes]
    full[Field.DIRECTION] = (way, way)
    full[Field.FAMILY] = (kind, kind)
    return case.space.diagrams.box(tuple(full))
