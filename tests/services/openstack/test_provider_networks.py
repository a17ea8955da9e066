"""A deployment whose networks are all the provider's: its neutron has no routers to offer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import Unsupported
from tests.conformance.kit import Kit
from tests.services.openstack.beside import beside
from tests.services.openstack.clouds import opened


@pytest.fixture
def unrouted(tmp_path: Path) -> Iterator[OpenStackAdapter]:
    with beside("network", {"DEFAULT": {"service_plugins": ""}}, tmp_path) as clouds:
        made = opened(clouds_file=str(clouds))
        yield made
        made.close()


def test_everything_but_the_way_out_works(unrouted: OpenStackAdapter, kit: Kit) -> None:
    network = kit.network().id
    made = kit.instance(network)

    assert unrouted.limits.public_addresses is False
    assert made.id in {each.id for each in unrouted.instances()}
    assert unrouted.public_addresses() == []
    assert unrouted.network(network).spec.outbound is False
    assert unrouted.made(made.request.token)
    for refused in (
        lambda: unrouted.create_public_address(token=kit.token()),
        lambda: unrouted.create_network(kit.network_spec(outbound=True), token=kit.token()),
    ):
        with pytest.raises(Unsupported, match="no way out"):
            refused()
