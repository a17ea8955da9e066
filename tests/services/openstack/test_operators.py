"""An operator's account is shown what all projects have, and is one project all the same."""

from __future__ import annotations

from adapters.openstack.adapter import OpenStackAdapter
from broker.model import FirewallSpec
from tests.conformance.kit import Kit
from tests.services.openstack.clouds import opened


def test_an_operator_s_account_has_what_its_project_has(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    network = kit.network()
    firewall = adapter.create_firewall(FirewallSpec(name=kit.name()), token=kit.token())
    address = adapter.create_public_address(token=kit.token())
    boss = opened(cloud="interop-admin")
    try:
        # it could have them listed: it is not for lack of rights
        assert boss.network(network.id).id == network.id
        assert boss.firewall(firewall.id).id == firewall.id

        assert network.id not in {each.id for each in boss.networks()}
        assert firewall.id not in {each.id for each in boss.firewalls()}
        assert address.id not in {each.id for each in boss.public_addresses()}
        assert boss._outside() in {each.id for each in boss.networks()}
    finally:
        boss.close()


def test_what_others_let_be_used_is_had_too(adapter: OpenStackAdapter) -> None:
    outside = adapter.network(adapter._outside())
    assert outside.native["project_id"] != adapter._session.project
    assert outside.id in {each.id for each in adapter.networks()}
