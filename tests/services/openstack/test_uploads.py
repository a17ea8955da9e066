"""What can go wrong while a disk becomes an image, on the real glance."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import NoReturn

import pytest

from adapters.openstack import sink
from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import Conflict, Transient
from broker.model import GIB, MIB
from tests.conformance.content import blocks, fill, held, manifest, write
from tests.conformance.kit import Kit
from tests.services.openstack.clouds import opened
from tests.services.openstack.faults import LosesUploads, expire, troubled

BIG = secrets.token_bytes(sink.HELD + 2 * MIB)
"""More than is held back: its stream begins before its last byte is written."""


@pytest.fixture(scope="module")
def other() -> Iterator[OpenStackAdapter]:
    """A second login of the same account."""
    made = opened()
    yield made
    made.close()


def test_a_token_that_expires_while_a_stream_is_open_is_renewed(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    into, _ = kit.sink(GIB)
    write(into, BIG)
    expire(adapter)
    disk = into.commit(manifest(BIG))
    expire(adapter)
    assert held(kit.source(disk)) == blocks(BIG)


def test_an_image_that_is_still_uploaded_is_a_conflict(
    adapter: OpenStackAdapter, other: OpenStackAdapter, kit: Kit
) -> None:
    into, token = kit.sink(GIB)
    write(into, BIG)
    with pytest.raises(Conflict, match="saving"):
        other.open_source(into.id)
    request = kit.request(kit.network().id, into.id)
    with pytest.raises(Conflict, match="saving"):
        request.send(other)
    assert adapter.made(request.token) == []
    assert [made.id for made in adapter.made(token)] == [into.id]


def test_an_image_glance_still_stores_is_waited_for(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sent it is dead, but its last byte has arrived."""
    into, token = kit.sink(GIB)
    write(into, BIG)
    assert kit.adapter.image(into.id).native["status"] == "saving"
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            into.commit(manifest(BIG))

    monkeypatch.setattr("adapters.openstack.waiting.time.sleep", pause)
    again = kit.reopen(GIB, token)
    assert (again.id, again.sealed) == (into.id, True)
    assert pauses


def test_an_image_that_nobody_sends_any_more_is_begun_anew(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its link was never closed: the host of who sent it is gone."""
    into, token = kit.sink(GIB)
    write(into, BIG)
    monkeypatch.setattr("adapters.openstack.disks.STORING_SECONDS", 0.1)
    again = kit.reopen(GIB, token)
    assert (again.id != into.id, again.sealed) == (True, False)


def test_a_lost_answer_does_not_lose_the_image(adapter: OpenStackAdapter, kit: Kit) -> None:
    into, token = kit.sink()
    with troubled(adapter, LosesUploads()):
        disk = fill(into, b"all of it is there")
    assert held(kit.source(disk)) == blocks(b"all of it is there")
    assert kit.reopen(MIB, token).sealed


def test_a_commit_that_could_not_ask_is_asked_again(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, _ = kit.sink()
    write(into, b"x")
    with monkeypatch.context() as deaf:
        deaf.setattr(sink._Upload, "_stored", unavailable)
        with pytest.raises(Transient):
            into.commit(manifest(b"x"))
    assert held(kit.source(into.commit(manifest(b"x")))) == blocks(b"x")


def unavailable(_upload: sink._Upload) -> NoReturn:
    raise Transient("503")
