"""Reading running machines: libvirt holds all their disks still at one moment, and serves them.

A machine can have one such backup at a time. Who opens a second disk of it while the first is read
gets it from the same moment. The folder of a backup is locked while its owner lives, so that what a
killed process left behind is told from what another one needs, and ended.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import libvirt

from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.host import SCRATCH, Host
from adapters.kvm.translate.backup import pull_xml, push_xml, socket
from adapters.kvm.translate.instance import disks
from adapters.kvm.translate.xml import parse
from broker.errors import AccessDenied, BrokerError, Conflict, Transient

PREFIX = "interop-backup-"
POLL_S = 0.05
END_S = 30.0
"""Ending a backup throws a scratch file away; longer means QEMU hangs."""


class Open(NamedTuple):
    """A backup that is being read: how many read it, and what ends it."""

    readers: list[object]
    folder: Path
    targets: frozenset[str]
    end: ExitStack


class Backups:
    """The backups this adapter has open, by domain."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._open: dict[str, Open] = {}

    def join(self, id: str, target: str, reader: object) -> Path:
        """Return the socket that exports disk ``target`` as it was; ``leave`` lets go of it."""
        with self._lock:
            found = self._open.get(id)
            if found is None:
                found = self._open[id] = self._begin(id)
            if target not in found.targets:
                raise Conflict(
                    f"disk {target} was attached after the backup of its machine began",
                    hint="Try again when the others of its disks have been read",
                    provider=PROVIDER,
                )
            found.readers.append(reader)
            return found.folder / "socket"

    def leave(self, id: str, reader: object) -> None:
        """Let go; the last reader ends the backup. May be called twice."""
        with self._lock:
            found = self._open.get(id)
            if found is None or reader not in found.readers:
                return
            found.readers.remove(reader)
            if not found.readers:
                del self._open[id]
                found.end.close()

    def _begin(self, id: str) -> Open:
        domain = self._host.domain(id)
        self._end_stale(domain)
        with calling("begin backup"), ExitStack() as undo:
            attached = disks(parse(domain.XMLDesc()))
            targets = frozenset(disk.target for disk in attached if not disk.read_only)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._host.settings.backup_sockets))
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            owned = os.open(folder / "owner", os.O_CREAT | os.O_RDWR, 0o600)
            undo.callback(os.close, owned)
            fcntl.flock(owned, fcntl.LOCK_EX)
            _give_to_qemu(domain, folder)
            scratch = {
                target: f"{self._host.pool_folder}/{id}-{target}{SCRATCH}" for target in targets
            }
            domain.backupBegin(pull_xml(str(folder / "socket"), attached, scratch), None)
            undo.callback(_end, domain)
            return Open([], folder, targets, undo.pop_all())

    def _end_stale(self, domain: libvirt.virDomain) -> None:
        """End a backup whose owner was killed; Conflict when somebody else's is under way."""
        running = _running(domain)
        if running is None:
            return
        folder = Path(socket(running) or "/").parent
        if not folder.name.startswith(PREFIX) or _is_owned(folder):
            raise Conflict(
                f"another backup of {domain.name()} is under way",
                hint="Wait for it, or end it with `virsh domjobabort`",
                provider=PROVIDER,
            )
        _end(domain)
        shutil.rmtree(folder, ignore_errors=True)


def push(host: Host, id: str, target: str, file: str) -> None:
    """Copy one disk of a running machine, as it is now, into an empty qcow2 file."""
    domain = host.domain(id)
    with calling("take snapshot"):
        attached = disks(parse(domain.XMLDesc()))
        flag = libvirt.VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL
        domain.backupBegin(push_xml(attached, {target: file}), None, flag)
        while domain.jobInfo()[0] != libvirt.VIR_DOMAIN_JOB_NONE:
            time.sleep(POLL_S)
        told = domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    if not told.get("success", True):
        raise BrokerError(f"the copy failed: {told.get('errmsg')}", provider=PROVIDER)


def _running(domain: libvirt.virDomain) -> str | None:
    """Return the XML of the backup under way, or None."""
    try:
        return str(domain.backupGetXMLDesc())
    except libvirt.libvirtError as error:
        if error.get_error_code() in (
            libvirt.VIR_ERR_NO_DOMAIN_BACKUP,
            libvirt.VIR_ERR_OPERATION_INVALID,
            libvirt.VIR_ERR_NO_DOMAIN,
        ):
            return None
        raise


def _end(domain: libvirt.virDomain) -> None:
    """End the backup under way and wait until it has; quiet when there is none."""
    with calling("end backup"):
        if _running(domain) is None:
            return
        try:
            domain.abortJob()
        except libvirt.libvirtError as error:
            # it ended by itself, or with its machine
            if error.get_error_code() not in (
                libvirt.VIR_ERR_OPERATION_INVALID,
                libvirt.VIR_ERR_NO_DOMAIN,
            ):
                raise
        end = time.monotonic() + END_S
        while _running(domain) is not None:
            if time.monotonic() > end:
                raise Transient(f"the backup of {domain.name()} does not end", provider=PROVIDER)
            time.sleep(POLL_S)


def _is_owned(folder: Path) -> bool:
    try:
        owned = os.open(folder / "owner", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(owned, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(owned)
    return False


def _give_to_qemu(domain: libvirt.virDomain, folder: Path) -> None:
    """Let the domain's QEMU, which runs as another user, create its socket in the folder."""
    for label in parse(domain.XMLDesc()).iterfind("seclabel"):
        owner = label.findtext("label") or ""
        if label.get("model") != "dac" or not owner:
            continue
        user, _, group = owner.replace("+", "").partition(":")
        if int(user) == os.getuid():
            return
        try:
            os.chown(folder, int(user), int(group))
        except PermissionError as error:
            raise AccessDenied(
                "a running machine can be read by root only",
                hint="Run as root, or stop the machine first",
                provider=PROVIDER,
            ) from error
