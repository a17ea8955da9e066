"""What adapters owe that count, or know who has which address."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, AddressesInUse, QuotaUse
from tests.conformance.kit import Kit, Machine


class CountConformance:
    def test_what_is_made_is_counted(self, adapter: Adapter, kit: Kit) -> None:
        if not isinstance(adapter, QuotaUse):
            pytest.skip("counts nothing")
        size = kit.volume().spec.size
        used = adapter.quota_use()
        assert used.volumes is None or used.volumes >= 1
        assert used.volume_bytes is not None
        assert used.volume_bytes >= size

    def test_a_machine_s_addresses_are_in_use(self, adapter: Adapter, machine: Machine) -> None:
        if not isinstance(adapter, AddressesInUse):
            pytest.skip("tells addresses of machines only")
        (nic,) = adapter.instance(machine.id).nics
        assert set(nic.spec.addresses) <= set(adapter.addresses_in_use(nic.spec.network))
