"""What every adapter owes for the power of an instance: each state is told as what it is."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, LastRun, Pausable, Suspendable
from broker.errors import Conflict, NotFound
from broker.model import Power, StopMode
from tests.conformance.kit import MISSING
from tests.conformance.knobs import Knobs


class PowerConformance:
    def test_starting_a_running_instance_is_quiet(self, adapter: Adapter, running: str) -> None:
        adapter.start_instance(running)
        self.runs(adapter, running)

    def test_a_stopped_instance_starts(self, adapter: Adapter, stopped: str) -> None:
        adapter.start_instance(stopped)
        self.runs(adapter, stopped)

    @pytest.mark.parametrize("mode", [StopMode.POWER_OFF, StopMode.DEALLOCATE])
    def test_a_running_instance_is_stopped_by_force(
        self, adapter: Adapter, running: str, mode: StopMode
    ) -> None:
        adapter.stop_instance(running, mode)
        assert adapter.instance(running).state.power is Power.STOPPED

    def test_a_guest_that_obeys_is_shut_down(
        self, adapter: Adapter, knobs: Knobs, running: str
    ) -> None:
        if not knobs.guest_obeys:
            pytest.skip("nothing in the guest listens")
        knobs.wait_for_guest(adapter, running)
        adapter.stop_instance(running)
        assert adapter.instance(running).state.power is Power.STOPPED

    @pytest.mark.parametrize("mode", list(StopMode))
    def test_stopping_a_stopped_instance_is_quiet(
        self, adapter: Adapter, stopped: str, mode: StopMode
    ) -> None:
        adapter.stop_instance(stopped, mode)
        assert adapter.instance(stopped).state.power is Power.STOPPED

    def test_a_reboot_ends_in_a_running_instance(self, adapter: Adapter, running: str) -> None:
        adapter.reboot_instance(running)
        self.runs(adapter, running)

    def test_a_stopped_instance_cannot_reboot(self, adapter: Adapter, stopped: str) -> None:
        with pytest.raises(Conflict):
            adapter.reboot_instance(stopped)

    def test_another_run_is_told_apart(self, adapter: Adapter, stopped: str) -> None:
        if not isinstance(adapter, LastRun):
            pytest.skip("tells no run from another")
        told = adapter.last_run(stopped)
        adapter.stop_instance(stopped)
        assert adapter.last_run(stopped) == told

        self.ran_again(adapter, stopped)
        assert adapter.last_run(stopped) != told
        with pytest.raises(NotFound):
            adapter.last_run(MISSING)

    def ran_again(self, adapter: Adapter, id: str) -> None:
        """Let a stopped machine run, and stop it again."""
        adapter.start_instance(id)
        adapter.stop_instance(id, StopMode.POWER_OFF)

    def test_a_paused_instance_is_not_a_stopped_one(self, adapter: Adapter, running: str) -> None:
        if not isinstance(adapter, Pausable):
            pytest.skip("cannot pause")
        adapter.pause_instance(running)
        adapter.pause_instance(running)

        state = adapter.instance(running).state
        assert state.power is Power.PAUSED
        assert state.allocated is not False

        adapter.resume_instance(running)
        adapter.resume_instance(running)
        self.runs(adapter, running)

    def test_starting_a_paused_instance_resumes_it(self, adapter: Adapter, running: str) -> None:
        if not isinstance(adapter, Pausable):
            pytest.skip("cannot pause")
        adapter.pause_instance(running)
        adapter.start_instance(running)
        self.runs(adapter, running)

    def test_a_paused_instance_can_be_powered_off(self, adapter: Adapter, running: str) -> None:
        if not isinstance(adapter, Pausable):
            pytest.skip("cannot pause")
        adapter.pause_instance(running)
        adapter.stop_instance(running, StopMode.POWER_OFF)
        assert adapter.instance(running).state.power is Power.STOPPED

    def test_a_stopped_instance_cannot_pause(self, adapter: Adapter, stopped: str) -> None:
        if not isinstance(adapter, Pausable):
            pytest.skip("cannot pause")
        with pytest.raises(Conflict):
            adapter.pause_instance(stopped)

    def test_a_suspended_instance_goes_on_when_it_is_started(
        self, adapter: Adapter, running: str
    ) -> None:
        if not isinstance(adapter, Suspendable):
            pytest.skip("cannot suspend")
        adapter.suspend_instance(running)
        adapter.suspend_instance(running)
        assert adapter.instance(running).state.power is Power.SUSPENDED

        adapter.start_instance(running)
        self.runs(adapter, running)

    def test_a_stopped_instance_cannot_be_suspended(self, adapter: Adapter, stopped: str) -> None:
        if not isinstance(adapter, Suspendable):
            pytest.skip("cannot suspend")
        with pytest.raises(Conflict):
            adapter.suspend_instance(stopped)

    @staticmethod
    def runs(adapter: Adapter, id: str) -> None:
        """A start may return while the machine still comes up."""
        state = adapter.instance(id).state
        assert state.power in {Power.STARTING, Power.RUNNING}
        assert state.allocated is not False
