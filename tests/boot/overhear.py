"""Listens inside a network namespace to what one machine sends, until its own input ends.

Needs nothing but Python. The machine's address is the argument, the answer is JSON.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys

ETH_P_ALL = 3


def main() -> None:
    found: list[list[object]] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as wire:
        print("listening", flush=True)
        while sys.stdin not in select.select([wire, sys.stdin], [], [])[0]:
            packet = wire.recv(2000)
            if len(packet) < 20 or packet[0] != 0x45:
                continue
            source, target = (socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
            if source == sys.argv[1]:
                ports = (0, packet[20] << 8 | packet[21])
                if packet[9] in (6, 17):
                    ports = struct.unpack("!HH", packet[20:24])
                found.append([packet[9], target, *ports])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
