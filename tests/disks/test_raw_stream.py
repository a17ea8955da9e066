"""A raw image in one pass is the disk, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.disks.formats.raw_stream import RawStream
from broker.errors import Conflict

pieces = st.dictionaries(st.integers(0, 19), st.binary(min_size=4096, max_size=4096))


@given(pieces)
def test_it_is_the_disk(written: dict[int, bytes]) -> None:
    sent = bytearray()
    stream = RawStream(20 * 4096, sent.extend)
    wanted = bytearray(20 * 4096)
    for number, piece in sorted(written.items()):
        wanted[number * 4096 : (number + 1) * 4096] = piece
        stream.write(memoryview(piece), number * 4096)
    assert stream.finish() == len(sent)
    assert sent == wanted


def test_what_was_sent_cannot_be_changed() -> None:
    stream = RawStream(3 * 4096, lambda _: None)
    stream.write(memoryview(bytes(4096)), 4096)
    with pytest.raises(Conflict):
        stream.write(memoryview(bytes(4096)), 0)
