"""Knocks on doors from inside a network namespace: JSON in, JSON out. Needs nothing but Python.

A closed door that is reached answers too, with a reset or an ICMP message: silence means stopped.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SILENCE_S = 4.0
"""A first packet that was lost is sent again after a second, and once more after three."""


def family(knock: dict[str, Any]) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in knock["target"] else socket.AF_INET


def echo(kind: int, identifier: int) -> bytes:
    """Return an echo request that no earlier one's answers belong to.

    The kernel puts a checksum of its own in those of ICMPv6.
    """
    sequence = 1
    total = (kind << 8) + identifier + sequence
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return struct.pack("!BBHHH", kind, 0, checksum, identifier, sequence)


def tcp(knock: dict[str, Any]) -> bool:
    with socket.socket(family(knock), socket.SOCK_STREAM) as door:
        door.settimeout(SILENCE_S)
        door.bind((knock["source"], knock["source_port"]))
        try:
            door.connect((knock["target"], knock["port"]))
        except ConnectionRefusedError:
            return True
        except TimeoutError:
            return False
        return True


def udp(knock: dict[str, Any]) -> bool:
    with socket.socket(family(knock), socket.SOCK_DGRAM) as door:
        door.settimeout(0.5)
        door.bind((knock["source"], knock["source_port"]))
        door.connect((knock["target"], knock["port"]))
        end = time.monotonic() + SILENCE_S
        while time.monotonic() < end:
            try:
                door.send(b"knock")
                door.recv(100)
            except ConnectionRefusedError:
                return True
            except TimeoutError:
                continue
            return True
    return False


def icmp(knock: dict[str, Any]) -> bool:
    kind, answered, header = (
        (8, 0, 20) if knock["protocol"] == socket.IPPROTO_ICMP else (128, 129, 0)
    )
    with socket.socket(family(knock), socket.SOCK_RAW, knock["protocol"]) as door:
        door.settimeout(0.5)
        door.bind((knock["source"], 0))
        end = time.monotonic() + SILENCE_S
        while time.monotonic() < end:
            door.sendto(echo(kind, knock["mark"]), (knock["target"], 0))
            try:
                answer, (sender, *_) = door.recvfrom(100)
            except TimeoutError:
                continue
            if sender == knock["target"] and answer[header] == answered:
                return True
    return False


KNOCKS = {6: tcp, 17: udp, 1: icmp, 58: icmp}


def main() -> None:
    knocks = json.load(sys.stdin)
    with ThreadPoolExecutor(max_workers=len(knocks)) as pool:
        print(json.dumps(list(pool.map(lambda one: KNOCKS[one["protocol"]](one), knocks))))


if __name__ == "__main__":
    main()
