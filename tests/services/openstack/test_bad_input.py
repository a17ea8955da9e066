"""What goes wrong in real deployments, made to happen on the real services."""

from __future__ import annotations

import secrets
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import BrokerError, ConfigError, Conflict, Invalid, NotFound, QuotaExceeded
from broker.model import GIB, MIB, FirewallSpec, Size
from tests.conformance.content import blocks, fill, held, write
from tests.conformance.kit import Kit
from tests.services.openstack.clouds import CLOUDS, opened
from tests.services.openstack.faults import expire

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")


def test_a_server_that_failed_says_why(adapter: OpenStackAdapter, kit: Kit, admin: Any) -> None:
    name = f"impossible-{secrets.token_hex(3)}"
    flavor = admin.compute.create_flavor(name=name, vcpus=1, ram=64, disk=0)
    kit.stack.callback(admin.compute.delete_flavor, flavor)
    admin.compute.create_flavor_extra_specs(flavor, {"trait:CUSTOM_NOWHERE": "required"})
    request = kit.request(kit.network().id, kit.disk())._replace(offer=name)

    for _ in range(2):  # the same token finds the same server, and says the same
        with pytest.raises(QuotaExceeded, match="No valid host"):
            request.send(adapter)


def test_a_volume_that_hangs_in_attaching_is_a_conflict(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    machine = kit.instance(kit.network().id)
    volume = kit.volume()
    admin.block_storage.reset_volume_status(volume.id, "attaching")
    try:
        with pytest.raises(Conflict, match="attaching"):
            adapter.attach_volume(volume.id, machine.id)
    finally:
        admin.block_storage.reset_volume_status(volume.id, "available")


def test_an_image_without_its_bytes_is_a_conflict(adapter: OpenStackAdapter, kit: Kit) -> None:
    sink, _ = kit.sink()
    with pytest.raises(Conflict, match="queued"):
        adapter.open_source(sink.id)
    request = kit.request(kit.network().id, sink.id)
    with pytest.raises(Conflict, match="queued"):
        request.send(adapter)
    assert adapter.made(request.token) == []


def test_a_disk_larger_than_was_asked_for_gets_a_volume_it_fits(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    big = adapter.limits.volume_min + adapter.limits.volume_step
    sink, _ = kit.sink(big)
    machine = kit.request(kit.network().id, fill(sink, b"x")).send(adapter)
    assert adapter.volume(adapter.instance(machine.id).volumes[0]).spec.size == big


def test_a_flavor_with_a_smaller_disk_takes_ours(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    """A flavor's disk is for servers without a volume; every disk of ours is one."""
    name = f"narrow-{secrets.token_hex(3)}"
    flavor = admin.compute.create_flavor(name=name, vcpus=1, ram=64, disk=1)
    kit.stack.callback(admin.compute.delete_flavor, flavor)
    sink, _ = kit.sink(2 * GIB)
    request = kit.request(kit.network().id, fill(sink, b"x"))._replace(offer=name)

    machine = request.send(adapter)

    assert adapter.volume(adapter.instance(machine.id).volumes[0]).spec.size == 2 * GIB


def test_things_of_one_name_are_two_things(adapter: OpenStackAdapter, kit: Kit) -> None:
    name = kit.name()
    made = [
        *(kit.volume(name=name).id for _ in range(2)),
        *(kit.network(name=name).id for _ in range(2)),
        *(adapter.create_firewall(FirewallSpec(name=name), token=kit.token()).id for _ in range(2)),
    ]
    listed = [
        *(each.id for each in adapter.volumes() if each.spec.name == name),
        *(each.id for each in adapter.networks() if each.spec.name == name),
        *(each.id for each in adapter.firewalls() if each.spec.name == name),
    ]
    assert len(set(made)) == len(made)
    assert sorted(listed) == sorted(made)


def test_a_token_that_expires_while_we_read_and_write_is_renewed(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    data = secrets.token_bytes(6 * MIB)
    sink, _ = kit.sink(len(data))
    write(sink, data[: 2 * MIB])
    expire(adapter)
    source = kit.source(fill(sink, data))
    expire(adapter)
    assert held(source) == blocks(data)
    expire(adapter)
    adapter.volumes()


def test_another_flavor_s_name_is_offered_what_there_is(
    adapter: OpenStackAdapter, kit: Kit
) -> None:
    with pytest.raises(Invalid, match="tiny"):
        adapter.resize_instance(kit.instance(kit.network().id).id, Size(vcpus=1, memory=1))


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"region": "RegionTwo"}, ConfigError),
        ({"cloud": "nowhere"}, ConfigError),
        ({"clouds_file": "/nonexistent/clouds.yaml"}, ConfigError),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(
    settings: dict[str, str], kind: type[BrokerError]
) -> None:
    adapter = opened(**settings)
    with pytest.raises(kind) as raised:
        adapter.instances()
    assert raised.value.hint


def test_a_way_out_that_is_not_there_is_named(kit: Kit) -> None:
    adapter = opened(external_network="the-moon")
    with pytest.raises(NotFound, match="outside"):
        adapter.create_network(kit.network_spec(), token=kit.token())


def test_a_certificate_nobody_signed_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    clouds = tmp_path / "clouds.yaml"
    address = f"https://127.0.0.1:{server.server_address[1]}/v3"
    clouds.write_text(CLOUDS.read_text().replace("http://127.0.0.1:5000/v3", address))
    try:
        adapter = opened(clouds_file=str(clouds))
        with pytest.raises(ConfigError, match=r"(?i)certificate") as raised:
            adapter.check()
        assert "cacert" in raised.value.hint
    finally:
        server.shutdown()
        server.server_close()
