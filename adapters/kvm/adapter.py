"""The adapter of a libvirt host: every noun of the contract, each in its own file."""

from __future__ import annotations

from collections.abc import Callable

from adapters.kvm.disks import DiskCalls
from adapters.kvm.errors import calling
from adapters.kvm.firewalls import FirewallCalls
from adapters.kvm.host import Host, volume_id
from adapters.kvm.images import ImageCalls
from adapters.kvm.limits import LIMITS
from adapters.kvm.naming import Made as Purpose
from adapters.kvm.naming import mark, uuid_for
from adapters.kvm.networks import NetworkCalls
from adapters.kvm.power import PowerCalls
from adapters.kvm.settings import Settings
from adapters.kvm.snapshots import SnapshotCalls
from adapters.kvm.volumes import VolumeCalls
from broker.adapter import Adapter, ConsoleLog, HostCapacity, Kind, LastRun, Limits, Made, Pausable
from broker.errors import NotFound
from broker.model import Arch
from broker.model import Host as Capacity


class KvmAdapter(
    ImageCalls, PowerCalls, VolumeCalls, SnapshotCalls, DiskCalls, NetworkCalls, FirewallCalls
):
    """One libvirt host."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(Host(name, settings))
        self._name = name

    @property
    def name(self) -> str:
        """The account's name in the accounts file."""
        return self._name

    @property
    def limits(self) -> Limits:
        """What a libvirt host accepts."""
        return LIMITS

    def check(self) -> str:
        """Return host, versions and pool in one line, or raise what is wrong with the account."""
        with calling("check"):
            connection = self._host.connection
            libvirt, qemu = connection.getLibVersion(), connection.getVersion()
            return (
                f"{connection.getHostname()}: libvirt {_version(libvirt)}, QEMU {_version(qemu)}, "
                f"pool {self._host.pool.name()} ({connection.getURI()})"
            )

    def hosts(self) -> list[Capacity]:
        """Return the one host there is: all of its threads and memory, its own use included."""
        with calling("read host"):
            connection = self._host.connection
            machine, memory, threads, *_ = connection.getInfo()
            name = connection.getHostname()
        arch = Arch(machine) if machine in set(Arch) else Arch.UNKNOWN
        return [Capacity(id=name, vcpus=threads, memory=memory, arch=arch)]

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there."""
        found = []
        lookups: dict[Kind, Callable[[str], object]] = {
            Kind.INSTANCE: self._host.domain,
            Kind.NETWORK: self._host.network,
            Kind.FIREWALL: self._host.filter,
        }
        for kind, look_up in lookups.items():
            id = uuid_for(kind, token)  # noqa: A001
            try:
                look_up(id)
            except NotFound:
                continue
            found.append(Made(kind=kind, id=id))
        # an instance made from images has a copy of each
        copies = {mark(f"{token}/{index}") for index in range(LIMITS.disks_per_instance)}
        for vol, name in self._host.named_volumes():
            copied = name.made is Purpose.VOLUME and name.mark in copies
            if name.made in _KINDS and (copied or name.mark == mark(token)):
                found.append(Made(kind=_KINDS[name.made], id=volume_id(vol)))
        return found

    def close(self) -> None:
        """Close the connection. May be called twice."""
        self._host.close()


_KINDS: dict[Purpose | None, Kind] = {
    Purpose.VOLUME: Kind.VOLUME,
    Purpose.DISK: Kind.DISK,
    Purpose.SNAPSHOT: Kind.SNAPSHOT,
    Purpose.IMAGE: Kind.IMAGE,
}


def _version(number: int) -> str:
    """Return 9.0.0 for 9000000, libvirt's way to write versions."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


_: type[Adapter] = KvmAdapter
_pausable: type[Pausable] = KvmAdapter
_console: type[ConsoleLog] = KvmAdapter
_last_run: type[LastRun] = KvmAdapter
_capacity: type[HostCapacity] = KvmAdapter
