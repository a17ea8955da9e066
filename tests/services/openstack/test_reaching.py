"""What keeps an account from its services, and from the one it means."""

from __future__ import annotations

import secrets
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from adapters.openstack.adapter import OpenStackAdapter
from broker.errors import BrokerError, ConfigError, NotFound, Transient
from tests.conformance.kit import Kit
from tests.services.openstack.clouds import CLOUDS, opened

pytestmark = pytest.mark.filterwarnings("ignore:The .* deprecated for removal")

CALLS: dict[str, Callable[[OpenStackAdapter], object]] = {
    "compute": OpenStackAdapter.instances,
    "block_storage": OpenStackAdapter.volumes,
    "image": OpenStackAdapter.images,
    "network": OpenStackAdapter.networks,
}


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


def test_which_way_out_is_asked_where_there_are_several(
    adapter: OpenStackAdapter, kit: Kit, admin: Any
) -> None:
    name = f"elsewhere-{secrets.token_hex(3)}"
    network = admin.network.create_network(name=name)
    kit.stack.callback(admin.network.delete_network, network)
    # outside for this project alone: other tests have one way out
    policy = admin.network.create_rbac_policy(
        object_type="network",
        object_id=network.id,
        action="access_as_external",
        target_tenant=adapter._session.project,
    )
    kit.stack.callback(admin.network.delete_rbac_policy, policy)

    with pytest.raises(ConfigError, match=name) as raised:
        adapter._outside()
    assert "external_network" in raised.value.hint
    assert opened(external_network=name)._outside() == network.id


def test_an_application_credential_says_whose_it_is(
    adapter: OpenStackAdapter, tmp_path: Path
) -> None:
    cloud: Any = adapter._session.connection
    user = cloud.current_user_id
    made = cloud.identity.create_application_credential(user, f"app-{secrets.token_hex(3)}")
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(
        "clouds:\n  app:\n    region_name: RegionOne\n    auth_type: v3applicationcredential\n"
        f"    auth:\n      auth_url: {cloud.config.auth['auth_url']}\n"
        f"      application_credential_id: {made.id}\n"
        f"      application_credential_secret: {made.secret}\n"
    )
    try:
        assert opened(cloud="app", clouds_file=str(clouds)).check() == adapter.check()
    finally:
        cloud.identity.delete_application_credential(user, made)


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """The address of a service whose certificate nobody signed."""
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
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_certificate_nobody_signed_is_not_trusted(untrusted: str, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(CLOUDS.read_text().replace("http://127.0.0.1:5000/v3", f"{untrusted}/v3"))
    refused(lambda: opened(clouds_file=str(clouds)).check())


@pytest.mark.parametrize("service", CALLS)
def test_nor_is_that_of_one_service(untrusted: str, tmp_path: Path, service: str) -> None:
    """The SDK takes such a service for one that is not in the catalogue."""
    adapter = elsewhere(service, untrusted, tmp_path)
    refused(lambda: CALLS[service](adapter))


@pytest.mark.parametrize("service", CALLS)
def test_a_service_that_is_down_is_worth_another_try(tmp_path: Path, service: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        adapter = elsewhere(service, f"http://127.0.0.1:{port}", tmp_path)
        with pytest.raises(Transient, match=str(port)) as raised:
            CALLS[service](adapter)
    assert "is up" in raised.value.hint


def elsewhere(service: str, address: str, folder: Path) -> OpenStackAdapter:
    """An account that looks for one service at another address."""
    there = f"    {service}_endpoint_override: {address}/\n"
    clouds = folder / "clouds.yaml"
    clouds.write_text(CLOUDS.read_text().replace("    region_name:", f"{there}    region_name:"))
    return opened(clouds_file=str(clouds))


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"(?i)certificate") as raised:
        call()
    assert "cacert" in raised.value.hint
