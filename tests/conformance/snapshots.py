"""What every adapter owes for snapshots."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, Kind, Made
from broker.errors import NotFound
from tests.conformance.content import held
from tests.conformance.kit import MISSING, Kit


class SnapshotConformance:
    def test_a_snapshot_holds_what_the_volume_held(
        self, adapter: Adapter, kit: Kit, stopped: str
    ) -> None:
        volume = adapter.instance(stopped).volumes[0]
        made = adapter.create_snapshot(volume, kit.name(), token=kit.token())

        assert held(kit.source(made.id)) == held(kit.source(volume))

    def test_a_snapshot_is_what_was_asked_for(self, adapter: Adapter, kit: Kit) -> None:
        volume, name = kit.volume(), kit.name()
        made = adapter.create_snapshot(volume.id, name, token=kit.token())

        found = adapter.snapshot(made.id)
        assert (found.name, found.volume, found.size) == (name, volume.id, volume.spec.size)
        assert found.complete
        assert [snapshot.id for snapshot in adapter.snapshots()].count(made.id) == 1

    def test_a_snapshot_does_not_grow_with_its_volume(self, adapter: Adapter, kit: Kit) -> None:
        volume = kit.volume()
        made = adapter.create_snapshot(volume.id, kit.name(), token=kit.token())
        adapter.resize_volume(volume.id, volume.spec.size + 1)

        assert adapter.snapshot(made.id).size == volume.spec.size
        assert kit.source(made.id).size == volume.spec.size

    def test_the_same_token_makes_one_snapshot(self, adapter: Adapter, kit: Kit) -> None:
        volume, name, token = kit.volume(), kit.name(), kit.token()
        first = adapter.create_snapshot(volume.id, name, token=token)
        again = adapter.create_snapshot(volume.id, name, token=token)

        assert again.id == first.id
        assert adapter.made(token) == [Made(kind=Kind.SNAPSHOT, id=first.id)]

    @pytest.mark.parametrize("id", [MISSING, "snap-0123456789abcdef0", "é/../%s"])
    def test_a_missing_snapshot_is_not_found(self, adapter: Adapter, id: str) -> None:
        with pytest.raises(NotFound):
            adapter.snapshot(id)
        with pytest.raises(NotFound):
            adapter.open_source(id)

    def test_a_snapshot_of_nothing_is_not_found(self, adapter: Adapter, kit: Kit) -> None:
        token = kit.token()
        with pytest.raises(NotFound):
            adapter.create_snapshot(MISSING, kit.name(), token=token)
        assert adapter.made(token) == []

    def test_deleting_a_missing_snapshot_is_quiet(self, adapter: Adapter, kit: Kit) -> None:
        made = adapter.create_snapshot(kit.volume().id, kit.name(), token=kit.token())
        adapter.delete_snapshot(made.id)
        adapter.delete_snapshot(made.id)
        adapter.delete_snapshot(MISSING)
        with pytest.raises(NotFound):
            adapter.snapshot(made.id)
