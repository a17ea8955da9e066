"""Each service's quota, by itself: told beforehand, and told as what it is when it is used up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.adapter import Counts
from broker.errors import ConfigError, QuotaExceeded
from broker.model import GIB, MIB, FirewallSpec
from tests.conformance.content import fill
from tests.conformance.kit import Kit
from tests.conformance.knobs import Knobs
from tests.services.openstack.beside import ROOT, Sections, beside
from tests.services.openstack.clouds import CLOUDS, opened
from tests.services.openstack.projects import project

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")

AMPLE = 20
SERVERS = {"instances": AMPLE, "cores": AMPLE, "ram": AMPLE * 1024}


@pytest.fixture(scope="module")
def own(admin: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A project that may have a few of everything."""
    found, clouds = project(admin, "interop-quotas", tmp_path_factory.mktemp("clouds"))
    admin.compute.update_quota_set(found, **SERVERS)
    admin.block_storage.update_quota_set(found, volumes=AMPLE, gigabytes=AMPLE, snapshots=AMPLE)
    few = dict.fromkeys(("networks", "ports", "security_groups", "floating_ips"), AMPLE)
    admin.network.update_quota(found.id, **few)
    return found, clouds


@pytest.fixture
def adapter(own: tuple[Any, Path]) -> Iterator[OpenStackAdapter]:
    made = opened(clouds_file=str(own[1]))
    yield made
    made.close()


def test_what_a_project_may_have_is_told(
    adapter: OpenStackAdapter, own: tuple[Any, Path], admin: Any
) -> None:
    admin.compute.update_quota_set(own[0], cores=7, ram=-1)
    admin.block_storage.update_quota_set(own[0], gigabytes=9)
    admin.network.update_quota(own[0].id, security_groups=5, floating_ips=3)
    try:
        told = adapter.limits
    finally:
        admin.compute.update_quota_set(own[0], **SERVERS)
        admin.block_storage.update_quota_set(own[0], gigabytes=AMPLE)
        admin.network.update_quota(own[0].id, security_groups=AMPLE, floating_ips=AMPLE)

    quotas = told.quotas
    assert (quotas.instances, quotas.vcpus, quotas.memory) == (AMPLE, 7, None)
    assert (quotas.volumes, quotas.volume_bytes) == (AMPLE, 9 * GIB)
    assert (quotas.networks, quotas.firewalls, quotas.public_addresses) == (AMPLE, 5, 3)
    assert "__DEFAULT__" in (told.volume_kinds or ())
    assert {"raw", "qcow2"} <= (told.image_formats or set())
    assert told.apis["compute"] > "2.61"


def test_what_a_project_has_is_counted(adapter: OpenStackAdapter, kit: Kit) -> None:
    before = adapter.quota_use()
    made = kit.instance(kit.network().id).made
    after = adapter.quota_use()
    more = {
        name: getattr(after, name) - have
        for name in Counts.model_fields
        if (have := getattr(before, name)) is not None
    }
    size = made.spec.size
    assert (more["instances"], more["vcpus"], more["memory"]) == (1, size.vcpus, size.memory)
    assert (more["volumes"], more["volume_bytes"]) == (1, GIB)
    # the router's and the machine's
    assert (more["networks"], more["cards"], more["firewalls"]) == (1, 2, 0)


@pytest.mark.parametrize("quota", SERVERS)
def test_nova_s(
    adapter: OpenStackAdapter, kit: Kit, own: tuple[Any, Path], admin: Any, quota: str
) -> None:
    request = kit.request(kit.network().id, kit.disk())
    admin.compute.update_quota_set(own[0], **{quota: 0})
    try:
        refused = said(lambda: request.send(adapter))
    finally:
        admin.compute.update_quota_set(own[0], **SERVERS)
    assert "nova" in refused
    assert quota in refused
    assert adapter.made(request.token) == []


@pytest.mark.parametrize("quota", ["volumes", "gigabytes"])
def test_cinder_s(kit: Kit, own: tuple[Any, Path], admin: Any, quota: str) -> None:
    there = kit.volume()  # cinder takes no quota below what is used
    admin.block_storage.update_quota_set(own[0], **{quota: there.spec.size // GIB})
    try:
        refused = said(kit.volume)
    finally:
        admin.block_storage.update_quota_set(own[0], **{quota: AMPLE})
    assert "cinder" in refused
    assert quota in refused


def test_neutron_s(adapter: OpenStackAdapter, kit: Kit, own: tuple[Any, Path], admin: Any) -> None:
    calls = {
        # the project's default group is one, and neutron takes no quota below what is used
        "security_groups": (
            1,
            lambda: adapter.create_firewall(FirewallSpec(name="too many"), token=kit.token()),
        ),
        "networks": (0, kit.network),
        "floating_ips": (0, lambda: adapter.create_public_address(token=kit.token())),
    }
    for quota, (most, call) in calls.items():
        admin.network.update_quota(own[0].id, **{quota: most})
        try:
            refused = said(call)
        finally:
            admin.network.update_quota(own[0].id, **{quota: AMPLE})
        assert "neutron" in refused
        assert quota.rstrip("s").replace("_ip", "ip") in refused


def test_glance_s(
    kit: Kit, own: tuple[Any, Path], admin: Any, tmp_path: Path, glance_limits: dict[str, object]
) -> None:
    """glance looks before an image comes, not while it does: the second is one too many."""
    changes: Sections = {"DEFAULT": {"use_keystone_limits": True}, "oslo_limit": glance_limits}
    with ExitStack() as stack:
        clouds = stack.enter_context(beside("image", changes, tmp_path, clouds=own[1]))
        adapter = opened(clouds_file=str(clouds))
        stack.callback(adapter.close)
        there = Kit(adapter, Knobs(prefix="quota"), stack)
        quotas = adapter.limits.quotas
        assert (quotas.images, quotas.image_bytes) == (AMPLE, MIB)
        assert (quotas.disks, quotas.disk_bytes) == (AMPLE, MIB)
        empty = adapter.quota_use()

        fill(there.sink()[0], bytes(range(256)) * 8192)
        full = adapter.quota_use()
        assert (empty.disks, empty.disk_bytes) == (0, 0)
        assert (full.disks, full.disk_bytes) == (1, 2 * MIB)
        refused = said(lambda: fill(there.sink()[0], b"x" * MIB))
    assert "glance" in refused
    assert "image_size_total" in refused


@pytest.fixture
def glance_limits(admin: Any) -> Iterator[dict[str, object]]:
    """What glance needs to ask keystone for limits, which are there for the while."""
    identity = admin.identity
    service = next(iter(identity.services(type="image")))
    endpoint = next(
        each
        for each in identity.endpoints(service_id=service.id)
        if each.interface == "public" and each.region_id == "RegionOne"
    )
    with ExitStack() as stack:
        for name, most in {
            "image_size_total": 1,
            "image_stage_total": -1,
            "image_count_total": AMPLE,
            "image_count_uploading": AMPLE,
        }.items():
            limit = identity.create_registered_limit(
                service_id=service.id,
                region_id="RegionOne",
                resource_name=name,
                default_limit=most,
            )
            stack.callback(identity.delete_registered_limit, limit)
        yield {
            "auth_type": "password",
            "auth_url": admin.config.auth["auth_url"],
            "username": "services",
            "password": (ROOT / "data/secret").read_text(),
            "project_name": "services",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "endpoint_id": endpoint.id,
        }


def test_a_service_that_is_not_in_the_catalogue_is_named(admin: Any, tmp_path: Path) -> None:
    identity = admin.identity
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(CLOUDS.read_text().replace("RegionOne", "half"))
    with ExitStack() as stack:
        stack.callback(identity.delete_region, identity.create_region(id="half"))
        for kind, url in (
            ("identity", "http://127.0.0.1:5000/v3"),
            ("compute", "http://127.0.0.1:8774/v2.1"),
        ):
            service = next(iter(identity.services(type=kind)))
            made = identity.create_endpoint(
                service_id=service.id, interface="public", url=url, region_id="half"
            )
            stack.callback(identity.delete_endpoint, made)
        adapter = opened(clouds_file=str(clouds))
        stack.callback(adapter.close)

        assert "region half" in adapter.check()
        for call, missing in (
            (adapter.images, "glance"),
            (adapter.volumes, "cinder"),
            (adapter.networks, "neutron"),
        ):
            with pytest.raises(ConfigError, match=rf"no {missing} .* in region half") as raised:
                call()
            assert "region" in raised.value.hint


def said(call: Any) -> str:
    """Return what a refusal says, which has to have a next action."""
    with pytest.raises(QuotaExceeded) as raised:
        call()
    assert "operator" in raised.value.hint
    return str(raised.value)
