"""Starting and stopping domains."""

from __future__ import annotations

import time

import libvirt

from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.part import Part
from adapters.kvm.translate.instance import disks
from adapters.kvm.translate.volume import written_at
from adapters.kvm.translate.xml import parse
from broker.errors import Conflict
from broker.model import StopMode

POLL_S = 0.1
PRESS_AGAIN_S = 10.0
"""A guest that still boots hears no power button; pressing again is what a person does."""


class PowerCalls(Part):
    """The contract's verbs of power, and Pausable."""

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already. A paused or suspended machine resumes."""
        domain = self._host.domain(id)
        with calling("start instance"):
            match domain.state()[0]:
                case libvirt.VIR_DOMAIN_PAUSED:
                    domain.resume()
                case libvirt.VIR_DOMAIN_PMSUSPENDED:
                    domain.pMWakeup()
                case libvirt.VIR_DOMAIN_CRASHED:
                    domain.destroy()
                    domain.create()
                case libvirt.VIR_DOMAIN_SHUTOFF:
                    domain.create()

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; memory and processors are given back each way."""
        domain = self._host.domain(id)
        with calling("stop instance"):
            if not domain.isActive():
                if domain.hasManagedSaveImage():
                    self._forget_memory(domain, mode)
                return
            if mode is StopMode.SHUTDOWN:
                self._shut_down(domain)
            else:
                domain.destroy()

    def last_run(self, id: str) -> str:
        """Return when its disks were last written to: libvirt remembers no run that has ended.

        A disk outside of all pools tells nothing.
        """
        domain = self._host.domain(id)
        with calling("see when it ran"):
            paths = [disk.path for disk in disks(parse(domain.XMLDesc()))]
            return " ".join(self._written_at(path) for path in paths)

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        domain = self._host.domain(id)
        with calling("reboot instance"):
            domain.reboot()

    def pause_instance(self, id: str) -> None:
        """Freeze; quiet when it is frozen, Conflict when it does not run."""
        domain = self._host.domain(id)
        with calling("pause instance"):
            if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
                domain.suspend()

    def resume_instance(self, id: str) -> None:
        """Let a frozen machine go on; quiet when it runs."""
        domain = self._host.domain(id)
        with calling("resume instance"):
            if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
                domain.resume()

    def _shut_down(self, domain: libvirt.virDomain) -> None:
        if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
            raise Conflict(
                f"{domain.name()} is paused and hears no request to shut down",
                hint="Resume it first, or power it off",
                provider=PROVIDER,
            )
        timeout_s = self._host.settings.shutdown_timeout_s
        end = time.monotonic() + timeout_s
        press = 0.0
        while domain.isActive():
            now = time.monotonic()
            if now > end:
                raise Conflict(
                    f"{domain.name()} did not shut down within {timeout_s:g} s",
                    hint="Try again, or power it off: interop stop --mode power_off",
                    provider=PROVIDER,
                )
            if now >= press:
                _ask(domain)
                press = now + PRESS_AGAIN_S
            time.sleep(POLL_S)

    def _forget_memory(self, domain: libvirt.virDomain, mode: StopMode) -> None:
        if mode is StopMode.SHUTDOWN:
            raise Conflict(
                f"{domain.name()} is suspended to disk and hears no request to shut down",
                hint="Start it first, or power it off, which loses what is in its memory",
                provider=PROVIDER,
            )
        domain.managedSaveRemove()

    def _written_at(self, path: str) -> str:
        try:
            return written_at(self._host.connection.storageVolLookupByPath(path).XMLDesc())
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
                raise
            return ""


def _ask(domain: libvirt.virDomain) -> None:
    try:
        domain.shutdown()
    except libvirt.libvirtError as error:
        # it stopped this moment
        if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:
            raise
