"""Taking one step back, by its token: also one that died before it could say what it had made."""

from __future__ import annotations

from typing import assert_never

from broker.adapter import Adapter, Kind, Made, PublicAddresses
from broker.errors import NotFound
from broker.migrate.ends import Ends
from broker.migrate.facts import Facts
from broker.migrate.steps import (
    CopyVolume,
    CreateFirewall,
    CreateInstance,
    CreateNetwork,
    DeleteSnapshot,
    LinkFirewall,
    SnapshotVolume,
    Step,
    StopSource,
    UseNetwork,
    VerifyInstance,
    VerifyVolume,
)
from broker.model import GroupPeer, Power

USERS_FIRST = (
    Kind.INSTANCE,
    Kind.PUBLIC_ADDRESS,
    Kind.VOLUME,
    Kind.IMAGE,
    Kind.SNAPSHOT,
    Kind.DISK,
    Kind.FIREWALL,
    Kind.NETWORK,
)
"""What uses a thing is deleted before the thing."""


def undo(step: Step, ends: Ends, facts: Facts, token: str) -> None:
    """Take the step back; quiet when there is nothing to take back. May be called twice."""
    match step:
        case CreateNetwork() | CreateFirewall() | CreateInstance():
            remove_made(ends.target, token)
        case CopyVolume():
            remove_made(ends.target, token)
            ends.folder.forget_copy(token)
        case SnapshotVolume():
            remove_made(ends.source, token)
        case LinkFirewall():
            _unlink(step, ends, facts)
        case StopSource():
            if facts.source_power is Power.RUNNING:
                ends.source.start_instance(step.instance)
        case UseNetwork() | VerifyVolume() | VerifyInstance() | DeleteSnapshot():
            pass
        case _:
            assert_never(step)


def remove_made(adapter: Adapter, token: str) -> None:
    """Delete all that calls with this token made."""
    for made in sorted(adapter.made(token), key=lambda made: USERS_FIRST.index(made.kind)):
        _remove(adapter, made)


def _remove(adapter: Adapter, made: Made) -> None:
    match made.kind:
        case Kind.INSTANCE:
            adapter.delete_instance(made.id)
        case Kind.VOLUME:
            adapter.delete_volume(made.id)
        case Kind.SNAPSHOT:
            adapter.delete_snapshot(made.id)
        case Kind.IMAGE:
            adapter.delete_image(made.id)
        case Kind.DISK:
            adapter.delete_disk(made.id)
        case Kind.NETWORK:
            adapter.delete_network(made.id)
        case Kind.FIREWALL:
            adapter.delete_firewall(made.id)
        case Kind.PUBLIC_ADDRESS:
            _remove_address(adapter, made.id)
        case _:
            assert_never(made.kind)


def _remove_address(adapter: Adapter, address: str) -> None:
    if isinstance(adapter, PublicAddresses):
        adapter.delete_public_address(address)


def _unlink(step: LinkFirewall, ends: Ends, facts: Facts) -> None:
    """Let go of the other firewalls: one that is spoken of cannot be deleted everywhere."""
    firewall = facts.firewalls.get(step.firewall)
    if firewall is None:
        return
    plain = [rule for rule in step.rules if not isinstance(rule.peer, GroupPeer)]
    try:
        ends.target.replace_rules(firewall, plain)
    except NotFound:
        return
