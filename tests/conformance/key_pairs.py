"""What every adapter owes for key pairs."""

from __future__ import annotations

import pytest

from broker.adapter import Adapter
from broker.errors import Conflict
from broker.model import KeyPair, KeyPairSpec
from tests.conformance.kit import MISSING, Kit, public_key


class KeyPairConformance:
    def make(self, adapter: Adapter, kit: Kit, spec: KeyPairSpec) -> KeyPair:
        made = adapter.create_key_pair(spec)
        kit.stack.callback(adapter.delete_key_pair, made.id)
        return made

    def test_a_key_pair_is_kept_under_its_name(self, adapter: Adapter, kit: Kit) -> None:
        spec = KeyPairSpec(name=kit.name(), public_key=public_key())
        made = self.make(adapter, kit, spec)

        (found,) = [pair for pair in adapter.key_pairs() if pair.id == made.id]
        assert found.name == spec.name
        assert found.fingerprint
        assert found.public_key in {None, spec.public_key}

    def test_the_same_key_twice_is_one(self, adapter: Adapter, kit: Kit) -> None:
        spec = KeyPairSpec(name=kit.name(), public_key=public_key())
        first = self.make(adapter, kit, spec)
        assert self.make(adapter, kit, spec).id == first.id
        assert [pair.name for pair in adapter.key_pairs()].count(spec.name) == 1

    def test_another_key_under_the_name_is_refused(self, adapter: Adapter, kit: Kit) -> None:
        name = kit.name()
        first = self.make(adapter, kit, KeyPairSpec(name=name, public_key=public_key()))
        with pytest.raises(Conflict):
            self.make(adapter, kit, KeyPairSpec(name=name, public_key=public_key()))
        (found,) = [pair for pair in adapter.key_pairs() if pair.name == name]
        assert found.fingerprint == first.fingerprint

    def test_deleting_a_missing_key_pair_is_quiet(self, adapter: Adapter, kit: Kit) -> None:
        spec = KeyPairSpec(name=kit.name(), public_key=public_key())
        made = self.make(adapter, kit, spec)
        adapter.delete_key_pair(made.id)
        adapter.delete_key_pair(made.id)
        adapter.delete_key_pair(MISSING)
        assert spec.name not in [pair.name for pair in adapter.key_pairs()]
