"""``interop firewall``: what reaches a machine, asked at the command line."""

from broker.model import (
    MIB,
    FirewallRule,
    FirewallSpec,
    Firmware,
    InstanceSpec,
    NicSpec,
    Size,
    VolumeSpec,
)
from tests.cli.conftest import World
from tests.firewall.test_translate import rule


def machine(interop: World, name: str, *rules: FirewallRule, account: str = "lab") -> None:
    adapter = interop.open(account)
    network = interop.network(account)
    spec = FirewallSpec(name=f"{name}-fw", network=network, rules=rules)
    firewall = adapter.create_firewall(spec, token=f"fw-{name}")
    adapter.create_instance(
        InstanceSpec(
            name=name,
            size=Size(vcpus=1, memory=512),
            firmware=Firmware.BIOS,
            volumes=(VolumeSpec(name="root", size=MIB, boot=True),),
            nics=(NicSpec(network=network, firewalls=(firewall.id,)),),
        ),
        [interop.disk(account)],
        offer="small",
        token=f"machine-{name}",
    )


def test_can_names_the_deciding_rule(interop: World) -> None:
    machine(interop, "web-1", rule(port=443, priority=100))
    yes = interop("firewall", "can", "lab/web-1", "tcp/443", "from", "203.0.113.7")
    assert yes.code == 0
    assert yes.out.splitlines() == [
        "yes: tcp/443 from 203.0.113.7 port 50000",
        "  nic 0, nic: web-1-fw: allow tcp 443 from 0.0.0.0/0 (priority 100)",
    ]
    no = interop("firewall", "can", "lab/web-1", "tcp/80 from 203.0.113.7", "--json")
    assert no.code == 3
    assert no.json["allowed"] is False
    assert interop("firewall", "can", "lab/web-1", "knock knock").code == 2


def test_show_and_explain(interop: World) -> None:
    again = rule(port=443, priority=110, cidr="10.0.0.0/8")
    machine(interop, "web-1", rule(port=443, priority=100), again)
    shown = interop("firewall", "show", "lab/web-1")
    assert shown.rows == [["rules", "tcp/443 from 0.0.0.0/0"]]
    assert interop("firewall", "show", "lab/web-1", "--json").json["lets"] == [
        "tcp/443 from 0.0.0.0/0"
    ]
    explained = interop("firewall", "explain", "lab/web-1")
    assert [row[3] for row in explained.rows] == [
        "",
        "never the first to match: shadowed by rule 1",
    ]


def test_diff_of_two_accounts(interop: World) -> None:
    machine(interop, "web-1", rule(port=443, priority=100), rule(port=22, priority=110))
    machine(interop, "web-2", rule(port=443, priority=100), account="eu")
    found = interop("firewall", "diff", "lab/web-1", "eu/web-2")
    assert found.code == 3
    assert found.out.splitlines()[:2] == [
        "lab/web-1 and eu/web-2: tighter",
        "  only lab/web-1: tcp/22 from 0.0.0.0/0",
    ]
    same = interop("firewall", "diff", "lab/web-1", "lab/web-1", "--json")
    assert same.code == 0
    assert same.json["proof"]["verdict"] == "equal"


def test_translate_shows_rules_losses_and_proof(interop: World) -> None:
    interop.write(
        f'[accounts.plain]\nkind = "memory"\npath = "{interop.folder / "plain"}"\n'
        "limits = { firewall = { denies = false, source_ports = false } }\n"
    )
    odd = rule(port=443, priority=102, source_ports={"first": 1, "last": 9})
    machine(interop, "web-1", rule(port=22, priority=101), odd)
    found = interop("firewall", "translate", "lab/web-1", "plain")
    assert found.code == 0
    assert "web-1-fw: tighter by: tcp/443 from 0.0.0.0/0 source port 1-9" in found.out
    assert "no source ports" in found.out
    assert interop("firewall", "translate", "lab/web-1", "plain", "--strict").code == 3
    (told,) = interop("firewall", "translate", "lab/web-1", "plain", "--json").json
    assert told["proof"]["verdict"] == "tighter"


def test_translate_takes_the_network_there_to_be_like_the_machines(interop: World) -> None:
    interop.write(
        f'[accounts.plain]\nkind = "memory"\npath = "{interop.folder / "plain"}"\n'
        "limits = { firewall = { denies = false, peers_in_all_families = true } }\n"
    )
    lab = interop.open("lab")
    machine(interop, "web-1")
    (worn,) = lab.firewalls()
    lab.replace_rules(worn.id, [rule(port=22, peer={"kind": "group", "firewall": worn.id})])
    found = interop("firewall", "translate", "lab/web-1", "plain")
    assert found.out.splitlines() == [
        "FIREWALL\tPRIORITY\tRULE",
        f"web-1-fw\t100\tallow tcp 22 from group {worn.id}",
        "web-1-fw: equal",
    ]


def test_drift_of_what_a_plan_made(interop: World) -> None:
    machine(interop, "web-1", rule(port=443, priority=100))
    file = str(interop.folder / "plan.json")
    assert interop("migrate", "plan", "lab/web-1", "eu", "--name", "moved", "-o", file).code == 0
    early = interop("firewall", "drift", file)
    assert (early.code, "Apply it first" in early.err) == (2, True)
    assert interop("migrate", "apply", file, "--yes").code == 0
    same = interop("firewall", "drift", file)
    assert (same.code, [row[2] for row in same.rows]) == (0, ["equal"])

    eu = interop.open("eu")
    (made,) = eu.firewalls()
    eu.replace_rules(made.id, [*made.spec.rules, rule(port=22, priority=300)])
    wider = interop("firewall", "drift", file)
    assert (wider.code, [row[2] for row in wider.rows]) == (
        3,
        ["wider by: tcp/22 from 0.0.0.0/0"],
    )
    (told,) = interop("firewall", "drift", file, "--json").json
    assert told["proof"]["let_in"]["port"] == 22

    (moved,) = eu.instances()
    eu.delete_instance(moved.id)
    eu.delete_firewall(made.id)
    gone = interop("firewall", "drift", file)
    assert (gone.code, [row[2] for row in gone.rows]) == (3, ["gone"])
    assert interop("migrate", "undo", file, "--yes").code == 0
    assert interop("firewall", "drift", file).code == 2
