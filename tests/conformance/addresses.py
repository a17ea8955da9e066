"""What adapters with public addresses owe for them."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter, Kind, Made, PublicAddresses
from broker.errors import NotFound
from tests.conformance.kit import MISSING, Kit


class PublicAddressConformance:
    def test_the_limits_tell_of_public_addresses(self, adapter: Adapter) -> None:
        assert adapter.limits.public_addresses == isinstance(adapter, PublicAddresses)

    def test_the_same_token_takes_one_address(self, adapter: Adapter, kit: Kit) -> None:
        addresses = _addresses(adapter)
        token = kit.token()
        first = addresses.create_public_address(token=token)
        again = addresses.create_public_address(token=token)

        assert (again.id, again.address) == (first.id, first.address)
        assert adapter.made(token) == [Made(kind=Kind.PUBLIC_ADDRESS, id=first.id)]
        assert [found.id for found in addresses.public_addresses()].count(first.id) == 1

    def test_an_address_is_attached_and_given_back(
        self, adapter: Adapter, kit: Kit, running: str
    ) -> None:
        addresses = _addresses(adapter)
        made = addresses.create_public_address(token=kit.token())

        addresses.attach_public_address(made.id, running)
        addresses.attach_public_address(made.id, running)
        (found,) = [found for found in addresses.public_addresses() if found.id == made.id]
        assert found.instance == running
        assert adapter.instance(running).nics[0].public_addresses == (str(made.address),)

        addresses.delete_public_address(made.id)
        addresses.delete_public_address(made.id)
        assert adapter.instance(running).nics[0].public_addresses == ()

    def test_a_missing_address_is_not_found(self, adapter: Adapter, kit: Kit, other: str) -> None:
        addresses = _addresses(adapter)
        addresses.delete_public_address(MISSING)
        with pytest.raises(NotFound):
            addresses.attach_public_address(MISSING, other)
        made = addresses.create_public_address(token=kit.token())
        with pytest.raises(NotFound):
            addresses.attach_public_address(made.id, MISSING)


def _addresses(adapter: Adapter) -> PublicAddresses:
    if not isinstance(adapter, PublicAddresses):
        pytest.skip("has no public addresses")
    return adapter
