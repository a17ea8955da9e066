"""What every adapter owes as an account: who it is, all it has, and what a token made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.adapter import Adapter
from broker.model import KeyPairSpec, Network
from tests.conformance.kit import Kit, public_key
from tests.conformance.knobs import Knobs


class AccountConformance:
    def test_a_check_says_who_and_where_in_one_line(self, adapter: Adapter) -> None:
        told = adapter.check()
        assert told
        assert "\n" not in told
        assert adapter.name

    def test_a_token_nobody_used_made_nothing(self, adapter: Adapter, kit: Kit) -> None:
        assert adapter.made(kit.token()) == []

    def test_an_undo_by_token_leaves_nothing(
        self, adapter: Adapter, kit: Kit, network: Network
    ) -> None:
        token = kit.token()
        adapter.create_volume(kit.volume_spec(), token=token)
        kit.stack.close()
        assert adapter.made(token) == []

    @pytest.mark.parametrize(
        "listing",
        ["volumes", "snapshots", "networks", "firewalls", "key_pairs", "images", "instances"],
    )
    def test_a_listing_past_one_page_is_complete(
        self, adapter: Adapter, kit: Kit, knobs: Knobs, network: Network, stopped: str, listing: str
    ) -> None:
        count = knobs.past_page.get(listing, 0)
        if not count:
            pytest.skip("the service does not page this listing, or it would cost too much")
        make = _maker(listing, kit, network.id, stopped)
        made = {make() for _ in range(count)}

        listed = [thing.id for thing in getattr(adapter, listing)()]
        assert len(made) == count
        assert made <= set(listed)
        assert len(listed) == len(set(listed))


def _maker(listing: str, kit: Kit, network: str, stopped: str) -> Callable[[], str]:
    """Return what makes one thing of that listing and gives its id."""
    adapter = kit.adapter
    volume = kit.volume().id if listing == "snapshots" else ""

    def key_pair() -> str:
        made = adapter.create_key_pair(KeyPairSpec(name=kit.name(), public_key=public_key()))
        kit.stack.callback(adapter.delete_key_pair, made.id)
        return made.id

    makers: dict[str, Callable[[], str]] = {
        "volumes": lambda: kit.volume().id,
        "snapshots": lambda: adapter.create_snapshot(volume, kit.name(), token=kit.token()).id,
        "networks": lambda: kit.network().id,
        "firewalls": lambda: kit.firewall(network).id,
        "key_pairs": key_pair,
        "images": lambda: adapter.create_image(stopped, kit.name(), token=kit.token()).id,
        "instances": lambda: kit.instance(network).id,
    }
    return makers[listing]
