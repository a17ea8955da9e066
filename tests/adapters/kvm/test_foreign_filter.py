"""Filters of others: chains, priorities, includes and what is let through in the end."""

import pytest

from adapters.kvm.translate.foreign_filter import foreign_rules
from broker.errors import Unsupported
from broker.firewall import Packet, Space, in_order
from broker.firewall.diagram import has

INNER = """<filter name='no-mail' chain='root'>
  <rule action='drop' direction='out' priority='100'>
    <tcp dstportstart='25' comment='77 spam'/>
  </rule>
  <rule action='reject' direction='inout' priority='900'><udp/></rule>
</filter>"""

OUTER = """<filter name='guest' chain='root'>
  <uuid>00000000-0000-0000-0000-000000000001</uuid>
  <rule action='return' direction='in' priority='50'>
    <udp srcipaddr='10.0.0.0' srcipmask='8' dstportstart='53'/>
  </rule>
  <rule action='continue' direction='in'><all/></rule>
  <filterref filter='no-mail'/>
  <rule action='accept' direction='in'><tcp dstportstart='22'/></rule>
  <rule action='drop' direction='in' priority='600'><tcp/></rule>
</filter>"""


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        ("tcp/22 from 192.0.2.1", True),
        ("tcp/23 from 192.0.2.1", False),
        ("udp/53 from 10.1.1.1", True),
        ("udp/53 from 11.1.1.1", False),
        ("tcp/25 to 192.0.2.1", False),
        ("tcp/80 to 192.0.2.1", True),
        ("icmp from 192.0.2.1", True),
        ("tcp/23 from fd00::1", True),
    ],
)
def test_rules_of_all_filters_are_one_list(packet: str, passes: bool) -> None:
    rules = foreign_rules(OUTER, {"no-mail": INNER}.__getitem__)
    space = Space()
    said = has(space.passing(in_order(rules)), Packet.parse(packet).point(space))
    assert said is passes


@pytest.mark.parametrize(
    "rule",
    [
        "<filterref filter='other'><parameter name='IP' value='10.0.0.1'/></filterref>",
        "<rule action='drop' direction='out'><mac srcmacaddr='$MAC' match='no'/></rule>",
        "<rule action='accept' direction='in' statematch='false'><tcp/></rule>",
        "<rule action='drop' direction='in'><tcp srcipaddr='$IP'/></rule>",
        "<rule action='drop' direction='in'><arp/></rule>",
    ],
)
def test_what_no_rule_can_say_is_refused(rule: str) -> None:
    with pytest.raises(Unsupported):
        foreign_rules(f"<filter name='x' chain='root'>{rule}</filter>", lambda _: INNER)
    with pytest.raises(Unsupported):
        foreign_rules("<filter name='x' chain='arp'/>", lambda _: INNER)


def test_filters_that_include_each_other_end() -> None:
    loop = "<filter name='a' chain='root'><filterref filter='a'/></filter>"
    with pytest.raises(Unsupported):
        foreign_rules(loop, lambda _: loop)
