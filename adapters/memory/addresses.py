"""Public addresses."""

from __future__ import annotations

from ipaddress import IPv4Network

from adapters.memory.service import Service
from adapters.memory.state import AddressRecord, State, find, with_token
from broker.errors import Conflict, QuotaExceeded
from broker.model import PublicAddress

POOL = IPv4Network("198.51.100.0/24")
"""Addresses that lead nowhere: RFC 5737 keeps them for documentation."""


class Addresses(Service):
    """Addresses reachable from outside that can be moved between machines."""

    def public_addresses(self) -> list[PublicAddress]:
        """Return every public address held; complete, or an error is raised."""
        with self._calling("public_addresses"):
            records = self._store.state().addresses.values()
            return self._listed("public_addresses", (record.address for record in records))

    def create_public_address(self, *, token: str) -> PublicAddress:
        """Take a new address. The same token twice takes one."""
        with self._calling("create_public_address"), self._store.change() as state:
            known = with_token(state.addresses, token)
            return known.address if known else self._take(state, token)

    def attach_public_address(self, id: str, instance: str) -> None:
        """Attach to an instance's first card; quiet when it is there."""
        with self._calling("attach_public_address"), self._store.change() as state:
            record = find(state.addresses, id, "public address")
            machine = find(state.instances, instance, "instance").instance
            if not machine.nics:
                raise Conflict(f"{instance} has no network card")
            moved = record.address.model_copy(update={"instance": instance})
            state.addresses[id] = record.model_copy(update={"address": moved})

    def delete_public_address(self, id: str) -> None:
        """Detach and give back; quiet when it is gone."""
        with self._calling("delete_public_address"), self._store.change() as state:
            state.addresses.pop(id, None)

    def _detach(self, state: State, record: AddressRecord) -> None:
        """Part an address from its instance, which is going; give back what came with it."""
        address = record.address
        if record.comes_with_instance:
            del state.addresses[address.id]
        else:
            free = address.model_copy(update={"instance": None})
            state.addresses[address.id] = record.model_copy(update={"address": free})

    def _take(self, state: State, token: str, instance: str | None = None) -> PublicAddress:
        """Put the first free address into the state; one that is for an instance goes with it."""
        held = {record.address.address for record in state.addresses.values()}
        free = next((address for address in POOL.hosts() if address not in held), None)
        if free is None:
            raise QuotaExceeded(f"every address of {POOL} is taken")
        address = PublicAddress(id=self._new_id("ip"), address=free, instance=instance)
        state.addresses[address.id] = AddressRecord(
            token=token, address=address, comes_with_instance=instance is not None
        )
        return address
