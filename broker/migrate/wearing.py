"""Which firewalls the cards of a machine wear on the target. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from broker.migrate.look import Look
from broker.model import Fidelity, Firewall, Loss, NicSpec, Strict
from broker.model.base import NAME_LENGTH


class Worn(Strict):
    """Firewalls of the source that become one on the target, and what stands behind them there.

    ``id`` stands for what is made of them; that of a single one is its own.
    """

    firewalls: tuple[Firewall, ...]
    behind: tuple[Firewall, ...] = ()

    @property
    def id(self) -> str:
        """The id that steps know it by."""
        return "+".join(firewall.id for firewall in self.firewalls)

    def parts(self, count: int) -> list[str]:
        """Return the ids of what it becomes; the first is what rules mean by the group."""
        return [
            self.id if number == 1 else f"{self.id} part {number}" for number in range(1, count + 1)
        ]

    @property
    def name(self) -> str:
        """Its name, of all their names."""
        return "-".join(firewall.spec.name for firewall in self.firewalls)[:NAME_LENGTH]


def wear(
    look: Look, nics: Sequence[NicSpec], *, joined: Collection[int] = ()
) -> tuple[tuple[Worn, ...], tuple[NicSpec, ...], tuple[Loss, ...]]:
    """Return the firewalls to make, the cards as they wear those, and the losses.

    Those of a card in ``joined``, or of one that wears more than the target's can, become one.
    """
    known = {firewall.id: firewall for firewall in look.firewalls}
    most = look.limits.firewall.groups_per_nic
    worn: dict[str, Worn] = {}
    fitted: list[NicSpec] = []
    losses: list[Loss] = []
    for index, nic in enumerate(nics):
        own = tuple(known[one] for one in nic.firewalls)
        together = len(own) > 1 and (index in joined or (most is not None and len(own) > most))
        sets = [own] if together else [(one,) for one in own]
        behind = look.subnet_firewalls.get(nic.subnet, ()) if nic.subnet else ()
        here = [Worn(firewalls=each, behind=behind) for each in sets]
        if together:
            losses.append(_joined(index, here[0]))
        elif not own:
            losses.append(_bare(index))
        for each in here:
            known_one = worn.get(each.id, each)
            both = {one.id: one for one in (*known_one.behind, *each.behind)}
            worn[each.id] = each.model_copy(update={"behind": tuple(both.values())})
        fitted.append(nic.model_copy(update={"firewalls": tuple(each.id for each in here)}))
    return tuple(worn.values()), tuple(fitted), tuple(losses)


def _joined(index: int, worn: Worn) -> Loss:
    return Loss(
        field=f"nics[{index}].firewalls",
        fidelity=Fidelity.EXACT,
        before=", ".join(firewall.spec.name for firewall in worn.firewalls),
        after=worn.name,
        reason="a card of the target has no room for all: one allows what any of them did",
    )


def _bare(index: int) -> Loss:
    return Loss(
        field=f"nics[{index}].firewalls",
        fidelity=Fidelity.UNCHECKED,
        before="none: all is let through",
        after="the target's default",
        reason="the card wears no firewall, and the target's default may be tighter",
    )
