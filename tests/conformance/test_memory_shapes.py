"""The suite on memory clouds of other shapes, so that it is seen to follow limits and abilities."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from adapters.memory import connect
from broker.adapter import Account, Adapter
from broker.model import GIB, KIB
from tests.conformance.knobs import Knobs
from tests.conformance.suite import Conformance

ALLOW_ONLY: dict[str, JsonValue] = {
    "denies": False,
    "priorities": None,
    "source_ports": False,
    "stateless": False,
    "rules_per_direction": 60,
    "protocols": [1, 6, 17],
}

AROUND: dict[str, JsonValue] = {
    "denies": True,
    "priorities": [1, 32766],
    "group_peers": False,
    "stateless": True,
    "rules_per_direction": 20,
}

SHAPES: dict[str, dict[str, JsonValue]] = {
    "whole gigabytes and rules that only allow": {
        "limits": {
            "volume_step": GIB,
            "volume_min": GIB,
            "instance_name": {"max_length": 255},
            "user_data_max": 16 * KIB,
            "system": {"kinds": [], "distributions": False, "otherwise": "linux"},
            "firewall": ALLOW_ONLY,
            "subnet_firewall": AROUND,
        },
        "without": ["pausable"],
    },
    "any size, nothing chosen, nothing public": {
        "limits": {
            "architectures": ["x86_64"],
            "any_size": True,
            "sets_mac": False,
            "private_addresses": None,
            "public_addresses": False,
            "volume_step": 512,
            "volume_min": 512 * 9,
            "labels": {"max_count": 3, "max_key": 20, "max_value": 12},
            "firewall": {"group_peers": False},
        },
        "without": ["console_log"],
    },
    "narrow names, every firmware, short pages": {
        "limits": {
            "firmware": ["bios", "uefi", "uefi_secure"],
            "instance_name": {"pattern": "[a-z][a-z0-9-]*", "max_length": 63},
            "boot_volume_max": GIB,
            "system": {"kinds": ["linux", "windows"], "distributions": False},
            "disks_per_instance": 3,
            "nics_per_instance": 1,
            "firewall": {"rules_per_direction": None, "rules_per_firewall": 30},
        },
        "page": 2,
    },
}


class TestMemoryShapes(Conformance):
    pass


@pytest.fixture(scope="module", params=list(SHAPES.values()), ids=list(SHAPES))
def adapter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    settings = {"path": str(tmp_path_factory.mktemp("cloud")), **request.param}
    return connect(Account(name="lab", kind="memory", settings=settings))


@pytest.fixture(scope="module")
def knobs() -> Knobs:
    listings = ("volumes", "snapshots", "networks", "firewalls", "key_pairs", "images", "instances")
    return Knobs(past_page=dict.fromkeys(listings, 3))
