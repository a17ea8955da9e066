"""A source cut into the blocks of its manifest, and one block read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from broker.disks.contract import Source
from broker.disks.manifest import MANIFEST_BLOCK
from broker.errors import Invalid

_ZEROES = bytearray(MANIFEST_BLOCK)


class Block(NamedTuple):
    """One block of a disk and the pieces of it, offset and length, that are not holes."""

    number: int
    pieces: tuple[tuple[int, int], ...]


def data_blocks(source: Source) -> Iterator[Block]:
    """Yield every block that holds data, ascending; Invalid when the source's extents have gaps."""
    number, position = -1, 0
    pieces: list[tuple[int, int]] = []
    for extent in source.extents():
        if extent.offset != position or extent.length <= 0:
            raise Invalid(f"the source's extents are broken at {position}: {extent}")
        position += extent.length
        at = extent.offset if not extent.zero else position
        while at < position:
            here = at // MANIFEST_BLOCK
            stop = min(position, (here + 1) * MANIFEST_BLOCK)
            if here != number:
                if pieces:
                    yield Block(number, tuple(pieces))
                number, pieces = here, []
            pieces.append((at, stop - at))
            at = stop
    if position != source.size:
        raise Invalid(f"the source's extents end at {position}, not at {source.size}")
    if pieces:
        yield Block(number, tuple(pieces))


def read_block(source: Source, block: Block, buffer: memoryview) -> memoryview:
    """Return the block's bytes, read into ``buffer``: its holes are zeroed, never read."""
    start = block.number * MANIFEST_BLOCK
    view = buffer[: min(MANIFEST_BLOCK, source.size - start)]
    filled = 0
    for offset, length in block.pieces:
        at = offset - start
        if at > filled:
            view[filled:at] = _ZEROES[: at - filled]
        source.pread_into(view[at : at + length], offset)
        filled = at + length
    if filled < len(view):
        view[filled:] = _ZEROES[: len(view) - filled]
    return view


def is_zero(view: memoryview) -> bool:
    """Return True when all bytes are zero; at most a block of them."""
    # startswith is one memcmp, which ends at the first byte that differs, and copies nothing.
    return _ZEROES.startswith(view)
