"""Deleting what a token made."""

from __future__ import annotations

from typing import assert_never

from broker.adapter import Adapter, Kind, Made, PublicAddresses

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
