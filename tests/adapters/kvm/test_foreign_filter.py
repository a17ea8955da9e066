"""Filters of others: chains, priorities, includes and what is let through in the end."""

import pytest

from adapters.kvm.translate.foreign_filter import foreign_rules
from broker.errors import Unsupported
from broker.firewall import Packet, Space, in_order
from broker.firewall.diagram import has
from broker.model import Action, FirewallRule

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
  <rule action='drop' direction='in' priority='600'><tcp dstportstart='0' dstportend='1023'/></rule>
</filter>"""

ONLY_OWN_MAC = """<filter name='only-own-mac' chain='mac' priority='-800'>
  <rule action='return' direction='out' priority='350'><mac srcmacaddr='$MAC'/></rule>
  <rule action='drop' direction='out' priority='500'><mac/></rule>
</filter>"""

ONLY_OWN_IP = """<filter name='only-own-ip' chain='ipv4-own' priority='-710'>
  <rule action='return' direction='out' priority='100'>
    <ip srcipaddr='0.0.0.0' protocol='udp'/>
  </rule>
  <rule action='drop' direction='out'><ip match='no' srcipaddr='$IP'/></rule>
  <rule action='drop' direction='out' priority='1000'>
    <ip dstipaddr='10.9.0.0' dstipmask='16'/>
  </rule>
</filter>"""

ONLY_OWN_ARP = """<filter name='only-own-arp' chain='arp-own' priority='-510'>
  <rule action='return' direction='out' priority='400'><arp arpsrcipaddr='$IP'/></rule>
  <rule action='drop' direction='out' priority='1000'/>
</filter>"""

CLEAN = """<filter name='clean' chain='root'>
  <filterref filter='only-own-mac'/>
  <filterref filter='only-own-ip'/>
  <filterref filter='only-own-arp'/>
  <rule action='accept' direction='out' priority='-650'><mac protocolid='ipv4'/></rule>
  <rule action='accept' direction='in' priority='-650'><ip protocol='tcp'/></rule>
  <rule action='accept' direction='in' priority='-640'><ip protocol='udp' srcportstart='53'/></rule>
  <rule action='accept' direction='inout' priority='-500'><mac protocolid='arp'/></rule>
  <rule action='drop' direction='inout' priority='1000'/>
</filter>"""

OTHERS = {
    "no-mail": INNER,
    "only-own-mac": ONLY_OWN_MAC,
    "only-own-ip": ONLY_OWN_IP,
    "only-own-arp": ONLY_OWN_ARP,
}


def read(xml: str) -> tuple[FirewallRule, ...]:
    return foreign_rules(xml, OTHERS.__getitem__)


def lets(rules: tuple[FirewallRule, ...], packet: str) -> bool:
    space = Space()
    return has(space.passing(in_order(rules)), Packet.parse(packet).point(space))


def filter_of(*rules: str, chain: str = "root") -> str:
    return f"<filter name='x' chain='{chain}'>{''.join(rules)}</filter>"


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        ("tcp/22 from 192.0.2.1", True),
        ("tcp/23 from 192.0.2.1", False),
        ("tcp/8080 from 192.0.2.1", True),
        ("udp/53 from 10.1.1.1", True),
        ("udp/53 from 11.1.1.1", False),
        ("tcp/25 to 192.0.2.1", False),
        ("tcp/80 to 192.0.2.1", True),
        ("icmp from 192.0.2.1", True),
        ("tcp/23 from fd00::1", True),
        # a drop has a mirror image: 25 as the source of what comes in, low ports of what goes out
        ("tcp/8080 from 192.0.2.1 port 25", False),
        ("tcp/80 to 192.0.2.1 port 1023", False),
    ],
)
def test_rules_of_all_filters_are_one_list(packet: str, passes: bool) -> None:
    rules = read(OUTER)
    assert lets(rules, packet) is passes
    assert [rule.priority for rule in rules] == list(range(len(rules))), "they are its own"


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        ("tcp/80 from 192.0.2.1", True),
        ("tcp/80 to 192.0.2.1", True),
        ("udp/53 to 192.0.2.1", True),
        ("udp/54 to 192.0.2.1", False),
        ("udp/53 from 192.0.2.1", False),
        ("icmp to 192.0.2.1", False),
        ("icmp from 192.0.2.1", False),
        ("tcp/80 to 10.9.1.1", False),
        ("tcp/80 from 10.9.1.1", False),
        ("tcp/80 to fd00::1", False),
    ],
)
def test_frames_have_to_pass_too_and_so_have_those_of_the_answers(
    packet: str, passes: bool
) -> None:
    assert lets(read(CLEAN), packet) is passes


@pytest.mark.parametrize(
    ("rules", "packet", "passes"),
    [
        # nothing lets the answers out
        ("<rule action='drop' direction='out'><all/></rule>", "tcp/22 from 192.0.2.1", False),
        (
            "<rule action='accept' direction='in' priority='1'><tcp dstportstart='22'/></rule>"
            "<rule action='drop' direction='inout'><all/></rule>",
            "tcp/22 from 192.0.2.1",
            True,
        ),
        # an ICMP type has no mirror image
        (
            "<rule action='accept' direction='in' priority='1'><icmp type='8'/></rule>"
            "<rule action='drop' direction='inout'><all/></rule>",
            "icmp from 192.0.2.1",
            False,
        ),
        (
            "<rule action='accept' direction='in' priority='1'><icmp type='8'/></rule>"
            "<rule action='accept' direction='out' priority='1'><icmp type='0'/></rule>"
            "<rule action='drop' direction='inout'><all/></rule>",
            "icmp from 192.0.2.1",
            True,
        ),
        (
            "<rule action='accept' direction='in' priority='1'>"
            "<tcp state='NEW' dstportstart='22'/></rule>"
            "<rule action='accept' direction='out' priority='1'>"
            "<all state='ESTABLISHED,RELATED'/></rule>"
            "<rule action='drop' direction='inout'><all/></rule>",
            "tcp/22 from 192.0.2.1",
            True,
        ),
        (
            "<rule action='drop' direction='in'><tcp match='no' srcipaddr='10.0.0.7'/></rule>",
            "tcp/22 from 10.0.0.8",
            False,
        ),
        (
            "<rule action='drop' direction='in'><tcp match='no' srcipaddr='10.0.0.7'/></rule>",
            "tcp/22 from 10.0.0.7",
            True,
        ),
        (
            "<rule action='drop' direction='in'><tcp match='no' dstportstart='20'"
            " dstportend='30'/></rule>",
            "tcp/25 from 10.0.0.7",
            True,
        ),
        (
            "<rule action='drop' direction='in'><udp srcipfrom='10.0.0.7' srcipto='10.0.0.9'/>"
            "</rule>",
            "udp/25 from 10.0.0.9",
            False,
        ),
        (
            "<rule action='drop' direction='in'><udp srcipaddr='10.0.0.5' srcipmask='24'/></rule>",
            "udp/25 from 10.0.0.77",
            False,
        ),
        # as written for what comes in, its ends exchanged for what goes out
        (
            "<rule action='drop' direction='inout'><tcp dstportstart='22'/></rule>",
            "tcp/22 to 10.0.0.7",
            True,
        ),
        ("<rule action='drop' direction='in'><igmp/></rule>", "2 from 10.0.0.7", False),
    ],
)
def test_what_rules_do(rules: str, packet: str, passes: bool) -> None:
    assert lets(read(filter_of(rules)), packet) is passes


@pytest.mark.parametrize(
    "rule",
    [
        "<filterref filter='no-mail'><parameter name='IP' value='10.0.0.1'/></filterref>",
        "<rule action='drop' direction='in'><mac srcmacaddr='52:54:00:00:00:01'/></rule>",
        "<rule action='drop' direction='in'><tcp srcipaddr='$GATEWAY'/></rule>",
        "<rule action='drop' direction='in'><tcp dstipaddr='10.0.0.1'/></rule>",
        "<rule action='drop' direction='in'><tcp dscp='2'/></rule>",
        "<rule action='drop' direction='in'><arp/></rule>",
        "<rule action='drop' direction='inout'/>",
        "<rule action='drop' direction='in'><tcp dstportstart='$PORTS'/></rule>",
    ],
)
def test_what_depends_on_more_is_refused(rule: str) -> None:
    with pytest.raises(Unsupported):
        read(filter_of(rule))


def test_a_chain_nobody_knows_is_refused() -> None:
    with pytest.raises(Unsupported):
        read(filter_of(chain="other"))


def test_filters_that_include_each_other_end() -> None:
    loop = "<filter name='a' chain='root'><filterref filter='a'/></filter>"
    with pytest.raises(Unsupported):
        foreign_rules(loop, lambda _: loop)


def test_what_few_denies_say_is_not_spelled_out_as_thousands_of_allows() -> None:
    codes = "".join(
        f"<rule action='drop' direction='in' priority='1'><icmp type='{kind}' code='1'/></rule>"
        for kind in range(30, 80)
    )
    negated = "<rule action='drop' direction='in'><tcp match='no' dstportstart='22'/></rule>"
    rules = foreign_rules(f"<filter name='codes' chain='root'>{codes}{negated}</filter>", str)

    assert Action.DENY in {rule.action for rule in rules}
    assert len(rules) < 100
