"""Starting and stopping servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.openstack.errors import calling
from adapters.openstack.servers import Servers
from adapters.openstack.translate.states import fault
from broker.errors import Conflict, NotFound
from broker.model import StopMode

SHELVED = frozenset({"shelved", "shelved_offloaded"})
STOPPED = SHELVED | {"stopped"}

STARTS = {
    "stopped": "os-start",
    "paused": "unpause",
    "suspended": "resume",
    "shelved": "unshelve",
    "shelved_offloaded": "unshelve",
}
"""The action that makes a server run, by its state."""


RUNS = frozenset(
    {
        *("create", "start", "reboot", "resume", "unpause", "unshelve", "rebuild", "restore"),
        *("resize", "revertResize", "evacuate", "migrate", "live-migration", "rescue", "unrescue"),
    }
)
"""Actions after which a guest has run, as nova's nova/compute/instance_actions.py names them."""


class Power(Servers):
    """Starts, stops, pauses and reboots servers, and tells what they wrote."""

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already. A paused, suspended or shelved machine resumes."""
        with calling("start instance"):
            self._start(id)

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; quiet when it is.

        nova has one way to stop: it asks the guest and, after the deployment's patience, pulls the
        plug. DEALLOCATE shelves, which also gives the host back.
        """
        with calling("stop instance"):
            state = self._state(id)
            if mode is StopMode.DEALLOCATE:
                self._shelve(id, state)
                return
            if state in STOPPED:
                return
            if state in ("paused", "suspended"):
                # nova stops only what runs
                self._start(id)
            self._do(id, "os-stop", is_in("stopped"), f"stopping {id}")

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        with calling("reboot instance"):
            self._must_run(id)
            self._do(id, "reboot", is_in("active"), f"rebooting {id}", {"type": "SOFT"})

    def pause_instance(self, id: str) -> None:
        """Freeze; quiet when it is frozen, Conflict when it does not run."""
        with calling("pause instance"):
            if self._state(id) == "paused":
                return
            self._must_run(id)
            self._do(id, "pause", is_in("paused"), f"pausing {id}")

    def resume_instance(self, id: str) -> None:
        """Let a frozen machine go on; quiet when it runs."""
        with calling("resume instance"):
            if self._state(id) in STOPPED:
                raise Conflict(f"{id} is stopped, not paused", hint="Start it instead")
            self._start(id)

    def suspend_instance(self, id: str) -> None:
        """Write the memory to disk and stop; quiet when it is suspended, Conflict when stopped."""
        with calling("suspend instance"):
            if self._state(id) == "suspended":
                return
            self._must_run(id)
            self._do(id, "suspend", is_in("suspended"), f"suspending {id}")

    def last_run(self, id: str) -> str:
        """Return the request that made the server run last, which is another after each start."""
        with calling("see when it ran"):
            path = f"/servers/{self._server(id)['id']}/os-instance-actions"
            told = self._session.get("compute", path)["instanceActions"]  # the newest first
            return next((str(each["request_id"]) for each in told if each["action"] in RUNS), "")

    def console_log(self, id: str) -> str:
        """Return the text kept so far, oldest first; empty when the guest wrote nothing.

        nova keeps none of a stopped server's.
        """
        with calling("read console"):
            self._state(id)
            try:
                told: str | None = self._act(id, "os-getConsoleOutput", {"length": None})["output"]
            except NotFound:  # the server was found: it is its console that is not there
                return ""
            return told or ""

    def _start(self, id: str) -> None:
        state = self._state(id)
        if state == "active":
            return
        if state == "resized":
            raise Conflict(
                f"the resize of {id} was neither confirmed nor taken back",
                hint="Resize it again, to the size it should have",
            )
        if state == "error":
            raise Conflict(
                f"{id} is in ERROR: {fault(self._server(id))}",
                hint="Try `openstack server reboot --hard`, ask the operator, or delete it",
            )
        if state not in STARTS:
            raise Conflict(
                f"{id} is {state}: it cannot be started",
                hint="Wait until it is stopped, or delete it",
            )
        self._do(id, STARTS[state], is_in("active"), f"starting {id}")

    def _shelve(self, id: str, state: str) -> None:
        """Give the host back: at once, or in two steps where the deployment waits with it."""
        what = f"shelving {id}"
        if state not in SHELVED:
            self._do(id, "shelve", is_in(*SHELVED), what)
            state = self._state(id)
        if state == "shelved":
            self._do(id, "shelveOffload", is_in("shelved_offloaded"), what)

    def _must_run(self, id: str) -> None:
        state = self._state(id)
        if state != "active":
            raise Conflict(f"{id} is {state}, it does not run", hint="Start it first")

    def _state(self, id: str) -> str:
        return str(self._server(id)["OS-EXT-STS:vm_state"])


def is_in(*states: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells whether a server is in one of these states."""
    return lambda server: server["OS-EXT-STS:vm_state"] in states
