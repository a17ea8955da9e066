"""Networks, and the addresses they give out."""

from __future__ import annotations

from itertools import combinations

from adapters.memory import checks
from adapters.memory.service import Service
from adapters.memory.state import NetworkRecord, State, find, with_token
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Network, NetworkSpec, Subnet


class Networks(Service):
    """Private networks."""

    def networks(self) -> list[Network]:
        """Return every network; complete, or an error is raised."""
        with self._calling("networks"):
            records = self._store.state().networks.values()
            return self._listed("networks", (record.network for record in records))

    def network(self, id: str) -> Network:
        """Return one network by id; NotFound when there is none."""
        with self._calling("network"):
            return self._network(self._store.state(), id)

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make a network with its subnets. The same token twice makes one."""
        with self._calling("create_network"), self._store.change() as state:
            if known := with_token(state.networks, token):
                return known.network
            checks.labels(self.limits, spec.labels)
            for one, other in combinations(spec.subnets, 2):
                if one.cidr.version == other.cidr.version and one.cidr.overlaps(other.cidr):
                    raise Invalid(f"the subnets {one.cidr} and {other.cidr} overlap")
            new = self._new_id("net")
            subnets = tuple(
                Subnet(id=f"{new}-{place}", spec=subnet)
                for place, subnet in enumerate(spec.subnets)
            )
            network = Network(id=new, spec=spec, subnets=subnets)
            state.networks[new] = NetworkRecord(token=token, network=network)
            return network

    def delete_network(self, id: str) -> None:
        """Delete; quiet when gone, Conflict when an instance or a firewall is in it."""
        with self._calling("delete_network"), self._store.change() as state:
            users = [
                *(
                    record.instance.id
                    for record in state.instances.values()
                    if any(nic.spec.network == id for nic in record.instance.nics)
                ),
                *(
                    record.firewall.id
                    for record in state.firewalls.values()
                    if record.firewall.spec.network == id
                ),
            ]
            if users:
                raise Conflict(f"{id} is in use by {', '.join(users)}", code="InUse")
            state.networks.pop(id, None)

    def _network(self, state: State, id: str) -> Network:
        record = find(state.networks, id, "network")
        if not self.faults.sees(id):
            raise NotFound(f"there is no network {id} yet", code="NotFound")
        return record.network
