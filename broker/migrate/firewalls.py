"""The firewalls that travel with a machine. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from broker.fit import fit_firewall, fit_labels
from broker.migrate.look import Look
from broker.migrate.steps import CreateFirewall, LinkFirewall
from broker.migrate.wearing import wear
from broker.model import Fidelity, Firewall, GroupPeer, Loss, NicSpec


def map_firewalls(
    look: Look, nics: Sequence[NicSpec], machine: str
) -> tuple[tuple[CreateFirewall | LinkFirewall, ...], tuple[NicSpec, ...], tuple[Loss, ...]]:
    """Return the steps that make a machine's firewalls, its cards as they wear them, the losses.

    Each machine gets firewalls of its own, named after it: the rules of one with the same name that
    is there already are nobody's to change.
    """
    worn, nics, worn_losses = wear(look, nics)
    travelling = {firewall.id for firewall in worn}
    create: list[CreateFirewall] = []
    link: list[LinkFirewall] = []
    losses = [*worn_losses]
    for firewall in worn:
        fitted, lost = fit_firewall(
            firewall.spec, look.limits.firewall, travelling=travelling, members=look.members
        )
        labels, lost_labels = fit_labels(
            firewall.spec.labels, look.limits.labels, f"firewalls.{firewall.spec.name}.labels"
        )
        losses.extend((*lost, *lost_labels, *_behind(firewall, look)))
        fitted = fitted.model_copy(
            update={
                "name": _name(machine, firewall.spec.name),
                "network": _network_of(firewall, nics),
                "labels": labels,
            }
        )
        plain = tuple(rule for rule in fitted.rules if not isinstance(rule.peer, GroupPeer))
        create.append(
            CreateFirewall(firewall=firewall.id, spec=fitted.model_copy(update={"rules": plain}))
        )
        if plain != fitted.rules:
            link.append(LinkFirewall(firewall=firewall.id, name=fitted.name, rules=fitted.rules))
    return (*create, *link), nics, tuple(losses)


def _name(machine: str, firewall: str) -> str:
    """Return a name that does not grow when the machine moves on."""
    return firewall if firewall.startswith(f"{machine}-") else f"{machine}-{firewall}"


def _network_of(firewall: Firewall, nics: Sequence[NicSpec]) -> str:
    return next(nic.network for nic in nics if firewall.id in nic.firewalls)


def _behind(firewall: Firewall, look: Look) -> list[Loss]:
    """Tell of a group whose other members do not travel, where rules speak of it."""
    others = [nic for nic in firewall.attached if nic.id not in _card_ids(look)]
    spoken_of = any(
        isinstance(rule.peer, GroupPeer) and rule.peer.firewall == firewall.id
        for other in look.firewalls
        for rule in other.spec.rules
    )
    if not (others and spoken_of and look.limits.firewall.group_peers):
        return []
    return [
        Loss(
            field=f"firewalls.{firewall.spec.name}.members",
            fidelity=Fidelity.TIGHTENED,
            before=f"{len(others)} more members",
            after="only this machine",
            reason="rules let this group in, and its other members stay at the source",
        )
    ]


def _card_ids(look: Look) -> set[str]:
    return {look.instance.id, *(nic.id for nic in look.instance.nics)}
