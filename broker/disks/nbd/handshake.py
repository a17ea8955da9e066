"""What client and server agree on before the first request: fixed-newstyle negotiation."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum, IntFlag
from typing import NamedTuple

from broker.disks.nbd.channel import Channel
from broker.errors import AccessDenied, BrokerError, NotFound, Transient, Unsupported

LARGEST_PAYLOAD = 32 * 1024 * 1024
"""What a server must take when it names no maximum: the protocol's own default."""

LARGEST_ANSWER = 64 * 1024
"""Bytes of one answer to an option; the protocol's strings end at 4 KiB."""

MOST_ANSWERS = 1000
"""Answers to one option before a server is taken for a broken one; we ask for two contexts."""

_MAGIC = b"NBDMAGIC"
_OPTION_MAGIC = b"IHAVEOPT"
_ANSWER_MAGIC = 0x3E889045565A9
_ANSWER = struct.Struct(">QIII")
_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2


class Flag(IntFlag):
    """What an export can do."""

    READ_ONLY = 1 << 1
    FLUSH = 1 << 2
    WRITE_ZEROES = 1 << 6
    MULTI_CONN = 1 << 8


class Agreed(NamedTuple):
    """What came out of the handshake."""

    size: int
    flags: Flag
    minimum_block: int
    maximum_payload: int
    structured: bool
    contexts: dict[str, int]


class _Option(IntEnum):
    GO = 7
    STRUCTURED_REPLY = 8
    SET_META_CONTEXT = 10


class _Kind(IntEnum):
    ACK = 1
    INFO = 3
    META_CONTEXT = 4
    UNSUPPORTED = 1 << 31 | 1


class _Info(IntEnum):
    EXPORT = 0
    BLOCK_SIZE = 3


class _Answer(NamedTuple):
    kind: int
    payload: bytes


_REFUSALS: dict[int, type[BrokerError]] = {
    1 << 31 | 2: AccessDenied,  # POLICY
    1 << 31 | 5: Unsupported,  # TLS_REQD
    1 << 31 | 6: NotFound,  # UNKNOWN: no export of that name
    1 << 31 | 7: Transient,  # SHUTDOWN
}


def negotiate(channel: Channel, name: str, contexts: Sequence[str]) -> Agreed:
    """Return what the server grants for the export ``name``; NotFound when it has none such."""
    magic, option_magic, flags = struct.unpack(">8s8sH", channel.take(18))
    if magic != _MAGIC or option_magic != _OPTION_MAGIC or not flags & _FIXED_NEWSTYLE:
        raise Unsupported(f"what answers at {channel.where} does not speak fixed-newstyle NBD")
    channel.put(struct.pack(">I", flags & (_FIXED_NEWSTYLE | _NO_ZEROES)))

    structured = _ask(channel, _Option.STRUCTURED_REPLY, b"") is not None
    granted = _set_contexts(channel, name, contexts) if structured and contexts else {}
    question = _text(name) + struct.pack(">HH", 1, _Info.BLOCK_SIZE)
    answers = _ask(channel, _Option.GO, question)
    if answers is None:
        raise Unsupported(f"the NBD server at {channel.where} is too old: it has no NBD_OPT_GO")

    size, flags = _export(channel, answers)
    minimum, maximum = _block_sizes(channel, answers)
    if size >= 1 << 63 or size % minimum:
        raise channel.broken(f"an export of {size} bytes in blocks of {minimum}")
    return Agreed(size, Flag(flags), minimum, maximum, structured, granted)


def _set_contexts(channel: Channel, name: str, contexts: Sequence[str]) -> dict[str, int]:
    question = _text(name) + struct.pack(">I", len(contexts)) + b"".join(map(_text, contexts))
    answers = _ask(channel, _Option.SET_META_CONTEXT, question) or []
    return {
        answer.payload[4:].decode(errors="replace"): int.from_bytes(answer.payload[:4], "big")
        for answer in answers
        if answer.kind == _Kind.META_CONTEXT and len(answer.payload) > 4
    }


def _export(channel: Channel, answers: list[_Answer]) -> tuple[int, int]:
    for info in _infos(answers, _Info.EXPORT, 12):
        size, flags = struct.unpack(">QH", info)
        return size, flags
    raise channel.broken("an export without a size")


def _block_sizes(channel: Channel, answers: list[_Answer]) -> tuple[int, int]:
    for info in _infos(answers, _Info.BLOCK_SIZE, 14):
        minimum, _, maximum = struct.unpack(">III", info)
        if not 1 <= minimum <= 65536 or minimum & (minimum - 1) or maximum < minimum:
            raise channel.broken(f"block sizes from {minimum} to {maximum}")
        return minimum, min(maximum - maximum % minimum, LARGEST_PAYLOAD)
    return 1, LARGEST_PAYLOAD


def _infos(answers: list[_Answer], info: _Info, length: int) -> list[bytes]:
    return [
        payload[2:]
        for kind, payload in answers
        if kind == _Kind.INFO and len(payload) == length and payload[:2] == info.to_bytes(2, "big")
    ]


def _ask(channel: Channel, option: _Option, data: bytes) -> list[_Answer] | None:
    """Return the answers to an option, or None when the server does not know the option."""
    channel.put(_OPTION_MAGIC + struct.pack(">II", option, len(data)) + data)
    answers: list[_Answer] = []
    while len(answers) < MOST_ANSWERS:
        magic, echoed, kind, length = _ANSWER.unpack(channel.take(_ANSWER.size))
        if magic != _ANSWER_MAGIC or echoed != option or length > LARGEST_ANSWER:
            raise channel.broken("an answer to an option nobody sent")
        payload = channel.take(length)
        if kind == _Kind.ACK:
            return answers
        if kind == _Kind.UNSUPPORTED:
            return None
        if kind >> 31:
            told = payload.decode(errors="replace") or "it gives no reason"
            raise _REFUSALS.get(kind, Unsupported)(
                f"the NBD server at {channel.where} refuses: {told}", code=f"{kind:#x}"
            )
        answers.append(_Answer(kind, payload))
    raise channel.broken("endless answers to one option")


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">I", len(encoded)) + encoded
