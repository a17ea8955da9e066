import ipaddress
import re
from typing import Any

import pytest

from broker.adapter import AddressLimits, FirewallLimits, NameRule
from broker.errors import ConfigError, Conflict, NotFound, Unsupported
from broker.migrate.check import check_plan
from broker.migrate.steps import (
    CopyDisks,
    CreateFirewall,
    CreateInstance,
    CreateNetwork,
    LinkFirewall,
    UseNetwork,
    VerifyFirewall,
)
from broker.model import GIB, Family, Fidelity, Firewall, GroupPeer, NicSpec, Power
from tests.migrate.looks import (
    LAN,
    LIMITS,
    THERE,
    firewall,
    instance,
    look,
    network,
    offer,
    planned,
    rule,
    subnet,
)


def the(kind: type, plan: Any) -> Any:
    (step,) = [step for step in plan.steps if isinstance(step, kind)]
    return step


def test_the_same_input_gives_the_same_bytes() -> None:
    assert planned().model_dump_json() == planned().model_dump_json()


def test_every_step_has_a_token_of_its_own_that_adapters_accept() -> None:
    named = planned(name="Ünïcode Server mit sehr langem Namen/" + "x" * 90)
    tokens = [named.token(index) for index in range(len(named.steps))]
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", token) for token in tokens)


def test_a_running_source_is_stopped_before_its_disks_are_read() -> None:
    assert [step.do for step in planned().steps] == [
        "create_network",
        "stop_source",
        "copy_disks",
        "verify_disk",
        "copy_disks",
        "verify_disk",
        "create_instance",
        "verify_instance",
        "release_disk",
        "release_disk",
    ]


def test_the_disks_of_a_source_kept_running_are_opened_together() -> None:
    plan = planned(keep_running=True)
    assert "stop_source" not in [step.do for step in plan.steps]
    assert [disk.name for disk in the(CopyDisks, plan).disks] == ["root", "data"]
    (loss,) = [loss for loss in plan.losses if loss.field == "content"]
    assert loss.fidelity is Fidelity.APPROXIMATED


def test_user_data_is_handed_on_but_is_in_no_plan() -> None:
    plan = planned(look(instance=instance(user_data="#!/bin/sh\necho hunter2")))
    assert the(CreateInstance, plan).user_data
    assert "hunter2" not in plan.model_dump_json()


def test_disks_that_cannot_be_read_are_told_before_anything_is_done() -> None:
    packed = instance().model_copy(update={"unreadable": "it is packed away: unpack it"})
    plan = planned(look(instance=packed))
    (loss,) = plan.blocking
    assert (loss.field, loss.reason) == ("volumes", "it is packed away: unpack it")
    with pytest.raises(Unsupported, match="packed away: unpack it"):
        check_plan(plan)


@pytest.mark.parametrize(
    ("had", "got", "said"),
    [
        (0, 0, None),
        (20 * GIB, 0, (Fidelity.DROPPED, "20 GiB on its host", "none")),
        (20 * GIB, GIB, (Fidelity.DROPPED, "20 GiB on its host", "1 GiB, empty")),
        (20 * GIB, None, (Fidelity.DROPPED, "20 GiB on its host", "unknown")),
        (None, 0, (Fidelity.UNCHECKED, "unknown", "none")),
    ],
)
def test_what_is_on_a_local_disk_is_said_to_stay_behind(
    had: int | None, got: int | None, said: tuple[Fidelity, str, str] | None
) -> None:
    source = instance().model_copy(update={"local_disk": had})
    plan = planned(look(instance=source, offers=(offer("m", 2, 1024, local_disk=got),)))
    found = [
        (loss.fidelity, loss.before, loss.after)
        for loss in plan.losses
        if loss.field == "local_disk"
    ]
    assert found == ([] if said is None else [said])


def test_user_data_that_nobody_tells_of_is_said_to_be_unknown() -> None:
    silent = instance().model_copy(update={"user_data_told": False})
    plan = planned(look(instance=silent))
    (loss,) = [loss for loss in plan.losses if loss.field == "user_data"]
    assert (loss.fidelity, loss.before) == (Fidelity.UNCHECKED, "unknown")
    assert not the(CreateInstance, plan).user_data
    assert "user_data" not in [loss.field for loss in planned().losses]


def test_a_source_in_a_state_nobody_knows_says_why() -> None:
    state = instance(Power.UNKNOWN).state.model_copy(
        update={"native": "ERROR", "reason": "no host"}
    )
    broken = instance().model_copy(update={"state": state})
    with pytest.raises(Conflict, match=r"lab/web-1 runs \(ERROR: no host\).* Mend it there"):
        planned(look(instance=broken))


@pytest.mark.parametrize("power", [Power.PAUSED, Power.STARTING, Power.DELETING])
def test_a_source_between_two_states_is_not_moved(power: Power) -> None:
    with pytest.raises(Conflict, match="Start or stop it first"):
        planned(look(instance=instance(power)))


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(Conflict, match="--name"):
        planned(name="db-1")
    assert planned(name="db-2").target.name == "db-2"


def test_a_name_that_is_taken_once_it_fits_is_refused() -> None:
    grammar = LIMITS.model_copy(
        update={"instance_name": LIMITS.instance_name.model_copy(update={"pattern": "[a-z0-9-]+"})}
    )
    with pytest.raises(Conflict):
        planned(look(limits=grammar), name="DB 1")


def test_no_size_large_enough_is_a_blocking_loss_with_counts() -> None:
    plan = planned(look(offers=(offer("tiny", 1, 128), offer("small", 1, 2048))))
    (loss,) = plan.blocking
    assert loss.field == "size"
    assert "1 have too little memory" in loss.reason
    assert "1 have too few vCPUs" in loss.reason


def test_a_larger_size_is_told() -> None:
    plan = planned(look(offers=(offer("large", 8, 8192, burstable=True),)))
    lost = {loss.field: loss.after for loss in plan.losses}
    assert lost["size"] == "large: 8 vCPU, 8192 MiB"
    assert "size.burstable" in lost
    assert plan.target.size.offer == "large"


def test_any_size_needs_no_offer() -> None:
    plan = planned(look(limits=LIMITS.model_copy(update={"any_size": True}), offers=()))
    assert plan.target.size.offer is None
    assert not plan.blocking


def test_a_console_pattern_needs_a_console_and_must_be_one() -> None:
    with pytest.raises(ConfigError, match="no console log"):
        planned(look(target_has_console=False), console="login:")
    with pytest.raises(ConfigError, match="no pattern"):
        planned(console="(")


def test_a_size_the_account_cannot_have_says_why() -> None:
    seen = look(closed_sizes={"huge": "NotAvailableForSubscription"})
    with pytest.raises(ConfigError, match=r"huge cannot be had here \(NotAvailable"):
        planned(seen, size="huge")
    with pytest.raises(ConfigError, match="there is no size hug"):
        planned(seen, size="hug")


class TestNetworks:
    def test_an_unmapped_network_is_made_like_the_sources(self) -> None:
        step = the(CreateNetwork, planned())
        assert step.spec == LAN.spec
        assert step.subnets == ("sub-lan",)

    def test_a_second_range_of_its_subnets_is_told_to_be_lost(self) -> None:
        both = LAN.model_copy(update={"beside": frozenset({Family.IPV6})})
        plan = planned(look(networks=(both,)))
        (lost,) = [loss for loss in plan.losses if loss.field == "networks.lan.families"]
        assert (lost.fidelity, lost.before, lost.after) == ("dropped", "ipv4, ipv6", "ipv4")
        used = planned(look(networks=(both,)), network="there")
        assert not [loss for loss in used.losses if loss.field.startswith("networks.")]

    def test_a_taken_name_gets_a_number(self) -> None:
        plan = planned(look(target_networks=(network("n1", "lan"), network("n2", "lan-2"))))
        assert the(CreateNetwork, plan).spec.name == "lan-3"

    def test_machines_of_one_network_meet_again(self) -> None:
        twin = network("net-twin", "lan", subnet("sub-twin", "10.0.0.0/24"))
        step = the(UseNetwork, planned(look(target_networks=(twin,))))
        assert (step.target, step.subnets) == ("net-twin", {"sub-lan": "sub-twin"})

    @pytest.mark.parametrize(
        "options",
        [
            {"network": "there"},
            {"network": "net-there"},
            {"networks": {"lan": "there"}},
            {"networks": {"net-lan": "net-there"}},
        ],
    )
    def test_a_network_is_named_by_name_or_id(self, options: dict[str, Any]) -> None:
        assert the(UseNetwork, planned(**options)).target == "net-there"

    def test_a_missing_network_offers_the_nearest(self) -> None:
        with pytest.raises(NotFound, match="Did you mean there"):
            planned(network="theer")
        with pytest.raises(NotFound, match="Did you mean lan"):
            planned(networks={"lam": "there"})

    def test_two_networks_of_one_name_are_listed_by_id(self) -> None:
        two = look(target_networks=(network("n1", "x"), network("n2", "x")))
        with pytest.raises(ConfigError, match="n1, n2"):
            planned(two, network="x")

    def test_a_network_nobody_can_read_must_be_named(self) -> None:
        with pytest.raises(ConfigError, match="--network"):
            planned(look(networks=()))
        assert the(UseNetwork, planned(look(networks=()), network="there")).subnets == {}

    def test_an_address_is_kept_where_a_subnet_has_it(self) -> None:
        wide = network("n", "wide", subnet("s1", "10.9.0.0/24"), subnet("s2", "10.0.0.0/16"))
        plan = planned(look(target_networks=(wide,)), network="wide")
        assert the(UseNetwork, plan).subnets == {"sub-lan": "s2"}
        assert plan.spec.nics[0].addresses == (ipaddress.ip_address("10.0.0.5"),)

    def test_an_address_that_is_taken_is_dropped_and_told(self) -> None:
        taken = {"net-twin": (ipaddress.ip_address("10.0.0.5"),)}
        twin = network("net-twin", "lan", subnet("sub-twin", "10.0.0.0/24"))
        plan = planned(look(target_networks=(twin,), taken=taken))
        assert plan.spec.nics[0].addresses == ()
        assert any("it is in use" in loss.reason for loss in plan.losses)

    @pytest.mark.parametrize(
        ("address", "kept"),
        [("10.0.0.3", False), ("10.0.0.4", True), ("10.0.0.254", True), ("10.0.0.255", False)],
    )
    def test_an_address_the_target_reserves_is_dropped(self, address: str, kept: bool) -> None:
        limits = LIMITS.model_copy(update={"reserved_addresses": (4, 1)})
        nic = NicSpec.model_validate({"network": "net-lan", "addresses": (address,)})
        plan = planned(look(instance=instance(nics=(nic,)), limits=limits))
        assert bool(plan.spec.nics[0].addresses) is kept
        assert any("keeps it for itself" in loss.reason for loss in plan.losses) is not kept

    @pytest.mark.parametrize("served", [True, False])
    def test_an_address_that_dhcp_would_set_needs_dhcp(self, served: bool) -> None:
        told = AddressLimits(by_dhcp=True)
        lan = network("net-lan", "lan", subnet("sub-lan", "10.0.0.0/24", dhcp=served))
        limits = LIMITS.model_copy(update={"private_addresses": told})
        plan = planned(look(networks=(lan,), limits=limits))
        assert bool(plan.spec.nics[0].addresses) is served
        assert any("has no DHCP" in loss.reason for loss in plan.losses) is not served

    def test_the_first_address_is_the_gateway_of_a_new_network(self) -> None:
        nic = NicSpec.model_validate({"network": "net-lan", "addresses": ("10.0.0.1",)})
        plan = planned(look(instance=instance(nics=(nic,))))
        assert the(CreateNetwork, plan).spec.subnets[0].gateway is None
        assert plan.spec.nics[0].addresses == ()

    def test_an_address_no_subnet_has_is_dropped_and_told(self) -> None:
        plan = planned(network="there")
        assert plan.spec.nics[0].addresses == ()
        (loss,) = [loss for loss in plan.losses if loss.field == "nics[0].addresses"]
        assert (loss.fidelity, loss.before) == (Fidelity.DROPPED, "10.0.0.5")


class TestFirewalls:
    def wearing(self, *firewalls: str) -> Any:
        return instance(nics=(NicSpec(network="net-lan", firewalls=firewalls),))

    def test_a_firewall_is_made_under_the_machines_name(self) -> None:
        web = firewall("fw-1", "default", rule())
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,)))
        step = the(CreateFirewall, plan)
        assert (step.spec.name, step.spec.network) == ("web-1-default", "net-lan")
        assert step.spec.rules == (rule(),)

    def test_a_firewalls_name_does_not_grow_on_the_way_home(self) -> None:
        web = firewall("fw-1", "web-1-default")
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,)))
        assert the(CreateFirewall, plan).spec.name == "web-1-default"

    def test_firewalls_that_name_each_other_are_made_first_and_linked_then(self) -> None:
        tcp = rule(protocol=6)
        one = firewall("fw-1", "one", tcp, rule(peer=GroupPeer(firewall="fw-2")))
        two = firewall("fw-2", "two", rule(peer=GroupPeer(firewall="fw-1")))
        plan = planned(look(instance=self.wearing("fw-1", "fw-2"), firewalls=(one, two)))
        steps = [step for step in plan.steps if "firewall" in step.do]
        kinds = ("create_firewall", "link_firewall", "verify_firewall")
        assert [step.do for step in steps] == [kind for kind in kinds for _ in range(2)]
        assert isinstance(steps[2], LinkFirewall)
        assert steps[0].spec.rules == (tcp,)
        assert steps[2].rules == one.spec.rules

    def test_a_rule_for_a_name_is_for_all_that_the_targets_network_speaks(self) -> None:
        web = firewall("fw-1", "web", rule(peer=GroupPeer(firewall="fw-1")))
        limits = LIMITS.model_copy(
            update={"firewall": FirewallLimits(denies=False, peers_in_all_families=True)}
        )
        both = THERE.model_copy(update={"beside": frozenset({Family.IPV6})})
        for there, proof in ((THERE, "equal"), (both, "tighter by")):
            seen = look(
                instance=self.wearing("fw-1"),
                firewalls=(web,),
                limits=limits,
                target_networks=(there,),
            )
            assert the(CreateFirewall, planned(seen, network="there")).proof.startswith(proof)

    def test_a_group_that_stays_behind_is_spelled_out(self) -> None:
        web = firewall("fw-1", "web", rule(peer=GroupPeer(firewall="fw-lb")))
        seen = look(
            instance=self.wearing("fw-1"),
            firewalls=(web,),
            members={"fw-lb": (ipaddress.ip_address("10.0.0.9"),)},
        )
        plan = planned(seen)
        (made,) = the(CreateFirewall, plan).spec.rules
        assert str(made.peer.cidr) == "10.0.0.9/32"
        assert any(loss.fidelity is Fidelity.UNCHECKED for loss in plan.losses)

    def test_a_card_without_a_firewall_is_told(self) -> None:
        (loss,) = [loss for loss in planned().losses if loss.field == "nics[0].firewalls"]
        assert loss.fidelity is Fidelity.UNCHECKED

    def with_one_a_card(self, *firewalls: Firewall) -> Any:
        limits = LIMITS.model_copy(
            update={"firewall": LIMITS.firewall.model_copy(update={"groups_per_nic": 1})}
        )
        worn = self.wearing(*(each.id for each in firewalls))
        return planned(look(instance=worn, firewalls=firewalls, limits=limits))

    def test_more_firewalls_than_a_card_can_wear_become_one(self) -> None:
        ssh, web = rule(protocol=6, ports={"first": 22, "last": 22}), rule(protocol=17)
        plan = self.with_one_a_card(firewall("fw-1", "ssh", ssh), firewall("fw-2", "web", web, ssh))
        step = the(CreateFirewall, plan)
        assert step.spec.name == "web-1-ssh-web"
        assert set(step.spec.rules) == {ssh, web}
        assert step.proof == "equal"
        assert plan.spec.nics[0].firewalls == (step.firewall,)
        assert not plan.blocking

    def test_one_firewalls_deny_stops_nothing_that_another_lets_through(self) -> None:
        deny = rule(action="deny", priority=1)
        every = rule(priority=2)
        ssh = rule(protocol=6, ports={"first": 22, "last": 22})
        plan = self.with_one_a_card(
            firewall("fw-1", "one", deny, every), firewall("fw-2", "two", ssh)
        )
        assert the(CreateFirewall, plan).spec.rules == (ssh,)
        assert not plan.blocking

    def test_too_many_rules_for_one_firewall_become_two(self) -> None:
        ports = [rule(protocol=6, ports={"first": one, "last": one}) for one in range(1, 9, 2)]
        narrow = LIMITS.firewall.model_copy(update={"rules_per_direction": 3, "groups_per_nic": 2})
        limits = LIMITS.model_copy(update={"firewall": narrow})
        web = firewall("fw-1", "web", *ports)
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,), limits=limits))
        steps = [step for step in plan.steps if isinstance(step, CreateFirewall)]
        assert [step.spec.name for step in steps] == ["web-1-web", "web-1-web-2"]
        assert {one for step in steps for one in step.spec.rules} == set(ports)
        assert plan.spec.nics[0].firewalls == tuple(step.firewall for step in steps)
        assert not plan.blocking

    def test_what_stands_around_the_subnet_travels_too(self) -> None:
        ssh, web = (rule(protocol=6, ports={"first": one, "last": one}) for one in (22, 80))
        own = firewall("fw-1", "own", ssh, web)
        around = firewall("acl-1", "around", web)
        nic = NicSpec(network="net-lan", subnet="sub-lan", firewalls=("fw-1",))
        plan = planned(
            look(
                instance=instance(nics=(nic,)),
                firewalls=(own,),
                subnet_firewalls={"sub-lan": (around,)},
            )
        )
        assert the(CreateFirewall, plan).spec.rules == (web,)

    def test_what_stands_around_the_targets_subnet_is_part_of_the_proof(self) -> None:
        ssh, web = (rule(protocol=6, ports={"first": one, "last": one}) for one in (22, 80))
        nic = NicSpec(network="net-lan", subnet="sub-lan", firewalls=("fw-1",))
        same = network("net-same", "lan", subnet("sub-same", "10.0.0.0/24"))
        plan = planned(
            look(
                instance=instance(nics=(nic,)),
                firewalls=(firewall("fw-1", "own", ssh, web),),
                target_networks=(same,),
                target_subnet_firewalls={"sub-same": (firewall("acl-1", "around", web),)},
            )
        )
        assert the(CreateFirewall, plan).proof == "tighter by: tcp/22 from 0.0.0.0/0"
        (loss,) = [loss for loss in plan.losses if loss.field == "firewalls.own.rules[0]"]
        assert "around the target's subnet" in loss.reason

    def walled(self, *nics: NicSpec, **more: Any) -> Any:
        """A plan for what takes six allows on a target whose firewalls hold four."""
        narrow = LIMITS.firewall.model_copy(update={"rules_per_direction": 4, "groups_per_nic": 4})
        edge = narrow.model_copy(update={"denies": True, "priorities": (1, 99), "stateless": True})
        limits = LIMITS.model_copy(update={"firewall": narrow, "subnet_firewall": edge})
        host = {"kind": "cidr", "cidr": "128.0.0.0/6"}
        deny = rule(action="deny", peer=host, priority=1)
        web = firewall("fw-1", "web", deny, rule(priority=2))
        return planned(look(instance=instance(nics=nics), firewalls=(web,), limits=limits, **more))

    def test_a_network_of_ones_own_gets_denies_around_its_subnet(self) -> None:
        nic = NicSpec(network="net-lan", subnet="sub-lan", firewalls=("fw-1",))
        plan = self.walled(nic)
        made = [step for step in plan.steps if isinstance(step, CreateFirewall)]
        assert [(step.spec.name, step.spec.subnet) for step in made] == [
            ("web-1-web", None),
            ("web-1-web-subnet", "sub-lan"),
        ]
        assert {step.proof for step in made} == {"equal"}
        verified = [step.firewall for step in plan.steps if isinstance(step, VerifyFirewall)]
        assert verified == [step.firewall for step in made]

    def test_a_network_of_others_does_not(self) -> None:
        nic = NicSpec(network="net-lan", subnet="sub-lan", firewalls=("fw-1",))
        same = network("net-same", "lan", subnet("sub-same", "10.0.0.0/24"))
        plan = self.walled(nic, target_networks=(same,))
        made = [step for step in plan.steps if isinstance(step, CreateFirewall)]
        assert [step.spec.subnet for step in made] == [None, None]

    def test_cards_in_two_subnets_keep_their_denies(self) -> None:
        nics = [
            NicSpec(network="net-lan", subnet=one, firewalls=("fw-1",))
            for one in ("sub-lan", "sub-two")
        ]
        lan = network(
            "net-lan", "lan", subnet("sub-lan", "10.0.0.0/24"), subnet("sub-two", "10.0.1.0/24")
        )
        plan = self.walled(*nics, networks=(lan,))
        made = [step for step in plan.steps if isinstance(step, CreateFirewall)]
        assert [step.spec.subnet for step in made] == [None, None]

    def test_a_name_over_the_targets_limit_is_cut(self) -> None:
        short = LIMITS.firewall.model_copy(update={"name": NameRule(max_length=20)})
        limits = LIMITS.model_copy(update={"firewall": short})
        web = firewall("fw-1", "a" * 80, rule())
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,), limits=limits))
        assert the(CreateFirewall, plan).spec.name == "web-1-" + "a" * 14

    def test_names_that_are_cut_stay_apart(self) -> None:
        ports = [rule(protocol=6, ports={"first": one, "last": one}) for one in (1, 3)]
        narrow = LIMITS.firewall.model_copy(
            update={"rules_per_direction": 1, "name": NameRule(max_length=20)}
        )
        limits = LIMITS.model_copy(update={"firewall": narrow})
        web = firewall("fw-1", "w" * 80, *ports)
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,), limits=limits))
        made = [step.spec.name for step in plan.steps if isinstance(step, CreateFirewall)]
        assert made == ["web-1-" + "w" * 14, "web-1-" + "w" * 12 + "-2"]

    def test_a_long_name_leaves_room_for_the_number(self) -> None:
        ports = [rule(protocol=6, ports={"first": one, "last": one}) for one in (1, 3)]
        narrow = LIMITS.firewall.model_copy(update={"rules_per_direction": 1})
        limits = LIMITS.model_copy(update={"firewall": narrow})
        web = firewall("fw-1", "w" * 255, *ports)
        plan = planned(look(instance=self.wearing("fw-1"), firewalls=(web,), limits=limits))
        names = [step.spec.name for step in plan.steps if isinstance(step, CreateFirewall)]
        assert [len(name) for name in names] == [255, 255]
        assert names[1].endswith("w-2")
