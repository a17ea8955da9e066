"""The whole adapter: a noun a file, each standing on ``service.py``."""

from __future__ import annotations

from adapters.memory.disks import Disks
from adapters.memory.firewalls import Firewalls
from adapters.memory.key_pairs import KeyPairs
from adapters.memory.lifecycle import Lifecycle
from adapters.memory.networks import Networks
from adapters.memory.snapshots import Snapshots
from broker.adapter import (
    Adapter,
    ConsoleLog,
    Counts,
    LastRun,
    Made,
    Pausable,
    PublicAddresses,
    QuotaUse,
    SubnetFirewalls,
)


class MemoryAdapter(Lifecycle, Snapshots, Disks, Networks, Firewalls, KeyPairs):
    """A cloud in a folder. Several threads and processes may have it open at once."""

    def check(self) -> str:
        """Read the state and return where it is."""
        with self._calling("check"):
            count = len(self._store.state().instances)
            return f"{self.name}: a cloud in {self._store.folder}, {count} instances"

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too."""
        with self._calling("made"):
            return list(self._store.state().made(token))

    def quota_use(self) -> Counts:
        """Return what the cloud holds now of what its quotas are for."""
        with self._calling("quota_use"):
            state = self._store.state()
            sizes = [record.instance.spec.size for record in state.instances.values()]
            volumes = [record.volume.spec.size for record in state.volumes.values()]
            return Counts(
                instances=len(sizes),
                vcpus=sum(size.vcpus for size in sizes),
                volume_bytes=sum(volumes),
                snapshots=len(state.snapshots),
            )

    def close(self) -> None:
        """Nothing is held open between calls."""


_adapter: type[Adapter] = MemoryAdapter
_pausable: type[Pausable] = MemoryAdapter
_console_log: type[ConsoleLog] = MemoryAdapter
_last_run: type[LastRun] = MemoryAdapter
_public_addresses: type[PublicAddresses] = MemoryAdapter
_subnet_firewalls: type[SubnetFirewalls] = MemoryAdapter
_quota_use: type[QuotaUse] = MemoryAdapter
