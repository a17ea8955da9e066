"""The firewalls that travel with a machine. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from broker.firewall import Edge, Translation, translate
from broker.firewall.naming import edge_name, part_name
from broker.firewall.surroundings import known_peers
from broker.fit.labels import fit_labels
from broker.fit.names import fit_name
from broker.migrate.around import Networks, at_source, families_there, free_edge, on_target
from broker.migrate.look import Look
from broker.migrate.steps import CreateFirewall, LinkFirewall, VerifyFirewall
from broker.migrate.wearing import Worn, wear
from broker.model import Fidelity, Firewall, GroupPeer, Loss, NicSpec
from broker.model.base import NAME_LENGTH

Steps = tuple[CreateFirewall | LinkFirewall | VerifyFirewall, ...]


def map_firewalls(
    look: Look, nics: Sequence[NicSpec], networks: Networks, machine: str
) -> tuple[Steps, tuple[NicSpec, ...], tuple[Loss, ...]]:
    """Return the steps that make a machine's firewalls, its cards as they wear them, the losses.

    Each machine gets firewalls of its own, named after it: the rules of one with the same name that
    is there already are nobody's to change. All are made, then those that name each other are
    linked, then each is read back and proved. A subnet that gets nobody but the machine may get a
    firewall too, for denies that would be too many allows.
    """
    edge = free_edge(look, nics, networks)
    worn, fitted, losses = wear(look, nics)
    said = _said(look, worn, fitted, networks, edge)
    crowded = _crowded(fitted, said, look)
    if edge is not None and any(loss.blocking for each in said.values() for loss in each.losses):
        crowded = frozenset(range(len(nics)))  # as one they may find room at two places
    if crowded:
        worn, fitted, losses = wear(look, nics, joined=crowded)
        said = _said(look, worn, fitted, networks, edge)
    create: list[CreateFirewall] = []
    link: list[LinkFirewall] = []
    verify: list[VerifyFirewall] = []
    told = [*losses]
    longest = min(NAME_LENGTH, look.limits.firewall.name.max_length)
    for each in worn:
        translation = said[each.id]
        spec = each.firewalls[0].spec
        labels, lost = fit_labels(spec.labels, look.limits.labels, f"firewalls.{spec.name}.labels")
        told.extend((*translation.losses, *lost, *_behind(each, look)))
        name = _name(machine, each.name)
        ids = each.parts(len(translation.parts))
        for number, (known_as, part) in enumerate(zip(ids, translation.parts, strict=True), 1):
            made = part.model_copy(
                update={
                    "name": _fits(part_name(name, number, most=longest), look),
                    "network": _network_of(each, fitted),
                    "labels": labels,
                }
            )
            plain = tuple(rule for rule in made.rules if not isinstance(rule.peer, GroupPeer))
            create.append(
                CreateFirewall(
                    firewall=known_as,
                    spec=made.model_copy(update={"rules": plain}),
                    proof=translation.proof.text,
                )
            )
            if plain != made.rules:
                link.append(LinkFirewall(firewall=known_as, name=made.name, rules=made.rules))
            verify.append(VerifyFirewall(firewall=known_as, spec=made))
        if translation.around is not None and edge is not None:
            around = translation.around.model_copy(
                update={
                    "name": _fits(edge_name(name, most=longest), look),
                    "network": _network_of(each, fitted),
                    "subnet": edge[0],
                    "labels": labels,
                }
            )
            known_as = f"{each.id} around {edge[0]}"
            proof = translation.proof.text
            create.append(CreateFirewall(firewall=known_as, spec=around, proof=proof))
            verify.append(VerifyFirewall(firewall=known_as, spec=around))
    cards = (
        nic.model_copy(
            update={
                "firewalls": tuple(
                    part
                    for each in worn
                    if each.id in nic.firewalls
                    for part in each.parts(len(said[each.id].parts))
                )
            }
        )
        for nic in fitted
    )
    return (*create, *link, *verify), tuple(cards), tuple(told)


def _said(
    look: Look,
    every: Sequence[Worn],
    nics: Sequence[NicSpec],
    networks: Networks,
    edge: tuple[str, Edge] | None,
) -> dict[str, Translation]:
    """Return what each firewall becomes; two cannot share the subnet's."""
    own = edge[1] if edge is not None and len(every) == 1 else None
    return {each.id: _translated(each, every, look, nics, networks, own) for each in every}


def _translated(
    worn: Worn,
    every: Sequence[Worn],
    look: Look,
    nics: Sequence[NicSpec],
    networks: Networks,
    edge: Edge | None,
) -> Translation:
    """Return what a firewall becomes; groups that travel have only this machine in them there."""
    first, *others = worn.firewalls
    travelling = {each.firewalls[0].id for each in every if len(each.firewalls) == 1}
    return translate(
        first.spec.model_copy(update={"name": worn.name}),
        look.limits.firewall,
        also=tuple(each.spec for each in others),
        behind=at_source(look, worn, nics),
        there=on_target(look, worn, nics, networks),
        edge=edge,
        defaults=look.defaults,
        partly={f"group {group}" for group in travelling},
        known=known_peers(look.members, look.address_sets),
        families=families_there(look, worn, nics, networks),
    )


def _crowded(
    nics: Sequence[NicSpec], said: Mapping[str, Translation], look: Look
) -> frozenset[int]:
    """Return the cards whose firewalls became more than one can wear."""
    most = look.limits.firewall.groups_per_nic
    return frozenset(
        index
        for index, nic in enumerate(nics)
        if most is not None and sum(len(said[one].parts) for one in nic.firewalls) > most
    )


def _name(machine: str, firewall: str) -> str:
    """Return a name that does not grow when the machine moves on."""
    own = firewall if firewall.startswith(f"{machine}-") else f"{machine}-{firewall}"
    return own[:NAME_LENGTH]


def _fits(name: str, look: Look) -> str:
    """Return the name, or the nearest the target accepts: nothing but people go by it."""
    return fit_name(name, look.limits.firewall.name)[0]


def _network_of(worn: Worn, nics: Sequence[NicSpec]) -> str:
    return next(nic.network for nic in nics if worn.id in nic.firewalls)


def _behind(worn: Worn, look: Look) -> list[Loss]:
    """Tell of a group whose other members do not travel, where rules speak of it."""
    return [loss for firewall in worn.firewalls for loss in _left_behind(firewall, look)]


def _left_behind(firewall: Firewall, look: Look) -> list[Loss]:
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
