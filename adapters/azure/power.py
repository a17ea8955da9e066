"""Starting and stopping machines, and what they wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from adapters.azure import kinds
from adapters.azure.errors import calling
from adapters.azure.session import CONNECT_SECONDS, READ_SECONDS
from adapters.azure.translate.native import properties
from adapters.azure.translate.states import POWER, changed_at, codes_of, is_off, power_of
from adapters.azure.volumes import Volumes
from adapters.azure.waiting import finished
from broker.errors import Conflict
from broker.model import Power, StopMode

CONSOLE_MINUTES = 5
"""How long the address of a console's text is good, which is read at once."""


class PowerSwitch(Volumes):
    """Starts, stops and reboots machines.

    Off is not given back: a machine that was stopped is billed until it is deallocated.
    """

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already."""
        with calling("start instance"):
            if power(self._machine(id)) in (Power.RUNNING, Power.STARTING):
                return
            place = self._ids.place(kinds.MACHINE, id)
            machines = self._session.compute.virtual_machines
            finished(machines.begin_start(place.group, place.name), f"starting {id}")

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; quiet when it is.

        SHUTDOWN asks the guest, and the service pulls the plug when it does not obey for long.
        """
        with calling("stop instance"):
            machine = self._machine(id)
            if mode is StopMode.DEALLOCATE:
                self._deallocate(machine)
            elif not is_off(machine):
                place = self._ids.place(kinds.MACHINE, id)
                machines = self._session.compute.virtual_machines
                stopping = machines.begin_power_off(
                    place.group, place.name, skip_shutdown=mode is StopMode.POWER_OFF
                )
                finished(stopping, f"stopping {id}")

    def last_run(self, id: str) -> str:
        """Return when the service did something to it last: starting it is such a thing."""
        with calling("get instance"):
            return changed_at(self._machine(id))

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        with calling("reboot instance"):
            now = power(self._machine(id))
            if now is not Power.RUNNING:
                raise Conflict(f"{id} is {now}: start it instead")
            place = self._ids.place(kinds.MACHINE, id)
            machines = self._session.compute.virtual_machines
            finished(machines.begin_restart(place.group, place.name), f"rebooting {id}")

    def console_log(self, id: str) -> str:
        """Return the text kept so far, oldest first; empty when the guest wrote nothing.

        Conflict where it is not kept: machines of other tools may have their boot diagnostics off.
        """
        with calling("read console"):
            place = self._ids.place(kinds.MACHINE, id)
            diagnostics = properties(self._machine(id)).get("diagnosticsProfile") or {}
            if not (diagnostics.get("bootDiagnostics") or {}).get("enabled"):
                raise Conflict(
                    f"nobody keeps the console of {id}: its boot diagnostics are off",
                    hint="Turn them on: `az vm boot-diagnostics enable "
                    f"-g {place.group} -n {place.name}`",
                )
            told = self._session.compute.virtual_machines.retrieve_boot_diagnostics_data(
                place.group, place.name, sas_uri_expiration_time_in_minutes=CONSOLE_MINUTES
            )
            address = told.get("serialConsoleLogBlobUri")
            return self._text_at(address) if address else ""

    def _text_at(self, address: str) -> str:
        ca_file = self._session.settings.ca_file
        with BlobClient.from_blob_url(
            address,
            retry_total=0,
            connection_verify=str(ca_file) if ca_file else True,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        ) as blob:
            try:
                return blob.download_blob().readall().decode(errors="replace")
            except ResourceNotFoundError:  # it is made with the guest's first word
                return ""

    def _deallocate(self, machine: Mapping[str, Any]) -> None:
        """Give the compute back; quiet when it is."""
        if POWER.get(power_of(codes_of(machine))) == POWER["PowerState/deallocated"]:
            return
        place = self._ids.place(kinds.MACHINE, self._ids.short(machine["id"]))
        machines = self._session.compute.virtual_machines
        finished(
            machines.begin_deallocate(place.group, place.name), f"deallocating {machine['name']}"
        )


def power(machine: Mapping[str, Any]) -> Power:
    """Return the power of a machine that was read with its view."""
    meaning = POWER.get(power_of(codes_of(machine)))
    return meaning.power if meaning else Power.UNKNOWN
