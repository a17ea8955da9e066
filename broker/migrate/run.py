"""Doing one step. Every step may be run again after a death that kept nobody from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from broker.errors import BrokerError, PlanStale
from broker.migrate.check import last_run
from broker.migrate.copying import copy_disks, verify_disk
from broker.migrate.ends import Ends
from broker.migrate.facts import Facts
from broker.migrate.proving import verify_firewall
from broker.migrate.steps import (
    CopyDisks,
    CreateFirewall,
    CreateInstance,
    CreateNetwork,
    LinkFirewall,
    ReleaseDisk,
    Step,
    StopSource,
    UseNetwork,
    VerifyDisk,
    VerifyFirewall,
    VerifyInstance,
)
from broker.migrate.verify import see_it_run
from broker.model import FirewallRule, GroupPeer, InstanceSpec, NicSpec


def run(step: Step, ends: Ends, facts: Facts, token: str) -> Facts:
    """Do the step and return the facts with what it found out and made.

    Any broker error; then ``undo`` with the same token takes back what was done by half.
    """
    match step:
        case UseNetwork():
            network = ends.target.network(step.target)
            return facts.with_network(step.network, network.id, step.subnets)
        case CreateNetwork():
            network = ends.target.create_network(step.spec, token=token)
            made = (subnet.id for subnet in network.subnets)
            return facts.with_network(
                step.network, network.id, dict(zip(step.subnets, made, strict=True))
            )
        case CreateFirewall():
            on = step.spec.network and facts.networks[step.spec.network]
            around = step.spec.subnet and facts.subnets[step.spec.subnet]
            spec = step.spec.model_copy(update={"network": on, "subnet": around})
            firewall = ends.target.create_firewall(spec, token=token)
            return facts.with_firewall(step.firewall, firewall.id)
        case LinkFirewall():
            rules = [_on_target(rule, facts.firewalls) for rule in step.rules]
            ends.target.replace_rules(facts.firewalls[step.firewall], rules)
            return facts
        case VerifyFirewall():
            return facts.with_proof(step.spec.name, verify_firewall(step, ends.target, facts))
        case StopSource():
            ends.source.stop_instance(step.instance)
            return facts.with_last_run(last_run(ends, step.instance))
        case CopyDisks():
            return copy_disks(step, ends, facts, token)
        case VerifyDisk():
            return verify_disk(step, ends, facts)
        case CreateInstance():
            disks = [facts.copied[volume].disk for volume in step.volumes]
            instance = ends.target.create_instance(
                _instance_spec(step, ends, facts), disks, offer=step.offer, token=token
            )
            return facts.with_instance(instance.id)
        case VerifyInstance():
            assert facts.instance is not None
            return facts.with_seen(see_it_run(ends.target, facts.instance, step.console))
        case ReleaseDisk():
            return _release(step, ends, facts)
        case _:
            assert_never(step)


def _release(step: ReleaseDisk, ends: Ends, facts: Facts) -> Facts:
    """Clear away what is no longer needed; a machine that runs is not taken back over litter."""
    disk = facts.copied[step.volume].disk
    try:
        ends.target.delete_disk(disk)
    except BrokerError as error:
        return facts.with_leftover(f"the copy of disk {step.name} ({disk}): {error}")
    return facts


def _on_target(rule: FirewallRule, firewalls: Mapping[str, str]) -> FirewallRule:
    if not isinstance(rule.peer, GroupPeer):
        return rule
    peer = GroupPeer(firewall=firewalls[rule.peer.firewall])
    return rule.model_copy(update={"peer": peer})


def _instance_spec(step: CreateInstance, ends: Ends, facts: Facts) -> InstanceSpec:
    user_data = None
    if step.user_data:
        user_data = ends.source.instance(step.source).spec.user_data
        if user_data is None:
            raise PlanStale(
                "the source's user data is gone", hint="Make a new plan: interop migrate plan"
            )
    nics = tuple(_nic(nic, facts) for nic in step.spec.nics)
    return step.spec.model_copy(update={"nics": nics, "user_data": user_data})


def _nic(nic: NicSpec, facts: Facts) -> NicSpec:
    return nic.model_copy(
        update={
            "network": facts.networks[nic.network],
            "subnet": facts.subnets.get(nic.subnet) if nic.subnet else None,
            "firewalls": tuple(facts.firewalls[firewall] for firewall in nic.firewalls),
        }
    )
