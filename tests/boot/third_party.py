"""Somebody else on a network's bridge: what it reaches is what a firewall lets through.

Packets from the host itself leave the bridge by another door, so the host proves nothing.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

REACH_S = 3
"""A packet that is dropped is never answered; one that is let through is answered at once."""


KNOCKER = Path(__file__).with_name("knocker.py")
LISTENER = Path(__file__).with_name("overhear.py")

FORWARD_S = 60.0
"""Twice the longest forward delay there is."""

OBEYED_S = "180"
"""Twenty packets that wait for their answers take an emulated guest five seconds, or a minute."""

TOOLS = ("iptables", "ip6tables")
JUMPS = ("libvirt-in", "libvirt-out")
"""What libvirt's filters of machines hang from."""


class ThirdParty:
    """A network namespace with one end of a cable in the bridge."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def hears(self, address: str, port: int) -> str | None:
        """Return what a TCP port says, None when it cannot be reached."""
        script = f"exec 3<>/dev/tcp/{address}/{port} && head -n 1 <&3"
        done = subprocess.run(
            ["ip", "netns", "exec", self._namespace, "timeout", str(REACH_S), "bash", "-c", script],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip() if done.returncode == 0 else None

    def takes(self, address: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> None:
        """Give it one more address, at once: nobody else on the bridge has it."""
        link = _run("ip", "-n", self._namespace, "-o", "link", "show", "type", "veth").split()[1]
        given = ["nodad"] if address.version == 6 else []
        card = link.split("@")[0]
        _run("ip", "-n", self._namespace, "addr", "add", str(address), "dev", card, *given)

    def knocks(self, doors: list[dict[str, object]]) -> list[bool]:
        """Return for each door, all at once, whether the machine behind it was reached."""
        done = subprocess.run(
            ["ip", "netns", "exec", self._namespace, sys.executable, str(KNOCKER)],
            input=json.dumps(doors), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: list[bool] = json.loads(done.stdout)
        return found

    def hears_from(
        self, address: str, meanwhile: Callable[[], object]
    ) -> set[tuple[int, str, int, int]]:
        """Return what arrived from an address: protocol, target, and both ports or ICMP type."""
        listener = subprocess.Popen(
            ["ip", "netns", "exec", self._namespace, sys.executable, str(LISTENER), address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with listener:
            assert listener.stdin is not None
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            meanwhile()
            listener.stdin.close()
            told: list[tuple[int, str, int, int]] = json.load(listener.stdout)
        return {(one[0], one[1], one[2], one[3]) for one in told}

    def tells(self, address: str, port: int, text: str) -> None:
        """Say something to a TCP port and wait until it hangs up."""
        script = f"exec 3<>/dev/tcp/{address}/{port} && cat >&3 && cat <&3"
        done = subprocess.run(
            ["ip", "netns", "exec", self._namespace, "timeout", OBEYED_S, "bash", "-c", script],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@contextmanager
def on_bridge(bridge: str, address: ipaddress.IPv4Interface) -> Iterator[ThirdParty]:
    """Plug a third party with this address into a bridge of whatever namespace libvirt runs in."""
    name = f"interop-{bridge}"
    cable, plug = f"{bridge}-p", f"{bridge}-q"
    with ExitStack() as undo:
        where = _namespace_of(bridge)
        _run("ip", "netns", "add", name)
        undo.callback(_run, "ip", "netns", "del", name)
        # the cable goes with the namespace one of its ends is in
        _run(
            "ip", *where, "link", "add", cable, "type", "veth", "peer", "name", plug, "netns", name
        )
        _run("ip", *where, "link", "set", cable, "master", bridge, "up")
        _run("ip", "-n", name, "addr", "add", str(address), "dev", plug)
        _run("ip", "-n", name, "link", "set", plug, "up")
        _wait_until_forwarding(where, cable)
        yield ThirdParty(name)


@contextmanager
def unbroken(bridge: str) -> Iterator[None]:
    """Keep libvirt's filters between a bridge and its machines while libvirt changes any of them.

    With each change libvirt takes its jumps out of the chain FORWARD, one of each, and puts new
    ones back some 50 ms later; in between nothing is filtered. Of two of each, one stays.
    """
    where = _namespace_of(bridge)
    inside = ["ip", "netns", "exec", where[1]] if where else []
    for tool in TOOLS:
        for number, chain in enumerate(JUMPS, start=1):
            _run(*inside, tool, "-I", "FORWARD", str(number), "-j", chain)
    try:
        yield
    finally:
        for tool in TOOLS:
            listed = _run(*inside, tool, "-S", "FORWARD").splitlines()[1:]
            for chain in JUMPS:
                # the last one: libvirt's own stay in their order
                last = len(listed) - listed[::-1].index(f"-A FORWARD -j {chain}")
                _run(*inside, tool, "-D", "FORWARD", str(last))
                del listed[last - 1]


def _wait_until_forwarding(where: list[str], cable: str) -> None:
    """A bridge with a spanning tree listens and learns for some seconds before it forwards."""
    end = time.monotonic() + FORWARD_S
    while " state forwarding " not in _run("ip", "-d", *where, "link", "show", "dev", cable):
        assert time.monotonic() < end, f"{cable} does not forward"
        time.sleep(0.1)


def _namespace_of(bridge: str) -> list[str]:
    listed = _run("ip", "netns", "list").split("\n")
    for options in ([], *(["-n", line.split()[0]] for line in listed if line)):
        command = ["ip", *options, "link", "show", "dev", bridge]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return options
    raise AssertionError(f"there is no bridge {bridge} anywhere")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
