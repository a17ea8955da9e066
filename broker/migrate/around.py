"""What stands around the cards of a machine, at the source and where they go. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from broker.firewall import Around, Edge, Layer
from broker.firewall.effective import shared
from broker.migrate.look import Look
from broker.migrate.steps import CreateNetwork, UseNetwork
from broker.migrate.wearing import Worn
from broker.model import Family, Firewall, FirewallRule, NicSpec

Networks = Sequence[UseNetwork | CreateNetwork]


def at_source(look: Look, worn: Worn, nics: Iterable[NicSpec]) -> Around:
    """Return what stands around the cards that wear a firewall."""
    return Around(
        layers=_layers(worn.behind, look.defaults),
        policy=shared(look.policies.get(network, ()) for network in _networks(worn, nics)),
    )


def on_target(look: Look, worn: Worn, nics: Iterable[NicSpec], networks: Networks) -> Around:
    """Return what stands around them on the target already; nothing on a network that is made.

    Where the target chooses the subnet, that is what stands around any of the network's.
    """
    used = {step.network: step for step in networks if isinstance(step, UseNetwork)}
    subnets = {network.id: network.subnets for network in look.target_networks}
    found: dict[str, Firewall] = {}
    for nic in nics:
        step = used.get(nic.network)
        if step is not None and worn.id in nic.firewalls:
            chosen = step.subnets.get(nic.subnet) if nic.subnet else None
            for subnet in subnets[step.target]:
                if chosen in (None, subnet.id):
                    around = look.target_subnet_firewalls.get(subnet.id, ())
                    found |= {firewall.id: firewall for firewall in around}
    policies = [
        look.target_policies.get(used[network].target, ()) if network in used else ()
        for network in _networks(worn, nics)
    ]
    return Around(
        layers=_layers(found.values(), look.limits.firewall.defaults), policy=shared(policies)
    )


def families_there(
    look: Look, worn: Worn, nics: Iterable[NicSpec], networks: Networks
) -> frozenset[Family]:
    """Return the families that are spoken on the target where cards wear a firewall."""
    there = {network.id: network.families for network in look.target_networks}
    spoken = {
        step.network: there[step.target] if isinstance(step, UseNetwork) else step.spec.families
        for step in networks
    }
    return frozenset(family for network in _networks(worn, nics) for family in spoken[network])


def free_edge(look: Look, nics: Sequence[NicSpec], networks: Networks) -> tuple[str, Edge] | None:
    """Return the subnet that gets nobody but this machine, None where others are or may be in it.

    So it is when the move makes the network. All cards have to wear the same: what stops a packet
    at the edge stops it for all of them.
    """
    if look.limits.subnet_firewall is None:
        return None
    made = {step.network: step for step in networks if isinstance(step, CreateNetwork)}
    places: set[tuple[str, str | None]] = {(nic.network, nic.subnet) for nic in nics}
    outfits: Collection[tuple[str, ...]] = {nic.firewalls for nic in nics}
    if len(places) != 1 or len(outfits) != 1:
        return None
    ((network, subnet),) = places
    if network not in made:
        return None
    ranges = dict(
        zip(made[network].subnets, (one.cidr for one in made[network].spec.subnets), strict=True)
    )
    if subnet is None and len(ranges) == 1:
        (subnet,) = ranges
    if subnet not in ranges:
        return None
    return subnet, Edge(limits=look.limits.subnet_firewall, inside=(ranges[subnet],))


def _networks(worn: Worn, nics: Iterable[NicSpec]) -> list[str]:
    return list(dict.fromkeys(nic.network for nic in nics if worn.id in nic.firewalls))


def _layers(firewalls: Iterable[Firewall], defaults: tuple[FirewallRule, ...]) -> tuple[Layer, ...]:
    return tuple(Layer(firewalls=(firewall.spec,), defaults=defaults) for firewall in firewalls)
