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


def echo(identifier: int) -> bytes:
    """Return an echo request that no earlier one's answers belong to."""
    kind, sequence = 8, 1
    total = (kind << 8) + identifier + sequence
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return struct.pack("!BBHHH", kind, 0, checksum, identifier, sequence)


def tcp(knock: dict[str, Any]) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
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
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as door:
        door.settimeout(0.5)
        door.bind((knock["source"], 0))
        end = time.monotonic() + SILENCE_S
        while time.monotonic() < end:
            door.sendto(echo(knock["mark"]), (knock["target"], 0))
            try:
                answer, (sender, _) = door.recvfrom(100)
            except TimeoutError:
                continue
            if sender == knock["target"] and answer[20] == 0:
                return True
    return False


KNOCKS = {6: tcp, 17: udp, 1: icmp}


def main() -> None:
    knocks = json.load(sys.stdin)
    with ThreadPoolExecutor(max_workers=len(knocks)) as pool:
        print(json.dumps(list(pool.map(lambda one: KNOCKS[one["protocol"]](one), knocks))))


if __name__ == "__main__":
    main()
