"""Instances: starting and stopping them, and what they say."""

from __future__ import annotations

from adapters.memory.instances import Instances
from adapters.memory.power import Verb, power, turned
from adapters.memory.state import InstanceRecord, State
from broker.errors import Conflict
from broker.model import Power, StopMode


class Lifecycle(Instances):
    """Machines that turn from one state to another."""

    def start_instance(self, id: str) -> None:
        """Start; quiet when it runs already. A paused machine resumes."""
        with self._calling("start_instance"), self._store.change() as state:
            self._turn(state, id, Verb.START)

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop and return when it is stopped; quiet when it is.

        SHUTDOWN raises Conflict where guests do not obey; DEALLOCATE also gives the compute back.
        """
        with self._calling("stop_instance"):
            with self._store.change() as state:
                before = self._instance(state, id)
                stopped = power(before, self._now()) is Power.STOPPED
                if mode is StopMode.SHUTDOWN and not (stopped or self._settings.guests_obey):
                    raise Conflict(f"the guest of {id} did not shut down", hint="Power it off")
                record = self._turn(state, id, Verb.STOP)
                if mode is StopMode.DEALLOCATE:
                    state.instances[id] = record.model_copy(update={"allocated": False})
            if record.turns_at and (left := (record.turns_at - self._now()).total_seconds()) > 0:
                self._sleep(left)

    def reboot_instance(self, id: str) -> None:
        """Restart a running machine; Conflict when it does not run."""
        with self._calling("reboot_instance"), self._store.change() as state:
            self._turn(state, id, Verb.REBOOT)

    def pause_instance(self, id: str) -> None:
        """Freeze; quiet when it is frozen, Conflict when it does not run."""
        with self._calling("pause_instance"), self._store.change() as state:
            self._turn(state, id, Verb.PAUSE)

    def resume_instance(self, id: str) -> None:
        """Let a frozen machine go on; quiet when it runs."""
        with self._calling("resume_instance"), self._store.change() as state:
            self._turn(state, id, Verb.RESUME)

    def last_run(self, id: str) -> str:
        """Return how often it has booted, which is another after each run."""
        with self._calling("last_run"):
            return str(self._instance(self._store.state(), id).boots)

    def console_log(self, id: str) -> str:
        """Return a line for every boot: there is no guest that could write more."""
        with self._calling("console_log"):
            return self._instance(self._store.state(), id).console

    def _turn(self, state: State, id: str, verb: Verb) -> InstanceRecord:
        before = self._instance(state, id)
        state.instances[id] = turned(before, verb, self._now(), self._settings.transition_seconds)
        return state.instances[id]
