"""Security groups made of any provider's rules, read back from the service and proved."""

from __future__ import annotations

import ipaddress
import itertools
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.mgmt.network import NetworkManagementClient

from adapters.aws.limits import LIMITS as AWS
from adapters.azure.adapter import AzureAdapter
from adapters.azure.translate import networks
from broker.errors import Conflict, NotFound
from broker.firewall import (
    Layer,
    Packet,
    Space,
    can,
    carry,
    connections,
    drift,
    guard,
    translate,
)
from broker.firewall.diagram import has
from broker.model import (
    Action,
    AddressSetPeer,
    AttachPoint,
    CidrPeer,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Instance,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    PortRange,
    Power,
    Size,
    State,
    SubnetSpec,
)
from tests.firewall import dialects
from tests.services.azure.fixture import AzureService

pytestmark = pytest.mark.service

GROUP = "interop"


@pytest.mark.parametrize("name", dialects.DIALECTS)
def test_what_is_read_back_is_what_was_proved(adapter: AzureAdapter, name: str) -> None:
    source = dialects.DIALECTS[name]
    made: list[Firewall] = []
    for seed in range(4):
        rules = dialects.rules(random.Random(seed), source)
        spec = FirewallSpec(name="fw", rules=rules)
        # the groups and sets that these rules speak of are not there
        known = {f"group {each}": list(ranges(each)) for each in dialects.GROUPS}
        known |= {f"address set {each}": list(ranges(each)) for each in dialects.SETS}
        found = translate(spec, adapter.limits.firewall, defaults=source.defaults, known=known)
        if any(loss.blocking for loss in found.losses):
            continue
        for number, part in enumerate(found.parts):
            token = f"proof-{name.replace(' ', '-')}-{seed}-{number}"
            there = adapter.create_firewall(part, token=token)
            made.append(there)
            read = adapter.firewall(there.id)
            assert drift(read.spec.rules, part.rules).text == "equal"
            again = adapter.replace_rules(there.id, part.rules)
            assert again.native["etag"] == read.native["etag"], "nothing was to be done"
    assert made


def ranges(name: str) -> set[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return {ipaddress.ip_network(one) for one in dialects.MEMBERS[name]}


def rule(port: int, priority: int, **about: Any) -> FirewallRule:
    return FirewallRule(
        **{
            "direction": Direction.INGRESS,
            "family": Family.IPV4,
            "peer": CidrPeer(cidr=ipaddress.ip_network("192.0.2.0/24")),
            "protocol": 6,
            "ports": PortRange(first=port, last=port),
            "priority": priority,
            **about,
        }
    )


def web(adapter: AzureAdapter, *rules: FirewallRule, token: str = "web") -> Firewall:
    return adapter.create_firewall(FirewallSpec(name="web", rules=rules), token=token)


def test_rules_of_others_come_back_unchanged(adapter: AzureAdapter, azure: AzureService) -> None:
    theirs = web(adapter, rule(22, 300))
    client = azure.client(NetworkManagementClient)
    every: tuple[dict[str, Any], ...] = (
        {"protocol": "*", "destinationPortRanges": ["80", "443", "8000-8010"]},
        {"protocol": "Tcp", "destinationPortRange": "80-90", "access": "Deny"},
        {"protocol": "Udp", "destinationPortRange": "*", "sourceAddressPrefix": "Storage"},
        {
            "protocol": "Icmp",
            "destinationPortRange": "*",
            "sourceAddressPrefixes": ["192.0.2.1", "198.51.100.0/24"],
        },
        {"protocol": "Tcp", "destinationPortRange": "80", "sourcePortRange": "1024-65535"},
    )
    for priority, words in enumerate(every, 100):
        about: dict[str, Any] = {
            "access": "Allow",
            "direction": "Inbound",
            "priority": priority,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            **words,
        }
        if "sourceAddressPrefixes" not in words:
            about.setdefault("sourceAddressPrefix", "*")
        client.security_rules.begin_create_or_update(
            GROUP, theirs.id, f"theirs-{priority}", {"properties": about}
        ).result()
    found = adapter.firewall(theirs.id)
    before = bodies(client, theirs.id)

    adapter.replace_rules(theirs.id, [*found.spec.rules, rule(5432, 310)])

    after = bodies(client, theirs.id)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"in-310"}


def bodies(client: NetworkManagementClient, firewall: str) -> dict[str, Any]:
    """The properties of all rules, as the service has them."""
    return {
        str(each["name"]): each.properties.as_dict() if each.properties else {}
        for each in client.security_rules.list(GROUP, firewall)
    }


def test_a_firewall_somebody_changes_meanwhile_is_not_overwritten(
    adapter: AzureAdapter, azure: AzureService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = web(adapter, rule(22, 100))
    client = azure.client(NetworkManagementClient)
    look = adapter._security_group

    def look_then_change(id: str) -> dict[str, Any]:
        found = look(id)
        client.network_security_groups.update_tags(GROUP, id, {"tags": {"theirs": "yes"}})
        return found

    monkeypatch.setattr(adapter, "_security_group", look_then_change)
    with pytest.raises(Conflict):
        adapter.replace_rules(made.id, [rule(80, 100)])
    monkeypatch.undo()
    assert adapter.firewall(made.id).spec.labels == {"theirs": "yes"}
    assert [one.ports for one in adapter.firewall(made.id).spec.rules] == [
        PortRange(first=22, last=22)
    ]


def test_a_firewall_around_a_subnet_is_a_layer_of_its_own(
    adapter: AzureAdapter, azure: AzureService
) -> None:
    network = adapter.create_network(NETWORK, token="net")
    subnet = network.subnets[0].id
    assert adapter.subnet_firewalls(subnet) == []
    made = web(adapter, rule(443, 100))
    client = azure.client(NetworkManagementClient)
    told = client.subnets.get(GROUP, *subnet.split("/"))
    told["properties"]["networkSecurityGroup"] = {"id": str(made.native["id"])}
    client.subnets.begin_create_or_update(GROUP, *subnet.split("/"), told).result()

    (around,) = adapter.subnet_firewalls(subnet)

    assert [(worn.point, worn.id) for worn in around.attached] == [(AttachPoint.SUBNET, subnet)]
    layer = Layer(firewalls=(around.spec,), defaults=adapter.limits.firewall.defaults)
    space = Space({"address set VirtualNetwork", "address set AzureLoadBalancer"})
    space = Space(
        {*space.names, "address set Internet"},
        {"address set VirtualNetwork": adapter.network_address_set("VirtualNetwork", network.id)},
    )
    passing = connections(space, [layer])
    assert has(passing, Packet.parse("tcp/443 from 192.0.2.9").point(space))
    assert has(passing, Packet.parse("tcp/22 from 10.61.0.9").point(space))
    assert not has(passing, Packet.parse("tcp/22 from 192.0.2.9").point(space))
    with pytest.raises(Conflict):
        adapter.delete_firewall(made.id)


NETWORK = NetworkSpec(name="net", subnets=(SubnetSpec(cidr=ipaddress.ip_network("10.61.0.0/24")),))


def card(adapter: AzureAdapter, network: str, *firewalls: str, token: str) -> str:
    wish = NicSpec(network=network, firewalls=firewalls)
    (path,) = adapter._new_nics([wish], f"machine-{token}", token)
    return adapter._ids.short(path)


def groups(adapter: AzureAdapter, id: str) -> list[str]:
    """The ids of the application security groups a card is in."""
    return [
        adapter._ids.short(group["id"])
        for part in adapter._card(id)["properties"]["ipConfigurations"]
        for group in part["properties"].get("applicationSecurityGroups", [])
    ]


def test_a_card_is_in_the_group_of_the_firewall_it_wears(adapter: AzureAdapter) -> None:
    network = adapter.create_network(NETWORK, token="net")
    made = web(adapter)
    worn = card(adapter, network.id, made.id, token="one")
    assert groups(adapter, worn) == [made.id]
    assert adapter.firewall(made.id).attached[0].id == worn


def test_a_firewall_of_others_becomes_a_peer_with_the_cards_that_wear_it(
    adapter: AzureAdapter, azure: AzureService
) -> None:
    client = azure.client(NetworkManagementClient)
    client.network_security_groups.begin_create_or_update(
        GROUP, "Theirs", {"location": azure.location}
    ).result()
    network = adapter.create_network(NETWORK, token="net")
    worn = card(adapter, network.id, "theirs", token="one")
    assert groups(adapter, worn) == []
    peer = GroupPeer(firewall="theirs")

    made = web(adapter, rule(5432, 100, peer=peer))

    assert groups(adapter, worn) == ["theirs"]
    assert {one.peer for one in adapter.firewall(made.id).spec.rules} == {peer}
    with pytest.raises(NotFound):
        web(adapter, rule(5432, 100, peer=GroupPeer(firewall="nobody")), token="other")


def test_a_firewall_that_is_a_peer_elsewhere_is_not_deleted(adapter: AzureAdapter) -> None:
    peer = web(adapter, token="peer")
    own = GroupPeer(firewall=peer.id)
    user = web(adapter, rule(5432, 100, peer=own), token="user")
    adapter.replace_rules(peer.id, [rule(5432, 100, peer=own)])
    with pytest.raises(Conflict, match=user.id):
        adapter.delete_firewall(peer.id)
    assert adapter.firewall(peer.id).id == peer.id
    adapter.delete_firewall(user.id)
    adapter.delete_firewall(peer.id)
    assert adapter.made("peer") == []


def test_a_group_of_others_is_an_address_set_and_stays(
    adapter: AzureAdapter, azure: AzureService
) -> None:
    client = azure.client(NetworkManagementClient)
    client.application_security_groups.begin_create_or_update(
        GROUP, "Theirs", {"location": azure.location}
    ).result()
    peer = AddressSetPeer(address_set="asg/theirs")
    made = web(adapter, rule(5432, 100, peer=peer))
    assert {one.peer for one in adapter.firewall(made.id).spec.rules} == {peer}
    assert adapter.address_set("asg/theirs") == []
    adapter.delete_firewall("theirs")
    assert client.application_security_groups.get(GROUP, "Theirs")["name"] == "Theirs"


def test_groups_and_tags_are_read_back_allowed_and_denied(adapter: AzureAdapter) -> None:
    peer = web(adapter, token="peer")
    peers = (GroupPeer(firewall=peer.id), AddressSetPeer(address_set="Storage"))
    wanted = [
        rule(port, 100 + port, peer=named, action=action, direction=direction)
        for port, (named, action, direction) in enumerate(
            itertools.product(peers, Action, Direction), 1
        )
    ]
    made = web(adapter, *wanted)
    assert drift(adapter.firewall(made.id).spec.rules, wanted).text == "equal"
    fewer = wanted[::3]
    assert drift(adapter.replace_rules(made.id, fewer).spec.rules, fewer).text == "equal"


def test_what_a_tag_stands_for(adapter: AzureAdapter) -> None:
    network = adapter.create_network(NETWORK, token="net")
    inside = adapter.network_address_set("VirtualNetwork", network.id)
    assert ipaddress.ip_network("10.61.0.0/24") in inside
    assert adapter.address_set("VirtualNetwork") == inside
    outside = adapter.network_address_set("Internet", network.id)
    for address, reached in (
        ("203.0.113.7", True),
        ("10.61.0.9", False),
        ("10.9.9.9", False),
        ("168.63.129.16", False),
        ("2001:db8::1", True),
    ):
        found = ipaddress.ip_address(address)
        assert any(found in each for each in outside) == reached
    assert adapter.address_set("AzureLoadBalancer") == [ipaddress.ip_network("168.63.129.16/32")]
    with pytest.raises(NotFound):
        adapter.network_address_set("Storage", network.id)
    adapter.create_network(NETWORK, token="other")
    with pytest.raises(NotFound, match="each of 2 networks"):
        adapter.address_set("VirtualNetwork")


def test_a_rule_for_one_of_the_wearers_is_read_by_who_wears_it(
    adapter: AzureAdapter, azure: AzureService
) -> None:
    network = adapter.create_network(NETWORK, token="net")
    made = web(adapter)
    card(adapter, network.id, made.id, token="one")
    client = azure.client(NetworkManagementClient)
    for priority, access in ((100, "Allow"), (110, "Deny")):
        about = {
            "access": access,
            "direction": "Inbound",
            "priority": priority,
            "protocol": "Tcp",
            "sourceAddressPrefix": "192.0.2.0/24",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "10.61.0.4",
            "destinationPortRange": "22",
        }
        client.security_rules.begin_create_or_update(
            GROUP, made.id, access, {"properties": about}
        ).result()

    alone = adapter.firewall(made.id).spec.rules
    assert [one.action.value for one in alone] == ["allow", "deny"]

    card(adapter, network.id, made.id, token="two")
    both = adapter.firewall(made.id).spec.rules
    assert [one.action.value for one in both] == ["deny"]


def test_a_description_is_kept(adapter: AzureAdapter) -> None:
    spec = FirewallSpec(name="web", description="for the é web", labels={"team": "x"})
    made = adapter.create_firewall(spec, token="web")
    assert adapter.firewall(made.id).spec == spec


def test_what_reaches_a_machine_is_proved_and_taken_along(adapter: AzureAdapter) -> None:
    """The default rules too, whose tags mean this network: elsewhere they have to be said."""
    network = adapter.create_network(NETWORK, token="net")
    stopped = rule(22, 110, action=Action.DENY)
    made = web(adapter, rule(443, 100), stopped)
    worn = card(adapter, network.id, made.id, token="one")
    nic = networks.nic(adapter._card(worn), {}, adapter._ids)
    machine = Instance(
        id="web",
        spec=InstanceSpec(name="web", size=Size(vcpus=1, memory=512), nics=(nic.spec,)),
        state=State(
            power=Power.RUNNING, allocated=True, native="running", observed_at=datetime.now(UTC)
        ),
        nics=(nic,),
    )

    found = guard(adapter, machine)

    for packet, passes in (
        ("tcp/443 from 192.0.2.9", True),
        ("tcp/22 from 192.0.2.9", False),
        ("tcp/22 from 10.61.0.9", True),
        ("tcp/22 from 10.99.0.9", False),
        ("tcp/443 to 203.0.113.7", True),
        ("tcp/443 to 10.99.0.9", False),
    ):
        assert can(found, Packet.parse(packet)).allowed == passes, packet
    (carried,) = carry(found, AWS.firewall)
    assert carried.proof.text == "equal"
    assert len(carried.parts) == 1
