"""Servers made from an image, as most people make them: their first disk is no volume."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from adapters.openstack import marks
from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import Conflict
from broker.model import GIB, Power, StopMode
from tests.conformance.content import DATA, blocks, held
from tests.conformance.kit import Kit
from tests.services.openstack.own_disks import flavor_with_a_disk, made_of

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")


@pytest.fixture
def server(adapter: OpenStackAdapter, kit: Kit, admin: Any) -> str:
    flavor = flavor_with_a_disk(admin, kit.stack)
    return made_of(adapter, kit.boot_disk(), flavor, token=kit.token())


def test_the_disk_comes_first_and_has_the_server_s_id(
    adapter: OpenStackAdapter, kit: Kit, server: str
) -> None:
    volume = kit.volume().id
    adapter.attach_volume(volume, server)

    found = adapter.instance(server)

    assert found.volumes == (server, volume)
    assert [(each.boot, each.size) for each in found.spec.volumes] == [(True, GIB), (False, GIB)]
    (listed,) = [each for each in adapter.instances() if each.id == server]
    assert listed.spec == found.spec
    adapter.detach_volume(volume)


def test_the_disk_is_read_and_nothing_is_left_of_reading_it(
    adapter: OpenStackAdapter, kit: Kit, server: str
) -> None:
    adapter.stop_instance(server, StopMode.POWER_OFF)
    before = adapter._own_images()

    source = adapter.open_source(server)
    (reading,) = [each for each in adapter._own_images() if each not in before]
    # nova gives an image the marks of the one its server was made from
    assert reading[marks.IMAGE_TOKEN] == reading["name"] == f"{marks.TEMPORARY}{server}"
    try:
        assert held(source) == blocks(DATA)
    finally:
        source.close()

    assert reading["id"] not in [each["id"] for each in adapter._own_images()]


def test_an_image_is_made_of_that_disk_not_of_a_volume_beside_it(
    adapter: OpenStackAdapter, kit: Kit, server: str
) -> None:
    volume = kit.volume().id
    adapter.attach_volume(volume, server)
    adapter.stop_instance(server, StopMode.POWER_OFF)
    token = kit.token()

    made = adapter.create_image(server, f"image-{secrets.token_hex(3)}", token=token)

    assert held(kit.source(made.id)) == blocks(DATA)
    assert adapter.create_image(server, made.name, token=token).id == made.id
    adapter.detach_volume(volume)


def test_a_shelved_one_says_what_to_do_before_it_can_be_read(
    adapter: OpenStackAdapter, server: str
) -> None:
    """nova keeps its disk as an image then, and makes none of it."""
    adapter.stop_instance(server, StopMode.DEALLOCATE)
    state = adapter.instance(server).state
    assert (state.power, state.allocated) == (Power.STOPPED, False)
    with pytest.raises(Conflict, match="shelved") as raised:
        adapter.open_source(server)
    assert "without deallocating" in raised.value.hint
