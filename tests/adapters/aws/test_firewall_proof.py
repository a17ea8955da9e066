"""Security groups made of any provider's rules, read back from the service and proved."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from adapters.aws import connect
from adapters.aws.adapter import AwsAdapter
from broker.errors import Invalid
from broker.firewall import Around, Layer, Packet, Space, connections, drift, translate
from broker.firewall.diagram import has
from broker.model import AddressSetPeer, Firewall, FirewallSpec, GroupPeer, Peer
from tests.firewall import dialects
from tests.firewall.test_translate import rule
from tests.services.aws.fixture import AwsService, aws_process

__all__ = ["aws_process"]

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def adapter(
    aws_process: AwsService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AwsAdapter]:
    with aws_process.profiles(tmp_path_factory.mktemp("profiles")):
        made = connect(aws_process.account())
        yield made
        made.close()


@pytest.mark.parametrize("name", dialects.DIALECTS)
def test_what_is_read_back_is_what_was_proved(adapter: AwsAdapter, name: str) -> None:
    source = dialects.DIALECTS[name]
    made: list[Firewall] = []
    for seed in range(4):
        every = dialects.rules(random.Random(seed), source)
        # moto answers 500 to protocols it has no name for: it wants ports of them
        named = tuple(one for one in every if one.protocol not in (47, 132))
        spec = FirewallSpec(name="fw", rules=named)
        found = translate(
            spec, adapter.limits.firewall, defaults=source.defaults, known=dialects.KNOWN
        )
        if any(loss.blocking for loss in found.losses):
            continue
        for number, part in enumerate(found.parts):
            token = f"proof-{name.replace(' ', '-')}-{seed}-{number}"
            there = adapter.create_firewall(part, token=token)
            made.append(there)
            read = adapter.firewall(there.id)
            assert drift(read.spec.rules, part.rules).text == "equal"
            again = adapter.replace_rules(there.id, part.rules)
            assert drift(again.spec.rules, part.rules).text == "equal"
    assert made
    for each in made:
        adapter.delete_firewall(each.id)


def test_groups_and_prefix_lists_that_are_there_are_read_back(
    adapter: AwsAdapter, aws_process: AwsService
) -> None:
    offices = aws_process.client("ec2").create_managed_prefix_list(
        PrefixListName="peers", MaxEntries=1, AddressFamily="IPv4"
    )["PrefixList"]["PrefixListId"]
    peer = adapter.create_firewall(FirewallSpec(name="peer"), token="proof-peer")
    there: dict[str, Peer] = {
        "group": GroupPeer(firewall=peer.id),
        "address_set": AddressSetPeer(address_set=offices),
    }
    wanted = tuple(
        one.model_copy(update={"peer": named, "description": kind})
        for kind, named in there.items()
        for one in (rule(port=22), rule(direction="egress"), rule(protocol=1, icmp={"type": 3}))
    )
    made = adapter.create_firewall(FirewallSpec(name="user", rules=wanted), token="proof-user")
    assert drift(adapter.firewall(made.id).spec.rules, wanted).text == "equal"
    fewer = wanted[::2]
    assert drift(adapter.replace_rules(made.id, fewer).spec.rules, fewer).text == "equal"
    adapter.delete_firewall(made.id)
    adapter.delete_firewall(peer.id)


def test_a_full_group_becomes_another_full_one(adapter: AwsAdapter) -> None:
    """A group that holds 60 has no room for 60 more, and the service refuses the 61st."""
    old = [rule(port=port) for port in range(60)]
    halves = ("0.0.0.0/1", "128.0.0.0/1")
    new = [rule(port=port, cidr=half) for port in range(29) for half in halves]
    out = [rule(port=port, direction="egress") for port in range(60)]
    made = adapter.create_firewall(
        FirewallSpec(name="full", rules=(*old, *out)), token="proof-full"
    )
    found = adapter.replace_rules(made.id, [*new, *out])
    assert drift(found.spec.rules, [*new, *out]).text == "equal"
    adapter.delete_firewall(made.id)


def test_what_cannot_be_exchanged_is_refused_before_anything_is_changed(
    adapter: AwsAdapter,
) -> None:
    old = [rule(port=port) for port in range(60)]
    made = adapter.create_firewall(FirewallSpec(name="full", rules=tuple(old)), token="proof-stuck")
    with pytest.raises(Invalid, match="no room"):
        adapter.replace_rules(made.id, [rule(protocol=6, ports={"first": 0, "last": 80})])
    assert drift(adapter.firewall(made.id).spec.rules, old).text == "equal"
    adapter.delete_firewall(made.id)


def test_the_same_rules_again_are_not_sent(adapter: AwsAdapter, aws_process: AwsService) -> None:
    rules = (rule(port=22, description="by hand"), rule(direction="egress"))
    made = adapter.create_firewall(FirewallSpec(name="again", rules=rules), token="proof-again")
    before = aws_process.calls()
    adapter.replace_rules(made.id, tuple(reversed(rules)))
    sent = {name for name, count in aws_process.calls().items() if count != before.get(name)}
    assert not [name for name in sent if not name.startswith("Describe")]
    adapter.delete_firewall(made.id)


def test_a_network_acl_is_a_layer_of_its_own(adapter: AwsAdapter, aws_process: AwsService) -> None:
    ec2 = aws_process.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    (default,) = adapter.subnet_firewalls(subnet)
    space = Space()
    assert not default.spec.stateful
    everything = connections(space, [Layer(firewalls=(default.spec,))])
    assert has(everything, Packet.parse("tcp/443 from 203.0.113.7").point(space))
    for number, action, cidr in ((90, "deny", "203.0.113.0/24"), (95, "allow", "0.0.0.0/0")):
        ec2.create_network_acl_entry(
            NetworkAclId=default.id,
            RuleNumber=number,
            Protocol="6",
            RuleAction=action,
            Egress=False,
            CidrBlock=cidr,
            PortRange={"From": 443, "To": 443},
        )
    (acl,) = adapter.subnet_firewalls(subnet)
    own = FirewallSpec(name="own", rules=(rule(port=443), rule(port=22)))
    found = translate(
        own, adapter.limits.firewall, behind=Around(layers=(Layer(firewalls=(acl.spec,)),))
    )
    assert found.proof.text == "equal"
    after = connections(space, [Layer(firewalls=found.parts)])
    for text, passes in {
        "tcp/443 from 203.0.113.7": False,
        "tcp/22 from 203.0.113.7": True,
        "tcp/443 from 198.51.100.7": True,
        "tcp/80 from 198.51.100.7": False,
    }.items():
        assert has(after, Packet.parse(text).point(space)) is passes, text


def test_a_prefix_list_can_be_read(adapter: AwsAdapter, aws_process: AwsService) -> None:
    made = aws_process.client("ec2").create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "192.0.2.0/24"}, {"Cidr": "198.51.100.0/24"}],
    )
    found = adapter.address_set(made["PrefixList"]["PrefixListId"])
    assert [str(one) for one in found] == ["192.0.2.0/24", "198.51.100.0/24"]
