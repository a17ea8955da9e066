"""Listings are complete however many pages they take: 500 servers and 500 ports, 20 a page or so.

They are made once and kept, in a project of their own. No host has room for the servers, so nova
knows them and nothing else does; the ports have no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from adapters.openstack.waiting import until
from broker.model import MIB
from tests.conformance.content import fill
from tests.services.openstack.clouds import opened
from tests.services.openstack.projects import project

MANY = 500
NAME = "interop-many"
MADE_S = 600

pytestmark = [
    pytest.mark.timeout(MADE_S + 60),
    pytest.mark.filterwarnings("ignore:The .* deprecated for removal"),
]


@pytest.fixture(scope="module")
def crowded(admin: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackAdapter]:
    found, clouds = project(admin, NAME, tmp_path_factory.mktemp("clouds"))
    admin.compute.update_quota_set(found, instances=-1, cores=-1, ram=-1)
    admin.network.update_quota(found.id, ports=-1)
    flavor = admin.compute.find_flavor(NAME)
    if not flavor:  # nobody else is offered it
        flavor = admin.compute.create_flavor(name=NAME, vcpus=1, ram=64, disk=1, is_public=False)
        admin.compute.create_flavor_extra_specs(flavor, {"trait:CUSTOM_NOWHERE": "required"})
        admin.compute.flavor_add_tenant_access(flavor, found.id)
    made = opened(clouds_file=str(clouds))
    try:
        with ThreadPoolExecutor() as both:
            for each in (both.submit(servers, made, flavor.id), both.submit(ports, made)):
                each.result()
        yield made
    finally:
        made.close()


def servers(adapter: OpenStackAdapter, flavor: str) -> None:
    used = adapter._session.get("compute", "/limits")["limits"]["absolute"]
    missing = MANY - used["totalInstancesUsed"]
    if missing <= 0:
        return
    with ExitStack() as stack:
        sink = adapter.open_sink(MIB, name=NAME, token=NAME)
        stack.callback(adapter.delete_disk, sink.id)
        wish = {
            "name": NAME,
            "imageRef": fill(sink, b""),
            "flavorRef": flavor,
            "networks": "none",
            "min_count": missing,
        }
        adapter._session.post("compute", "/servers", {"server": wish})
        until(
            lambda: adapter._session.get("compute", "/servers", status="BUILD", limit=1),
            lambda told: not told["servers"],
            f"{missing} servers",
            MADE_S,
        )


def ports(adapter: OpenStackAdapter) -> None:
    named = adapter._session.listed("network", "/networks", "networks", name=NAME)
    network = next((each["id"] for each in named), None) or adapter._make("network", {"name": NAME})
    missing = MANY - len(adapter._ports_in(network))
    wish: dict[str, object] = {
        "network_id": network,
        "name": NAME,
        "fixed_ips": [],
        "security_groups": [],
    }
    for start in range(0, missing, 100):  # within what a service may take for an answer
        each = {"ports": [wish] * min(100, missing - start)}
        adapter._session.post("network", "/ports", each)


def test_all_servers_are_listed_once(crowded: OpenStackAdapter) -> None:
    found = crowded.instances()
    assert len({each.id for each in found}) == len(found) >= MANY


def test_volume_types_beyond_the_first_page_are_told(crowded: OpenStackAdapter, admin: Any) -> None:
    """cinder calls the way to their next page otherwise than that of all its other listings."""
    project_id, storage = crowded._session.project, admin.block_storage
    names = {f"{NAME}-{number}" for number in range(12)}
    with ExitStack() as stack:
        for name in names:
            made = storage.create_type(name=name, is_public=False)
            stack.callback(storage.delete_type, made)
            storage.add_type_access(made, project_id)
        assert names <= (crowded.limits.volume_kinds or set())


def test_all_ports_are_seen_once(crowded: OpenStackAdapter) -> None:
    """A listing of firewalls looks at every port for who wears them."""
    (closed,) = (each for each in crowded.firewalls() if each.id == "port-security")
    worn = [each.id for each in closed.attached]
    assert len(set(worn)) == len(worn) >= MANY
