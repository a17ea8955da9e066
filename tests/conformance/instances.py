"""What every adapter owes for instances: they are what was asked for, once."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from broker.adapter import Adapter, ConsoleLog, Kind, Made, Pausable
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Firewall, Network, Power
from tests.conformance.content import SECOND, blocks, held
from tests.conformance.kit import MISSING, USER_DATA, Kit, Machine
from tests.conformance.knobs import Knobs


class InstanceConformance:
    def test_an_instance_is_what_was_asked_for(self, adapter: Adapter, machine: Machine) -> None:
        found, asked = adapter.instance(machine.id), machine.request.spec
        spec = found.spec

        assert spec.name == asked.name
        assert spec.labels == asked.labels
        assert (spec.user_data, found.user_data_told) == (USER_DATA, True)
        assert (spec.size.vcpus, spec.size.memory) == (asked.size.vcpus, asked.size.memory)
        assert spec.size.arch in {asked.size.arch, "unknown"}

    def test_what_an_instance_runs_is_told(
        self, adapter: Adapter, kit: Kit, machine: Machine, other: str
    ) -> None:
        told = [adapter.instance(each).spec.system for each in (machine.id, other)]
        assert told == [kit.systems()[0], kit.systems()[-1]]

    def test_an_instance_has_its_volumes(self, adapter: Adapter, machine: Machine) -> None:
        found = adapter.instance(machine.id)

        assert len(found.volumes) == len(found.spec.volumes) == len(machine.request.disks)
        assert found.spec.volumes[0].boot
        for volume_id, spec, asked in zip(
            found.volumes, found.spec.volumes, machine.request.spec.volumes, strict=True
        ):
            volume = adapter.volume(volume_id)
            assert volume.instance == machine.id
            assert volume.spec.size == spec.size >= asked.size
            assert volume.spec.labels == spec.labels == asked.labels

    def test_disks_are_in_the_order_asked_for(
        self, adapter: Adapter, kit: Kit, stopped: str
    ) -> None:
        _, second = adapter.instance(stopped).volumes
        assert held(kit.source(second)) == blocks(SECOND)

    def test_an_instance_has_its_card(
        self, adapter: Adapter, machine: Machine, network: Network, firewall: Firewall
    ) -> None:
        (nic,) = adapter.instance(machine.id).nics
        (asked,) = machine.request.spec.nics

        assert nic.spec.network == network.id
        assert nic.spec.firewalls == (firewall.id,)
        if asked.mac:
            assert nic.spec.mac == asked.mac
        if asked.addresses:
            assert nic.spec.addresses == asked.addresses
        for address in nic.spec.addresses:
            assert ip_address(str(address)) in network.spec.subnets[0].cidr

    def test_an_instance_is_listed_once(self, adapter: Adapter, machine: Machine) -> None:
        (listed,) = [found for found in adapter.instances() if found.id == machine.id]

        assert listed.spec.name == machine.request.spec.name
        assert listed.volumes == adapter.instance(machine.id).volumes
        assert listed.spec.user_data == USER_DATA or not listed.user_data_told

    def test_the_same_token_makes_one_instance(self, adapter: Adapter, machine: Machine) -> None:
        again = machine.request.send(adapter)

        assert again.id == machine.id
        token = machine.request.token
        instances = [made.id for made in adapter.made(token) if made.kind is Kind.INSTANCE]
        assert instances == [machine.id]

    def test_the_disk_an_instance_was_made_from_is_on_it(
        self, adapter: Adapter, kit: Kit, other: str
    ) -> None:
        if kit.knobs.boot_disk:
            pytest.skip("a guest has written to its disk")
        volume = adapter.instance(other).volumes[0]
        assert held(kit.source(volume)) == blocks(kit.boot_data())

    @pytest.mark.parametrize("id", [MISSING, "i-0123456789abcdef0", "é/../%s"])
    def test_a_missing_instance_is_not_found(self, adapter: Adapter, id: str) -> None:
        calls: list[Callable[[str], object]] = [
            adapter.instance,
            adapter.start_instance,
            adapter.stop_instance,
            adapter.reboot_instance,
        ]
        if isinstance(adapter, Pausable):
            calls += [adapter.pause_instance, adapter.resume_instance]
        if isinstance(adapter, ConsoleLog):
            calls += [adapter.console_log]
        for call in calls:
            with pytest.raises(NotFound):
                call(id)

    def test_resizing_a_missing_instance_is_not_found(self, adapter: Adapter, kit: Kit) -> None:
        size, offer = kit.size()
        with pytest.raises(NotFound):
            adapter.resize_instance(MISSING, size, offer=offer)

    def test_deleting_a_missing_instance_is_quiet(self, adapter: Adapter) -> None:
        adapter.delete_instance(MISSING)
        adapter.delete_instance(MISSING, keep_volumes=True)

    def test_deleting_an_instance_deletes_its_volumes(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        machine = kit.instance(network.id)
        volumes = adapter.instance(machine.id).volumes

        adapter.delete_instance(machine.id)

        adapter.delete_instance(machine.id)
        with pytest.raises(NotFound):
            adapter.instance(machine.id)
        for volume in volumes:
            with pytest.raises(NotFound):
                adapter.volume(volume)

    def test_volumes_can_outlive_their_instance(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        machine = kit.instance(network.id)
        (volume,) = adapter.instance(machine.id).volumes
        kit.stack.callback(adapter.delete_volume, volume)

        adapter.delete_instance(machine.id, keep_volumes=True)

        with pytest.raises(NotFound):
            adapter.instance(machine.id)
        assert adapter.volume(volume).instance is None
        kit.source(volume)

    def test_a_disk_that_is_not_there_makes_no_instance(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        request = kit.request(network.id, MISSING)
        with pytest.raises(NotFound):
            request.send(adapter)
        assert adapter.made(request.token) == []

    def test_a_network_that_is_not_there_makes_no_instance(
        self, adapter: Adapter, kit: Kit
    ) -> None:
        request = kit.request(MISSING, kit.disk())
        with pytest.raises(NotFound):
            request.send(adapter)
        assert adapter.made(request.token) == []

    def test_each_volume_of_a_new_instance_needs_its_disk(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        request = kit.request(network.id, kit.disk())._replace(disks=())
        with pytest.raises(Invalid):
            request.send(adapter)
        assert adapter.made(request.token) == []

    def test_offers_are_told_once_each(self, adapter: Adapter) -> None:
        offers = [offer.id for offer in adapter.sizes()]
        assert len(offers) == len(set(offers))
        assert offers or adapter.limits.any_size

    def test_the_disk_a_host_lends_is_told(self, adapter: Adapter, machine: Machine) -> None:
        found = adapter.instance(machine.id)
        sold = [offer.local_disk for offer in adapter.sizes() if offer.id == found.offer]
        assert [found.local_disk] == (sold or [0])

    def test_an_offer_nobody_makes_is_refused(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        if adapter.limits.any_size:
            pytest.skip("sizes are free here")
        request = kit.request(network.id, kit.disk())._replace(offer=MISSING)
        with pytest.raises((Invalid, NotFound)):
            request.send(adapter)
        assert adapter.made(request.token) == []

    def test_a_running_instance_keeps_its_size(
        self, adapter: Adapter, kit: Kit, running: str
    ) -> None:
        size, offer = kit.bigger()
        with pytest.raises(Conflict):
            adapter.resize_instance(running, size, offer=offer)

    def test_a_stopped_instance_takes_another_size(
        self, adapter: Adapter, kit: Kit, other: str
    ) -> None:
        size, offer = kit.bigger()
        adapter.resize_instance(other, size, offer=offer)

        found = adapter.instance(other)
        assert (found.spec.size.vcpus, found.spec.size.memory) == (size.vcpus, size.memory)
        assert found.offer == offer
        assert found.state.power is Power.STOPPED

    def test_the_console_tells_what_the_guest_wrote(
        self, adapter: Adapter, knobs: Knobs, running: str
    ) -> None:
        if not isinstance(adapter, ConsoleLog):
            pytest.skip("keeps no console log")
        knobs.wait_for_guest(adapter, running)
        assert knobs.console_text in adapter.console_log(running)

    def test_what_a_token_made_is_told(self, adapter: Adapter, machine: Machine) -> None:
        assert Made(kind=Kind.INSTANCE, id=machine.id) in adapter.made(machine.request.token)
