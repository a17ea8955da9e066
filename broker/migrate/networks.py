"""Which network of the target stands for which of the source. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from broker.errors import ConfigError, NotFound
from broker.migrate.look import Look
from broker.migrate.options import Options
from broker.migrate.steps import CreateNetwork, UseNetwork
from broker.model import Fidelity, Loss, Network, NicSpec, SubnetSpec
from broker.nearest import did_you_mean

Address = IPv4Address | IPv6Address


def map_networks(
    look: Look, nics: Sequence[NicSpec], options: Options
) -> tuple[tuple[UseNetwork | CreateNetwork, ...], tuple[NicSpec, ...], tuple[Loss, ...]]:
    """Return a step per network the cards join, the cards as they fit there, and the losses.

    In this order: the network the options name; the target's network of the same name and ranges,
    so that two machines of one network meet again; a new one, made like the source's. NotFound and
    ConfigError when the options name none, or more than one.
    """
    sources = {network.id: network for network in look.networks}
    _check_names(options, sources.values(), nics)
    steps: dict[str, UseNetwork | CreateNetwork] = {}
    for network in dict.fromkeys(nic.network for nic in nics):
        steps[network] = _stands_for(network, sources.get(network), look, nics, options)
    fitted: list[NicSpec] = []
    losses: list[Loss] = []
    for index, nic in enumerate(nics):
        kept, lost = _on(nic, steps[nic.network], look, f"nics[{index}]")
        fitted.append(kept)
        losses.extend(lost)
    losses.extend(_one_range_each(sources, steps.values()))
    return tuple(steps.values()), tuple(fitted), tuple(losses)


def _one_range_each(
    sources: Mapping[str, Network], steps: Iterable[UseNetwork | CreateNetwork]
) -> Iterator[Loss]:
    """Yield a loss for each network that is made without the second ranges of its subnets."""
    for step in steps:
        source = sources.get(step.network)
        if isinstance(step, CreateNetwork) and source is not None and source.beside:
            yield Loss(
                field=f"networks.{source.spec.name}.families",
                fidelity=Fidelity.DROPPED,
                before=", ".join(sorted(source.families)),
                after=", ".join(sorted(step.spec.families)),
                reason="a subnet that is made has one range: make the network with both, and name "
                "it with --network, where the machine needs them",
            )


def _check_names(options: Options, sources: Iterable[Network], nics: Sequence[NicSpec]) -> None:
    known = {nic.network for nic in nics} | {network.spec.name for network in sources}
    for named in options.networks:
        if named not in known:
            raise NotFound(f"the machine is on no network {named}", hint=did_you_mean(named, known))


def _stands_for(
    id: str, source: Network | None, look: Look, nics: Sequence[NicSpec], options: Options
) -> UseNetwork | CreateNetwork:
    wanted = options.networks.get(id)
    if wanted is None and source is not None:
        wanted = options.networks.get(source.spec.name)
    wanted = wanted or options.network
    if wanted is not None:
        return _use(id, source, _named(wanted, look), nics)
    if source is None:
        raise ConfigError(
            f"{look.source} does not tell what network {id} is",
            hint="Say which network of the target to use: --network NAME",
        )
    for target in sorted(look.target_networks, key=lambda network: network.id):
        if target.spec.name == source.spec.name and _ranges(target) == _ranges(source):
            return _use(id, source, target, nics)
    taken = {network.spec.name for network in look.target_networks}
    spec = source.spec.model_copy(update={"name": _free(source.spec.name, taken)})
    return CreateNetwork(
        network=id, spec=spec, subnets=tuple(subnet.id for subnet in source.subnets)
    )


def _named(wanted: str, look: Look) -> Network:
    networks = look.target_networks
    for network in networks:
        if network.id == wanted:
            return network
    named = [network for network in networks if network.spec.name == wanted]
    if not named:
        known = {network.spec.name for network in networks}
        raise NotFound(
            f"there is no network {wanted} in {look.target}", hint=did_you_mean(wanted, known)
        )
    if len(named) > 1:
        raise ConfigError(
            f"{len(named)} networks in {look.target} are called {wanted}",
            hint=f"Say which by id: {', '.join(network.id for network in named)}",
        )
    return named[0]


def _ranges(network: Network) -> set[str]:
    return {str(subnet.cidr) for subnet in network.spec.subnets}


def _free(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    return free


def _use(id: str, source: Network | None, target: Network, nics: Sequence[NicSpec]) -> UseNetwork:
    subnets: dict[str, str] = {}
    for subnet in source.subnets if source else ():
        addresses = [
            address
            for nic in nics
            if nic.network == id
            for address in nic.addresses
            if address in subnet.spec.cidr
        ]
        for candidate in target.subnets:
            same = candidate.spec.cidr == subnet.spec.cidr
            holds = addresses and all(one in candidate.spec.cidr for one in addresses)
            if same or holds:
                subnets[subnet.id] = candidate.id
                break
    return UseNetwork(network=id, target=target.id, name=target.spec.name, subnets=subnets)


def _on(
    nic: NicSpec, step: UseNetwork | CreateNetwork, look: Look, field: str
) -> tuple[NicSpec, tuple[Loss, ...]]:
    """Put the card in the subnet its addresses are from; drop those the target has no room for."""
    source = next((one for one in look.networks if one.id == nic.network), None)
    subnet = nic.subnet
    for candidate in source.subnets if source else ():
        if subnet is None and any(one in candidate.spec.cidr for one in nic.addresses):
            subnet = candidate.id
    nic = nic.model_copy(update={"subnet": subnet})
    losses: list[Loss] = []
    kept = []
    for address in nic.addresses:
        reason = _objection(address, step, look)
        if reason is None:
            kept.append(address)
        else:
            losses.append(
                Loss(
                    field=f"{field}.addresses",
                    fidelity=Fidelity.DROPPED,
                    before=str(address),
                    after="",
                    reason=reason,
                )
            )
    return nic.model_copy(update={"addresses": tuple(kept)}), tuple(losses)


def _objection(address: Address, step: UseNetwork | CreateNetwork, look: Look) -> str | None:
    """Return why a card on this network of the target cannot have the address."""
    if isinstance(step, CreateNetwork):
        name, taken = step.spec.name, frozenset[Address]()
        # who chooses the gateway of a new subnet takes the first address
        subnets = tuple(
            subnet.model_copy(update={"gateway": subnet.gateway or subnet.cidr[1]})
            for subnet in step.spec.subnets
            if subnet.cidr.num_addresses > 1
        )
    else:
        target = next(one for one in look.target_networks if one.id == step.target)
        name, subnets = step.name, target.spec.subnets
        taken = frozenset(look.taken.get(step.target, ()))
    around = [subnet for subnet in subnets if address in subnet.cidr]
    if not around:
        return f"network {name} of the target has no such range"
    if address in taken:
        return f"it is in use in network {name} of the target"
    told = look.limits.private_addresses
    if told is not None and told.by_dhcp and not any(subnet.dhcp for subnet in around):
        return f"network {name} of the target has no DHCP there, which alone could set it"
    if any(_reserved(address, subnet, look) for subnet in around):
        return f"the target keeps it for itself in network {name}"
    return None


def _reserved(address: Address, subnet: SubnetSpec, look: Look) -> bool:
    first, last = look.limits.reserved_addresses
    from_start = int(address) - int(subnet.cidr.network_address)
    to_end = int(subnet.cidr.broadcast_address) - int(address)
    return from_start < first or to_end < last or address == subnet.gateway
