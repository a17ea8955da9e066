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
            if len(packet) >= 24 and packet[0] == 0x45:
                protocol, ends, inside = packet[9], packet[12:20], packet[20:]
                family = socket.AF_INET
            elif len(packet) >= 44 and packet[0] >> 4 == 6:
                protocol, ends, inside = packet[6], packet[8:40], packet[40:]
                family = socket.AF_INET6
            else:
                continue
            half = len(ends) // 2
            source, target = (socket.inet_ntop(family, end) for end in (ends[:half], ends[half:]))
            if source == sys.argv[1]:
                ports = (0, inside[0] << 8 | inside[1])
                if protocol in (6, 17):
                    ports = struct.unpack("!HH", inside[:4])
                found.append([protocol, target, *ports])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
