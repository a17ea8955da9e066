"""What every adapter owes for networks."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, Kind, Made
from broker.errors import Conflict, NotFound
from broker.model import Network
from tests.conformance.kit import MISSING, Kit, Machine


class NetworkConformance:
    def test_a_network_is_what_was_asked_for(self, adapter: Adapter, kit: Kit) -> None:
        spec = kit.network_spec()
        made = adapter.create_network(spec, token=kit.token())

        found = adapter.network(made.id)
        assert found.spec.name == spec.name
        assert [subnet.cidr for subnet in found.spec.subnets] == [spec.subnets[0].cidr]
        assert [subnet.spec for subnet in found.subnets] == list(found.spec.subnets)
        assert found.spec.outbound
        assert [network.id for network in adapter.networks()].count(made.id) == 1

    def test_a_network_without_a_way_out_says_so(self, adapter: Adapter, kit: Kit) -> None:
        made = kit.network(outbound=False)
        assert not adapter.network(made.id).spec.outbound

    def test_the_same_token_makes_one_network(self, adapter: Adapter, kit: Kit) -> None:
        token, spec = kit.token(), kit.network_spec()
        first = adapter.create_network(spec, token=token)
        again = adapter.create_network(spec, token=token)

        assert again.id == first.id
        networks = [made for made in adapter.made(token) if made.kind is Kind.NETWORK]
        assert networks == [Made(kind=Kind.NETWORK, id=first.id)]

    @pytest.mark.parametrize("id", [MISSING, "vpc-0123456789abcdef0", "é/../%s"])
    def test_a_missing_network_is_not_found(self, adapter: Adapter, id: str) -> None:
        with pytest.raises(NotFound):
            adapter.network(id)

    def test_deleting_a_missing_network_is_quiet(self, adapter: Adapter, kit: Kit) -> None:
        token = kit.token()
        made = adapter.create_network(kit.network_spec(), token=token)
        adapter.delete_network(made.id)
        adapter.delete_network(made.id)
        adapter.delete_network(MISSING)
        with pytest.raises(NotFound):
            adapter.network(made.id)
        assert adapter.made(token) == []

    def test_a_network_in_use_is_not_deleted(
        self, adapter: Adapter, machine: Machine, network: Network
    ) -> None:
        with pytest.raises(Conflict):
            adapter.delete_network(network.id)
        assert adapter.network(network.id).id == network.id
