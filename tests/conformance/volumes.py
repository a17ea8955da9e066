"""What every adapter owes for volumes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from broker.adapter import Adapter, Kind, Made
from broker.errors import Conflict, Invalid, NotFound, Unsupported
from tests.conformance.content import held
from tests.conformance.kit import MISSING, Kit


class VolumeConformance:
    def test_a_volume_is_what_was_asked_for(self, adapter: Adapter, kit: Kit) -> None:
        limit = adapter.limits.labels.max_value
        labels = {"team": "é東 <&>\"'%s"[:limit], "plain": "yes"}
        made = kit.volume(labels=labels)

        found = adapter.volume(made.id)
        assert found.spec.name == made.spec.name
        assert found.spec.labels == labels
        assert found.spec.size == adapter.limits.volume_min
        assert found.instance is None
        assert [volume.id for volume in adapter.volumes()].count(made.id) == 1

    def test_performance_nobody_can_promise_is_refused(self, adapter: Adapter, kit: Kit) -> None:
        wish = kit.volume_spec().model_copy(update={"kind": "any other", "iops": 4000})
        token = kit.token()
        with pytest.raises(Unsupported, match="4,000 IOPS"):
            adapter.create_volume(wish, token=token)
        assert adapter.made(token) == []

    def test_the_same_token_makes_one_volume(self, adapter: Adapter, kit: Kit) -> None:
        token, spec = kit.token(), kit.volume_spec()
        first = adapter.create_volume(spec, token=token)
        again = adapter.create_volume(spec, token=token)

        assert again.id == first.id
        assert adapter.made(token) == [Made(kind=Kind.VOLUME, id=first.id)]

    def test_volumes_are_made_from_many_threads(self, adapter: Adapter, kit: Kit) -> None:
        tokens = [kit.token() for _ in range(4)]
        with ThreadPoolExecutor(len(tokens)) as pool:
            made = list(
                pool.map(
                    lambda token: adapter.create_volume(kit.volume_spec(), token=token), tokens
                )
            )
        listed = {volume.id for volume in adapter.volumes()}
        assert len({volume.id for volume in made} & listed) == len(tokens)

    def test_a_new_volume_reads_as_zeroes(self, kit: Kit) -> None:
        volume = kit.volume()
        source = kit.source(volume.id)
        assert source.size == volume.spec.size
        assert held(source) == {}

    @pytest.mark.parametrize("id", [MISSING, "vol-0123456789abcdef0", "é/../%s"])
    def test_a_missing_volume_is_not_found(self, adapter: Adapter, id: str, other: str) -> None:
        with pytest.raises(NotFound):
            adapter.volume(id)
        with pytest.raises(NotFound):
            adapter.attach_volume(id, other)
        with pytest.raises(NotFound):
            adapter.resize_volume(id, adapter.limits.volume_max)

    def test_deleting_a_missing_volume_is_quiet(self, adapter: Adapter, kit: Kit) -> None:
        volume = kit.volume()
        adapter.delete_volume(volume.id)
        adapter.delete_volume(volume.id)
        adapter.delete_volume(MISSING)
        with pytest.raises(NotFound):
            adapter.volume(volume.id)

    def test_a_volume_grows_to_a_whole_step(self, adapter: Adapter, kit: Kit) -> None:
        step = adapter.limits.volume_step
        volume = kit.volume()
        adapter.resize_volume(volume.id, volume.spec.size + 1)

        size = adapter.volume(volume.id).spec.size
        assert size == -(-(volume.spec.size + 1) // step) * step
        assert kit.source(volume.id).size == size

    def test_a_volume_never_shrinks(self, adapter: Adapter, kit: Kit) -> None:
        limits = adapter.limits
        volume = kit.volume(limits.volume_min + limits.volume_step)
        with pytest.raises(Invalid):
            adapter.resize_volume(volume.id, limits.volume_min)
        assert adapter.volume(volume.id).spec.size == volume.spec.size

    def test_a_volume_is_attached_and_detached(
        self, adapter: Adapter, kit: Kit, stopped: str
    ) -> None:
        volume = kit.volume()
        kit.stack.callback(adapter.detach_volume, volume.id)
        before = adapter.instance(stopped).volumes

        adapter.attach_volume(volume.id, stopped)
        adapter.attach_volume(volume.id, stopped)
        assert adapter.volume(volume.id).instance == stopped
        assert adapter.instance(stopped).volumes == (*before, volume.id)

        adapter.detach_volume(volume.id)
        adapter.detach_volume(volume.id)
        assert adapter.volume(volume.id).instance is None
        assert adapter.instance(stopped).volumes == before

    def test_an_attached_volume_stays_where_it_is(
        self, adapter: Adapter, kit: Kit, stopped: str, other: str
    ) -> None:
        volume = kit.volume()
        kit.stack.callback(adapter.detach_volume, volume.id)
        adapter.attach_volume(volume.id, stopped)

        with pytest.raises(Conflict):
            adapter.attach_volume(volume.id, other)
        with pytest.raises(Conflict):
            adapter.delete_volume(volume.id)
        assert adapter.volume(volume.id).instance == stopped

    def test_a_volume_is_not_attached_to_what_is_missing(self, adapter: Adapter, kit: Kit) -> None:
        with pytest.raises(NotFound):
            adapter.attach_volume(kit.volume().id, MISSING)
