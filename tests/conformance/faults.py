"""What every adapter owes when its service fails: a ``broker.errors`` class, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.adapter import Adapter, ConsoleLog, Kind, PublicAddresses
from broker.errors import BrokerError, Transient
from broker.model import FirewallSpec, Network
from tests.conformance.kit import Kit
from tests.conformance.knobs import EXPECTED, Fault, Injection, Knobs

CALLS: dict[str, Callable[[Adapter, str], object]] = {
    "check": lambda adapter, _: adapter.check(),
    "made": lambda adapter, _: adapter.made("conf-0"),
    "instances": lambda adapter, _: adapter.instances(),
    "instance": lambda adapter, instance: adapter.instance(instance),
    "volumes": lambda adapter, _: adapter.volumes(),
    "snapshots": lambda adapter, _: adapter.snapshots(),
    "images": lambda adapter, _: adapter.images(),
    "networks": lambda adapter, _: adapter.networks(),
    "firewalls": lambda adapter, _: adapter.firewalls(),
    "key_pairs": lambda adapter, _: adapter.key_pairs(),
    "start_instance": lambda adapter, instance: adapter.start_instance(instance),
    "stop_instance": lambda adapter, instance: adapter.stop_instance(instance),
}


class FaultConformance:
    @pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.TIMEOUT])
    def test_a_fault_leaves_as_our_error(self, knobs: Knobs, running: str, fault: Fault) -> None:
        left: dict[str, type[BrokerError]] = {}
        with _injection(knobs, fault)() as adapter:
            for name, call in CALLS.items():
                with pytest.raises(BrokerError) as raised:
                    call(adapter, running)
                left[name] = type(raised.value)
        assert {
            name for name, kind in left.items() if not issubclass(kind, EXPECTED[fault])
        } == set()

    def test_a_timeout_leaves_as_our_error(self, knobs: Knobs) -> None:
        """One call, because the wait is a real one."""
        with _injection(knobs, Fault.TIMEOUT)() as adapter, pytest.raises(Transient):
            adapter.instances()

    @pytest.mark.parametrize("fault", [Fault.THROTTLE, Fault.SERVER_ERROR, Fault.LOST_ANSWER])
    @pytest.mark.parametrize(
        "kind",
        [Kind.VOLUME, Kind.SNAPSHOT, Kind.NETWORK, Kind.FIREWALL, Kind.INSTANCE, Kind.DISK],
    )
    def test_a_create_that_failed_may_be_repeated(
        self, adapter: Adapter, kit: Kit, knobs: Knobs, network: Network, fault: Fault, kind: Kind
    ) -> None:
        """Done or not, the first time: afterwards there is one."""
        injection = _injection(knobs, fault)
        create, token = _create(kind, kit, network.id)
        with injection() as failing, pytest.raises(Transient):
            create(failing)

        first, again = create(adapter), create(adapter)

        assert first == again
        assert [made.id for made in adapter.made(token) if made.kind is kind] == [first]

    @pytest.mark.parametrize("fault", [Fault.EXPIRED, Fault.WRONG_CREDENTIALS])
    def test_refused_credentials_are_not_worth_another_try(
        self, knobs: Knobs, fault: Fault
    ) -> None:
        with _injection(knobs, fault)() as adapter, pytest.raises(BrokerError) as raised:
            adapter.check()
        assert not raised.value.retryable

    def test_an_error_names_its_service_and_what_was_tried(self, knobs: Knobs) -> None:
        with _injection(knobs, Fault.SERVER_ERROR)() as adapter, pytest.raises(Transient) as raised:
            adapter.instances()
        assert raised.value.provider
        assert raised.value.operation

    def test_abilities_fail_like_the_rest(self, knobs: Knobs, running: str) -> None:
        with _injection(knobs, Fault.SERVER_ERROR)() as adapter:
            if isinstance(adapter, ConsoleLog):
                with pytest.raises(Transient):
                    adapter.console_log(running)
            if isinstance(adapter, PublicAddresses):
                with pytest.raises(Transient):
                    adapter.public_addresses()


def _injection(knobs: Knobs, fault: Fault) -> Injection:
    if fault not in knobs.faults:
        pytest.skip(f"nothing here injects {fault}")
    return knobs.faults[fault]


def _create(kind: Kind, kit: Kit, network: str) -> tuple[Callable[[Adapter], str], str]:
    """Return what makes one thing of this kind and tells its id, and the token it does it with."""
    token = kit.token()
    if kind is Kind.VOLUME:
        spec = kit.volume_spec()
        return lambda adapter: adapter.create_volume(spec, token=token).id, token
    if kind is Kind.SNAPSHOT:
        volume = kit.volume().id
        token = kit.token()  # goes first: not everywhere is a volume deleted that has snapshots
        return lambda adapter: adapter.create_snapshot(volume, "snap", token=token).id, token
    if kind is Kind.NETWORK:
        wanted = kit.network_spec()
        return lambda adapter: adapter.create_network(wanted, token=token).id, token
    if kind is Kind.FIREWALL:
        rules = FirewallSpec(name=kit.name(), network=network, rules=(kit.rule(22),))
        return lambda adapter: adapter.create_firewall(rules, token=token).id, token
    if kind is Kind.DISK:
        return lambda adapter: adapter.open_sink(1, name="disk", token=token).id, token
    request = kit.request(network, kit.boot_disk())
    return lambda adapter: request.send(adapter).id, request.token
