"""Firewalls around subnets: made, put around in one swap, read back, taken away again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.aws import connect
from adapters.aws.adapter import AwsAdapter
from adapters.aws.limits import LIMITS as AWS
from broker.adapter import Kind, Made
from broker.errors import Invalid, NotFound, Unsupported
from broker.firewall import Layer, Packet, Space, connections, drift, translate
from broker.firewall.diagram import has
from broker.model import FirewallSpec, Network, NetworkSpec, SubnetSpec
from tests.firewall.test_divide import EDGE, FAR, denied
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


@pytest.fixture
def network(adapter: AwsAdapter) -> Iterator[Network]:
    spec = NetworkSpec(name="walled", subnets=(SubnetSpec(cidr=EDGE.inside[0]),))
    made = adapter.create_network(spec, token="walled")
    yield made
    adapter.delete_network(made.id)


def around(network: Network) -> FirewallSpec:
    found = translate(denied(*FAR), AWS.firewall, edge=EDGE)
    assert found.around is not None
    (subnet,) = network.subnets
    return found.around.model_copy(update={"network": network.id, "subnet": subnet.id})


def test_around_a_subnet_and_away_again(adapter: AwsAdapter, network: Network) -> None:
    spec = around(network)
    (subnet,) = network.subnets
    (before,) = adapter.subnet_firewalls(subnet.id)
    made = adapter.create_firewall(spec, token="around")
    assert adapter.create_firewall(spec, token="around").id == made.id
    assert adapter.made("around") == [Made(kind=Kind.FIREWALL, id=made.id)]
    found = adapter.firewall(made.id)
    assert drift(found.spec.rules, spec.rules).text == "equal"
    assert [one.id for one in found.attached] == [subnet.id]
    assert not found.spec.stateful
    (there,) = adapter.subnet_firewalls(subnet.id)
    assert there.id == made.id

    space = Space()
    passing = connections(space, [Layer(firewalls=(there.spec,))])
    for text, passes in {
        f"tcp/443 from {FAR[0]}": False,
        f"tcp/443 to {FAR[0]}": False,
        "tcp/443 from 198.51.100.7": True,
        "tcp/443 from 10.0.0.9": True,
    }.items():
        assert has(passing, Packet.parse(text).point(space)) is passes, text

    fewer = [*spec.rules[1:], rule(action="deny", cidr="192.0.2.0/24", priority=5, port=22)]
    assert drift(adapter.replace_rules(made.id, fewer).spec.rules, fewer).text == "equal"
    adapter.delete_firewall(made.id)
    adapter.delete_firewall(made.id)
    assert [one.id for one in adapter.subnet_firewalls(subnet.id)] == [before.id]
    with pytest.raises(NotFound):
        adapter.firewall(made.id)


def test_neighbours_are_not_held_up(adapter: AwsAdapter, network: Network) -> None:
    """What is between two machines of a subnet never meets its network ACL."""
    (subnet,) = network.subnets
    shut = FirewallSpec(name="shut", network=network.id, subnet=subnet.id, rules=(), stateful=False)
    made = adapter.create_firewall(shut, token="shut")
    (there,) = adapter.subnet_firewalls(subnet.id)
    space = Space()
    passing = connections(space, [Layer(firewalls=(there.spec,))])
    assert has(passing, Packet.parse("tcp/22 from 10.0.0.9").point(space))
    assert not has(passing, Packet.parse("tcp/22 from 10.0.1.9").point(space))
    adapter.delete_firewall(made.id)


@pytest.mark.parametrize(
    ("different", "error"),
    [
        ({"stateful": True}, Unsupported),
        ({"rules": tuple(rule(port=one, priority=one + 1) for one in range(21))}, Invalid),
        ({"rules": (rule(port=1, priority=40000),)}, Invalid),
        (
            {"rules": (rule(port=1, priority=1, source_ports={"first": 1, "last": 2}),)},
            Unsupported,
        ),
    ],
)
def test_what_an_acl_cannot_say_is_refused(
    adapter: AwsAdapter, network: Network, different: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        adapter.create_firewall(around(network).model_copy(update=different), token="refused")
    assert adapter.made("refused") == []
