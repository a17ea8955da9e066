"""What every adapter owes for the bytes: sources tell the truth, sinks keep what they are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.adapter import Adapter, Kind, Made
from broker.disks.contract import Extent
from broker.disks.manifest import MANIFEST_BLOCK
from broker.errors import Conflict, DataMismatch, Invalid, NotFound
from broker.model import Network
from tests.conformance.content import DATA, blocks, fill, held, manifest, read, write
from tests.conformance.kit import MISSING, Kit


class DiskConformance:
    def test_a_committed_disk_reads_back(self, adapter: Adapter, kit: Kit) -> None:
        source = kit.source(kit.disk(DATA))
        assert source.size >= len(DATA)
        assert held(source) == blocks(DATA)

    def test_extents_cover_exactly_the_disk(self, adapter: Adapter, kit: Kit) -> None:
        source = kit.source(kit.disk(DATA))
        covers(source.extents(), source.size)
        covers(source.extents(), source.size)  # and a second time

    def test_a_sink_is_as_large_as_it_says(self, adapter: Adapter, kit: Kit) -> None:
        limits = adapter.limits
        sink, _ = kit.sink(1)
        assert sink.size >= 1
        assert sink.size % sink.block == 0
        assert sink.size <= max(limits.volume_min, limits.volume_step)

        bigger, _ = kit.sink(sink.size + 1)
        assert bigger.size > sink.size

    def test_a_disk_that_a_machine_was_made_of_stays_sealed(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        """A move that is run once more must find it whole."""
        sink, token = kit.sink(len(DATA))
        request = kit.request(network.id, fill(sink, DATA))
        request.send(adapter)

        assert kit.reopen(len(DATA), token).sealed

    def test_nothing_is_read_beyond_the_end(self, adapter: Adapter, kit: Kit) -> None:
        source = kit.source(kit.disk(DATA))
        assert len(read(source, 512, source.size - 512)) == 512
        for offset, length in [
            (source.size, 1),
            (source.size - 511, 512),
            (source.size + 4096, 512),
            (-512, 512),
        ]:
            with pytest.raises(Invalid):
                read(source, length, offset)

    def test_reads_need_not_be_aligned(self, adapter: Adapter, kit: Kit) -> None:
        source = kit.source(kit.disk(DATA))
        for offset, length in [(1, 7), (MANIFEST_BLOCK - 3, 6), (len(DATA) - 5, 5)]:
            assert read(source, length, offset) == DATA[offset : offset + length]

    def test_writes_are_whole_blocks_inside_the_disk(self, adapter: Adapter, kit: Kit) -> None:
        sink, _ = kit.sink()
        block = bytes(sink.block)
        for data, offset in [
            (block, sink.size),
            (block + block, sink.size - sink.block),
            (block, -sink.block),
            *([(block, 1), (block[1:], 0), (block + b"x", 0)] if sink.block > 1 else []),
        ]:
            with pytest.raises(Invalid):
                sink.pwrite(memoryview(data), offset)

    def test_the_same_bytes_may_come_twice(self, adapter: Adapter, kit: Kit) -> None:
        sink, _ = kit.sink(len(DATA))
        write(sink, DATA)
        assert held(kit.source(fill(sink, DATA))) == blocks(DATA)

    def test_the_last_writer_wins(self, adapter: Adapter, kit: Kit) -> None:
        sink, _ = kit.sink(len(DATA))
        write(sink, bytes(reversed(DATA)).replace(b"\0", b"\1"))
        sink.pwrite(memoryview(DATA.ljust(sink.block * -(-len(DATA) // sink.block), b"\0")), 0)
        assert held(kit.source(sink.commit(manifest(DATA)))) == blocks(DATA)

    def test_the_same_token_opens_the_same_disk(self, adapter: Adapter, kit: Kit) -> None:
        half = len(DATA) // 2 // MANIFEST_BLOCK * MANIFEST_BLOCK or MANIFEST_BLOCK
        sink, token = kit.sink(len(DATA))
        write(sink, DATA[:half])
        sink.close()
        sink.close()
        assert Made(kind=Kind.DISK, id=sink.id) in adapter.made(token)

        again = kit.reopen(len(DATA), token)
        assert (again.size, again.sealed) == (sink.size, False)
        goes_on = again.id == sink.id
        write(again, bytes(half) + DATA[half:] if goes_on else DATA)
        assert [made.id for made in adapter.made(token)] == [again.id]

        assert held(kit.source(again.commit(manifest(DATA)))) == blocks(DATA)

    def test_a_disk_is_committed_once(self, adapter: Adapter, kit: Kit) -> None:
        sink, token = kit.sink(len(DATA))
        first = fill(sink, DATA)
        assert sink.commit(manifest(DATA)) == first

        again = kit.reopen(len(DATA), token)
        assert again.sealed
        assert again.commit(manifest(DATA)) == first
        assert Made(kind=Kind.DISK, id=first) in adapter.made(token)

    def test_a_sealed_disk_takes_no_more_writes(self, adapter: Adapter, kit: Kit) -> None:
        sink, _ = kit.sink(len(DATA))
        disk = fill(sink, DATA)
        with pytest.raises((Invalid, Conflict)):
            sink.pwrite(memoryview(bytes(sink.block)), 0)
        assert held(kit.source(disk)) == blocks(DATA)

    def test_a_commit_of_other_bytes_is_never_silently_right(
        self, adapter: Adapter, kit: Kit
    ) -> None:
        """The provider may tell, or reading back does."""
        sink, _ = kit.sink(len(DATA))
        write(sink, DATA)
        try:
            disk = sink.commit(manifest(DATA[::-1]))
        except DataMismatch:
            return
        assert held(kit.source(disk)) == blocks(DATA)

    def test_an_abort_leaves_nothing(self, adapter: Adapter, kit: Kit) -> None:
        sink, token = kit.sink(len(DATA))
        write(sink, DATA)
        sink.abort()
        sink.abort()
        assert adapter.made(token) == []
        sink.close()

    def test_after_an_abort_the_token_opens_an_empty_disk(self, adapter: Adapter, kit: Kit) -> None:
        sink, token = kit.sink(len(DATA))
        write(sink, DATA)
        sink.abort()

        again = kit.reopen(len(DATA), token)
        assert not again.sealed
        assert held(kit.source(again.commit(manifest(bytes(len(DATA)))))) == {}

    def test_a_disk_over_the_limit_is_refused(self, adapter: Adapter, kit: Kit) -> None:
        token = kit.token()
        with pytest.raises(Invalid):
            adapter.open_sink(adapter.limits.volume_max + 1, name=kit.name(), token=token)
        assert adapter.made(token) == []

    def test_deleting_a_missing_disk_is_quiet(self, adapter: Adapter, kit: Kit) -> None:
        sink, token = kit.sink()
        disk = fill(sink, b"")
        adapter.delete_disk(disk)
        adapter.delete_disk(disk)
        adapter.delete_disk(MISSING)
        assert adapter.made(token) == []

    def test_a_disk_in_use_is_not_deleted(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        disk = kit.boot_disk()
        machine = kit.request(network.id, disk).send(adapter)
        adapter.delete_disk(disk)
        (volume,) = adapter.instance(machine.id).volumes
        assert adapter.volume(volume).instance == machine.id

    def test_a_missing_disk_is_not_found(self, adapter: Adapter) -> None:
        with pytest.raises(NotFound):
            adapter.open_source(MISSING)

    def test_a_source_is_closed_twice(self, adapter: Adapter, kit: Kit) -> None:
        source = kit.source(kit.volume().id)
        source.close()
        source.close()


def covers(extents: Iterator[Extent], size: int) -> None:
    """Ascending, touching, none empty, together exactly ``[0, size)``."""
    end = 0
    for extent in extents:
        assert extent.offset == end
        assert extent.length > 0
        end += extent.length
    assert end == size
