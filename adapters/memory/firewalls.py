"""Firewalls."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.memory import checks
from adapters.memory.service import Service
from adapters.memory.state import FirewallRecord, State, find, with_token
from broker.errors import Conflict, NotFound
from broker.model import (
    Attachment,
    AttachPoint,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
)


class Firewalls(Service):
    """Sets of rules that network cards wear."""

    def firewalls(self) -> list[Firewall]:
        """Return every firewall; complete, or an error is raised."""
        with self._calling("firewalls"):
            state = self._store.state()
            return self._listed("firewalls", (_worn(state, each) for each in state.firewalls))

    def firewall(self, id: str) -> Firewall:
        """Return one firewall by id; NotFound when there is none."""
        with self._calling("firewall"):
            state = self._store.state()
            find(state.firewalls, id, "firewall")
            if not self.faults.sees(id):
                raise NotFound(f"there is no firewall {id} yet", code="NotFound")
            return _worn(state, id)

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a firewall that does exactly what ``spec`` says, or raise Unsupported or Invalid.

        Around a subnet it stands instead of the one before, which is back when it is deleted.
        """
        with self._calling("create_firewall"), self._store.change() as state:
            if known := with_token(state.firewalls, token):
                return _worn(state, known.firewall.id)
            checks.firewall(self.limits, spec)
            if spec.network:
                find(state.networks, spec.network, "network")
            if spec.subnet:
                _subnet_is_there(state, spec.subnet)
            _peers_are_there(state, spec.rules)
            firewall = Firewall(id=self._new_id("fw"), spec=spec)
            state.firewalls[firewall.id] = FirewallRecord(token=token, firewall=firewall)
            return firewall

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the firewall's rules, all at once."""
        with self._calling("replace_rules"), self._store.change() as state:
            record = find(state.firewalls, id, "firewall")
            checks.rules(checks.firewall_limits(self.limits, record.firewall.spec), rules)
            _peers_are_there(state, rules)
            spec = record.firewall.spec.model_copy(update={"rules": tuple(rules)})
            firewall = record.firewall.model_copy(update={"spec": spec})
            state.firewalls[id] = record.model_copy(update={"firewall": firewall})
            return _worn(state, id)

    def subnet_firewalls(self, subnet: str) -> list[Firewall]:
        """Return the one around a subnet; none where nobody put one there."""
        with self._calling("subnet_firewalls"):
            state = self._store.state()
            return [_worn(state, each) for each in _around(state, subnet)]

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is worn or another's rules name it."""
        with self._calling("delete_firewall"), self._store.change() as state:
            if id not in state.firewalls:
                return
            users = [worn.id for worn in _cards(state, id)]
            users += [
                other for other in state.firewalls if other != id and _names(state, other, id)
            ]
            if users:
                raise Conflict(f"{id} is in use by {', '.join(users)}", code="InUse")
            del state.firewalls[id]


def _worn(state: State, id: str) -> Firewall:
    """Return the firewall with what wears it now."""
    firewall = state.firewalls[id].firewall
    subnet = firewall.spec.subnet
    attached = _cards(state, id)
    if subnet is not None and id in _around(state, subnet):
        attached = (*attached, Attachment(point=AttachPoint.SUBNET, id=subnet))
    return firewall.model_copy(update={"attached": attached})


def _around(state: State, subnet: str) -> list[str]:
    """Return the firewall around a subnet: of those made for it, the last."""
    made = [
        each for each, record in state.firewalls.items() if record.firewall.spec.subnet == subnet
    ]
    return made[-1:]


def _cards(state: State, id: str) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(point=AttachPoint.NIC, id=nic.id)
        for record in state.instances.values()
        for nic in record.instance.nics
        if id in nic.spec.firewalls
    )


def _subnet_is_there(state: State, id: str) -> None:
    every = (each for record in state.networks.values() for each in record.network.subnets)
    if id not in {subnet.id for subnet in every}:
        raise NotFound(f"there is no subnet {id}", code="NotFound")


def _names(state: State, firewall: str, peer: str) -> bool:
    rules = state.firewalls[firewall].firewall.spec.rules
    return any(isinstance(rule.peer, GroupPeer) and rule.peer.firewall == peer for rule in rules)


def _peers_are_there(state: State, rules: Sequence[FirewallRule]) -> None:
    for rule in rules:
        if isinstance(rule.peer, GroupPeer):
            find(state.firewalls, rule.peer.firewall, "firewall")
