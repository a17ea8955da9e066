"""Rules of one provider in the form of another: the same packets, or fewer, with a proof."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from broker.adapter import FirewallLimits
from broker.firewall import losses as told
from broker.firewall.budget import dealt, firewalls_needed, numbered
from broker.firewall.case import Case
from broker.firewall.diagram import NOTHING, Node
from broker.firewall.divide import Divided, Edge, divide
from broker.firewall.effective import NOBODY, Around
from broker.firewall.naming import part_name
from broker.firewall.needless import common, without_needless
from broker.firewall.proof import Proof, compare
from broker.firewall.rewrite import in_all_families, rewritten
from broker.firewall.space import DIRECTIONS, FAMILIES, Field, Known
from broker.model import EVERYONE, Action, Family, FirewallRule, FirewallSpec, Loss, Strict


class Translation(Strict):
    """What stands on the target for one firewall: ``parts``, worn together, and what it lost.

    ``around`` stands around the subnet besides, where that says denies in fewer words. ``proof``
    compares what all of it lets through with what the source does.
    """

    parts: tuple[FirewallSpec, ...]
    losses: tuple[Loss, ...]
    proof: Proof
    around: FirewallSpec | None = None


def translate(
    spec: FirewallSpec,
    limits: FirewallLimits,
    *,
    also: Sequence[FirewallSpec] = (),
    behind: Around = NOBODY,
    there: Around = NOBODY,
    edge: Edge | None = None,
    defaults: Sequence[FirewallRule] = (),
    references: Collection[str] = (),
    partly: Collection[str] = (),
    known: Known | None = None,
    families: Collection[Family] = FAMILIES,
) -> Translation:
    """Return firewalls a target with ``limits`` can hold that let no packet through ``spec`` stops.

    ``also`` are worn on the same cards and go into the same result: what any of them lets through.
    ``behind`` is what stands around those cards at the source, ``there`` on the target; ``edge`` is
    a subnet of the target around which a firewall may be put. ``defaults`` are the rules the source
    puts behind its own. ``references`` are the names of peers (``peer_name``) that
    are on the target with the same members, ``partly`` those that are there with fewer; of the
    others ``known`` has the addresses. ``families`` are those that the target's network speaks.
    What cannot be said is told in the losses, and blocks where nothing acceptable is left.
    """
    case = Case.of(
        spec, limits, also, behind, there, defaults, references, partly, known or {}, families
    )
    form = _form(case)
    around = None
    if edge is not None and not form.fits_one(limits):
        divided = divide(case, edge)
        if divided is not None and _better(case, divided, form):
            edged = case.behind_edge(edge.layer(divided.around))
            on_cards = _anew(edged, divided.on_cards)
            if on_cards is not None:
                case, form, around = edged, on_cards, divided.around
    parts = _parts(case, form)
    passing = case.after(parts)
    proof = compare(case.space, case.judged(case.before), case.judged(passing))
    losses = [
        *told.of_rules(case, passing),
        *told.of_references(case),
        *told.of_state(case),
        *told.of_form(case, parts, around, own=form.own),
        *(
            [told.endless(case)]
            if form.endless
            else told.of_budget(case, form.rules, one=form.denies)
        ),
        *told.of_proof(case, proof),
    ]
    return Translation(parts=parts, losses=tuple(losses), proof=proof, around=around)


def _better(case: Case, divided: Divided, form: _Form) -> bool:
    """Tell whether two places say it better: as exactly and in fewer rules, or at all."""
    lost = case.judged(case.space.diagrams.but_not(form.lets, divided.passing))
    return lost is NOTHING or not form.fits(case.limits)


def _anew(case: Case, lets: Node) -> _Form | None:
    """Return rules made for a set, None where it takes more of them than anybody has room for."""
    packed = case.packed(lets)
    if packed is None:
        return None
    return _Form(_with_tail(case, _described(case, packed), lets), lets, own=False)


class _Form(NamedTuple):
    """One way to write what the target shall let through: the source's ``own`` rules, or anew.

    An ``endless`` one lets nothing through, in the place of one with thousands of rules.
    """

    rules: list[FirewallRule]
    lets: Node
    own: bool
    endless: bool = False

    @property
    def denies(self) -> bool:
        """Whether the order matters, so that the rules cannot be spread over several firewalls."""
        return any(rule.action is Action.DENY for rule in self.rules)

    def fits_one(self, limits: FirewallLimits) -> bool:
        """Tell whether one firewall of the target holds it."""
        return not self.endless and firewalls_needed(self.rules, limits) <= 1

    def fits(self, limits: FirewallLimits) -> bool:
        """Tell whether the target has room for it on one card."""
        most = 1 if self.denies else limits.groups_per_nic
        return most is None or firewalls_needed(self.rules, limits) <= most

    def cost(self, limits: FirewallLimits) -> tuple[bool, int, int, bool]:
        """Return what to avoid first: no room, more firewalls, more rules, new rules."""
        needed = firewalls_needed(self.rules, limits)
        return not self.fits(limits), needed, len(self.rules), not self.own


def _form(case: Case) -> _Form:
    """Return the best way to let through as much as the target can."""
    forms = []
    if (own := _own(case)) is not None:
        # rules in an order are somebody's train of thought: kept where there is room for them
        if case.limits.denies and own.fits(case.limits):
            return own
        forms.append(own)
    if (anew := _anew(case, case.wanted)) is not None:
        forms.append(anew)
    if not forms:
        return _Form(_with_tail(case, [], NOTHING), NOTHING, own=False, endless=True)
    return min(forms, key=lambda form: form.cost(case.limits))


def _own(case: Case) -> _Form | None:
    """Return the source's own rules, None where allows made anew let through more."""
    if not case.alone or not (case.forgets or case.spec.stateful):
        return None
    own = rewritten(case.rules, case.limits, case.peers, case.partly, case.known)
    own = in_all_families(own, case.limits, case.families)
    lets = case.space.passing(own)
    if lets is not case.wanted:
        if not case.limits.denies:
            return None
        if case.space.diagrams.but_not(case.wanted, lets) is not NOTHING:
            # what allows alone can say, and then what can only be said behind denies
            packed = case.packed(case.wanted)
            if packed is None:
                return None
            own = [*_described(case, packed), *own]
            lets = case.space.passing(own)
    return _Form(_with_tail(case, own, lets), lets, own=True)


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
                "name": part_name(case.spec.name, number),
                "rules": tuple(numbered(rules, case.limits)),
                "stateful": not case.forgets,
            }
        )
        for number, rules in enumerate(spread, 1)
    )


def _with_tail(case: Case, rules: Sequence[FirewallRule], lets: Node) -> list[FirewallRule]:
    """Return the rules, and denies for what the target's defaults would let in behind them.

    Before those goes what the platform itself needs and they would stop.
    """
    defaults = case.limits.defaults
    if not defaults:
        needed = without_needless(case.space, rules)
        return in_all_families(needed, case.limits, case.families)
    diagrams = case.space.diagrams
    passing = case.space.passing([*rules, *defaults])
    too_much = case.judged(diagrams.but_not(passing, lets))
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
    return without_needless(case.space, [*rules, *tail], defaults)


def _half(case: Case, way: int, kind: int) -> Node:
    full = [(0, size - 1) for size in case.space.diagrams.sizes]
    full[Field.DIRECTION] = (way, way)
    full[Field.FAMILY] = (kind, kind)
    return case.space.diagrams.box(tuple(full))
