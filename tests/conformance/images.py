"""What every adapter owes for images."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, Kind, Made
from broker.errors import NotFound
from broker.model import Network
from tests.conformance.content import blocks, held
from tests.conformance.kit import MISSING, Kit


class ImageConformance:
    def test_the_same_token_makes_one_image(self, adapter: Adapter, kit: Kit, stopped: str) -> None:
        name, token = kit.name(), kit.token()
        first = adapter.create_image(stopped, name, token=token)
        again = adapter.create_image(stopped, name, token=token)

        assert again.id == first.id
        assert Made(kind=Kind.IMAGE, id=first.id) in adapter.made(token)
        found = adapter.image(first.id)
        assert found.name == name
        assert found.ready
        assert [image.id for image in adapter.images()].count(first.id) == 1

    def test_an_instance_is_made_from_an_image(
        self, adapter: Adapter, kit: Kit, stopped: str, network: Network
    ) -> None:
        image = adapter.create_image(stopped, kit.name(), token=kit.token())
        request = kit.request(network.id, image.id)

        made = request.send(adapter)

        assert made.id != stopped
        (volume,) = adapter.instance(made.id).volumes
        if not kit.knobs.boot_disk:  # a guest would write to it
            assert held(kit.source(volume)) == blocks(kit.boot_data())
        assert adapter.image(image.id).ready

    @pytest.mark.parametrize("id", [MISSING, "ami-0123456789abcdef0", "é/../%s"])
    def test_a_missing_image_is_not_found(self, adapter: Adapter, id: str) -> None:
        with pytest.raises(NotFound):
            adapter.image(id)

    def test_an_image_of_nothing_is_not_found(self, adapter: Adapter, kit: Kit) -> None:
        token = kit.token()
        with pytest.raises(NotFound):
            adapter.create_image(MISSING, kit.name(), token=token)
        assert adapter.made(token) == []

    def test_deleting_a_missing_image_is_quiet(
        self, adapter: Adapter, kit: Kit, stopped: str
    ) -> None:
        image = adapter.create_image(stopped, kit.name(), token=kit.token())
        adapter.delete_image(image.id)
        adapter.delete_image(image.id)
        adapter.delete_image(MISSING)
        with pytest.raises(NotFound):
            adapter.image(image.id)
