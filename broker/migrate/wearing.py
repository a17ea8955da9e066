"""Which firewalls the cards of a machine wear on the target. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from broker.migrate.look import Look
from broker.model import Action, Fidelity, Firewall, FirewallSpec, Loss, NicSpec


def wear(
    look: Look, nics: Sequence[NicSpec]
) -> tuple[tuple[Firewall, ...], tuple[NicSpec, ...], tuple[Loss, ...]]:
    """Return the firewalls to make, the cards as they wear those, and the losses.

    A card that wears more than one of the target's can gets one that allows what any of them does.
    """
    known = {firewall.id: firewall for firewall in look.firewalls}
    most = look.limits.firewall.groups_per_nic
    worn: dict[str, Firewall] = {}
    fitted: list[NicSpec] = []
    losses: list[Loss] = []
    for index, nic in enumerate(nics):
        own = [known[one] for one in nic.firewalls]
        if most is not None and len(own) > most:
            joined = _joined(own)
            losses.append(_told(index, own, joined, most))
            own = own if joined is None else [joined]
        elif not own:
            losses.append(_bare(index))
        worn.update({firewall.id: firewall for firewall in own})
        ids = tuple(firewall.id for firewall in own)
        fitted.append(nic.model_copy(update={"firewalls": ids}))
    return tuple(worn.values()), tuple(fitted), tuple(losses)


def _joined(firewalls: Sequence[Firewall]) -> Firewall | None:
    """Return one firewall for several, None where one denies: their order would matter."""
    rules = [rule for firewall in firewalls for rule in firewall.spec.rules]
    if any(rule.action is Action.DENY for rule in rules):
        return None
    if len({firewall.spec.stateful for firewall in firewalls}) > 1:
        return None
    unordered = (rule.model_copy(update={"priority": None}) for rule in rules)
    return Firewall(
        id="+".join(firewall.id for firewall in firewalls),
        spec=FirewallSpec(
            name="-".join(firewall.spec.name for firewall in firewalls)[:255],
            rules=tuple(dict.fromkeys(unordered)),
            stateful=firewalls[0].spec.stateful,
        ),
        attached=tuple(each for firewall in firewalls for each in firewall.attached),
    )


def _told(index: int, own: Sequence[Firewall], joined: Firewall | None, most: int) -> Loss:
    before = ", ".join(firewall.spec.name for firewall in own)
    if joined is not None:
        return Loss(
            field=f"nics[{index}].firewalls",
            fidelity=Fidelity.EXACT,
            before=before,
            after=joined.spec.name,
            reason=f"a card of the target wears at most {most}: one allows what any of them did",
        )
    return Loss(
        field=f"nics[{index}].firewalls",
        fidelity=Fidelity.DROPPED,
        before=before,
        after="",
        reason=f"a card of the target wears at most {most}, and firewalls that deny or differ in "
        "keeping state cannot be joined",
        blocking=True,
    )


def _bare(index: int) -> Loss:
    return Loss(
        field=f"nics[{index}].firewalls",
        fidelity=Fidelity.UNCHECKED,
        before="none: all is let through",
        after="the target's default",
        reason="the card wears no firewall, and the target's default may be tighter",
    )
