"""Cards on the real neutron, and what a guest finds when it boots."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.model import KeyPairSpec, NicSpec, SubnetSpec
from tests.conformance.kit import USER_DATA, Kit, public_key
from tests.services.openstack.clouds import opened

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")


def test_two_subnets_of_one_network_are_one_card(adapter: OpenStackAdapter, kit: Kit) -> None:
    subnets = (SubnetSpec(cidr=kit.cidr()), SubnetSpec(cidr=ip_network("fd00:5::/64")))
    network = kit.network(subnets=subnets)
    wanted = (subnets[0].cidr[7], ip_address("fd00:5::7"))
    asked = NicSpec(network=network.id, mac="02:1f:2e:00:05:07", addresses=wanted)

    made = kit.instance(network.id, nics=(asked,))

    (nic,) = adapter.instance(made.id).nics
    assert set(nic.spec.addresses) == set(wanted)
    assert (nic.spec.mac, nic.spec.subnet) == (asked.mac, None)


def test_a_card_is_wired_when_its_machine_is_handed_over(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    made = kit.instance(kit.network().id)
    assert [nic.native["status"] for nic in made.made.nics] == ["ACTIVE"]


def test_user_data_and_a_key_reach_nova(adapter: OpenStackAdapter, kit: Kit) -> None:
    """It shows user data to administrators only."""
    key = adapter.create_key_pair(KeyPairSpec(name=kit.name(), public_key=public_key()))
    kit.stack.callback(adapter.delete_key_pair, key.id)

    made = kit.instance(kit.network().id, user_data=USER_DATA, key_pair=key.name)

    assert made.made.spec.key_pair == key.name
    assert not made.made.user_data_told
    shown = opened(cloud="interop-admin").instance(made.id)
    assert (shown.spec.user_data, shown.user_data_told) == (USER_DATA, True)
    plain = kit.instance(kit.network().id)
    shown = opened(cloud="interop-admin").instance(plain.id)
    assert (shown.spec.user_data, shown.user_data_told) == (None, True)


def test_an_address_that_dhcp_has_is_in_use(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    """No agent runs here: its port is made by hand, as it would make it."""
    network = kit.network()
    cidr = network.subnets[0].spec.cidr
    port = admin.network.create_port(
        network_id=network.id,
        project_id=adapter._session.project,
        device_owner="network:dhcp",
        device_id="dhcp-by-hand",
        fixed_ips=[{"ip_address": str(cidr[2])}],
    )
    try:
        # the router's, too
        assert set(adapter.addresses_in_use(network.id)) == {cidr[1], cidr[2]}
    finally:
        admin.network.delete_port(port)
