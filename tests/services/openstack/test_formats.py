"""Disks where glance takes but some formats: streamed as what it takes, or refused beforehand."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.errors import Unsupported
from broker.model import MIB
from tests.conformance.content import blocks, held
from tests.conformance.kit import Kit
from tests.conformance.knobs import Knobs
from tests.services.openstack.beside import beside
from tests.services.openstack.clouds import opened


@contextmanager
def taking(formats: str, folder: Path) -> Iterator[tuple[OpenStackAdapter, Kit]]:
    changes = {"image_format": {"disk_formats": formats}}
    with ExitStack() as stack:
        clouds = stack.enter_context(beside("image", changes, folder))
        adapter = opened(clouds_file=str(clouds))
        stack.callback(adapter.close)
        yield adapter, Kit(adapter, Knobs(prefix="formats"), stack)


def test_where_only_raw_is_taken_a_disk_is_sent_as_it_is(tmp_path: Path) -> None:
    data = bytearray(48 * MIB)
    for start, length in ((0, 3), (5, 1), (20, 22), (47, 1)):
        data[start * MIB : (start + length) * MIB] = secrets.token_bytes(length * MIB)
    disk = tmp_path / "disk"
    disk.write_bytes(data)
    with taking("raw", tmp_path) as (adapter, kit):
        assert adapter.limits.image_formats == frozenset({"raw"})
        source = FileSource(disk)
        made = copy(source, kit.sink(len(data))[0], journal=tmp_path / "journal").id
        source.close()
        told = adapter._image(made)
        assert (told["disk_format"], told["size"]) == ("raw", told["min_disk"] * 1024 * MIB)
        assert held(kit.source(made)) == blocks(bytes(data))


def test_where_neither_is_taken_it_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with taking("vhd,iso", tmp_path) as (adapter, kit):
        token = kit.token()
        with pytest.raises(Unsupported, match="neither qcow2 nor raw") as raised:
            adapter.open_sink(MIB, name="disk", token=token)
        assert "disk_formats" in raised.value.hint
        assert adapter.made(token) == []

        volume = kit.volume().id
        with pytest.raises(Unsupported, match="neither qcow2 nor raw"):
            adapter.open_source(volume)
        assert adapter.volume(volume).native["status"] == "available"
