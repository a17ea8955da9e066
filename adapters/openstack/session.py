"""The SDK's connection of one account, and calls through it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import requests
from keystoneauth1.exceptions import EndpointNotFound
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import ServiceDisabledException, ServiceDiscoveryException

from adapters.openstack.errors import SERVICES, error_for, missing
from adapters.openstack.settings import Settings
from broker.errors import BrokerError, ConfigError, Unsupported

_LOG = logging.getLogger("keystoneauth")
if _LOG.level == logging.NOTSET:
    # what it warns of is in the error too, which is the one line people should read
    _LOG.setLevel(logging.ERROR)

Service = Literal["compute", "block_storage", "image", "network"]

ANSWER_SECONDS = 60.0
"""A page of a large project's servers takes some ten seconds."""

PAGE = 1000
"""What we ask for; a deployment that allows fewer gives fewer, and we follow its pages."""

NEWEST: dict[Service, str] = {"compute": "2.90", "block_storage": "3.60"}
"""Microversions whose answers translate.py was written for; older deployments give older ones."""

LEAST: dict[Service, str] = {"compute": "2.61", "block_storage": "3.44"}
"""Flavors with their extra specs in servers; volumes' attachments. Both of 2018."""


class Session:
    """Connected when it is first used. Safe to use from many threads.

    The SDK's own retries are off: the broker tries again, once, in one place. A token that has
    expired is renewed by the SDK in the middle of whatever we do.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._microversions: dict[str, str] = {}
        self._extensions: frozenset[str] | None = None

    @property
    def connection(self) -> Connection:
        """The SDK's connection."""
        with self._lock:
            if self._connection is None:
                file = self.settings.clouds_file
                if file and not file.expanduser().is_file():
                    raise ConfigError(
                        f"there is no file {file}",
                        hint="Check `clouds_file` of the account",
                    )
                config = OpenStackConfig(
                    config_files=[str(file.expanduser())] if file else None, load_envvars=not file
                )
                asked: dict[str, Any] = {"api_timeout": ANSWER_SECONDS}
                if self.settings.region:
                    asked["region_name"] = self.settings.region
                cloud = config.get_one(cloud=self.settings.cloud, **asked)
                self._connection = Connection(config=cloud)
            return self._connection

    @property
    def project(self) -> str:
        """The id of the project that everything here is in."""
        return str(self.connection.session.get_project_id())

    @property
    def extensions(self) -> frozenset[str]:
        """What neutron can do here beyond its core, by alias."""
        with self._lock:
            if self._extensions is None:
                told = self.get("network", "/extensions")["extensions"]
                self._extensions = frozenset(each["alias"] for each in told)
            return self._extensions

    def get(self, service: Service, path: str, **params: object) -> Any:
        """Return what a GET answers."""
        return self.request(service, "GET", path, params=params).json()

    def post(self, service: Service, path: str, body: Mapping[str, object]) -> Any:
        """Return what a POST answers; None for an empty answer."""
        answer = self.request(service, "POST", path, json=body)
        return answer.json() if answer.content else None

    def put(self, service: Service, path: str, body: Mapping[str, object]) -> Any:
        """Return what a PUT answers; None for an empty answer."""
        answer = self.request(service, "PUT", path, json=body)
        return answer.json() if answer.content else None

    def delete(self, service: Service, path: str) -> None:
        """Delete; quiet when it is gone."""
        self.request(service, "DELETE", path, quiet=(404,))

    def listed(self, service: Service, path: str, member: str, **params: object) -> Iterator[Any]:
        """Yield what a listing has on all of its pages."""
        marker: dict[str, object] = {}
        while True:
            answer = self.get(service, path, limit=PAGE, **params, **marker)
            found = answer[member]
            yield from found
            # cinder names those of one listing otherwise than the listing
            links = [link for key in answer if key.endswith("_links") for link in answer[key]]
            more = "next" in answer or any(link["rel"] == "next" for link in links)
            if not (found and more):
                return
            marker = {"marker": _key(found[-1])}

    def request(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        quiet: tuple[int, ...] = (),
        **asked: Any,
    ) -> requests.Response:
        """Make one call; our error for an answer that is one, unless its status is ``quiet``."""
        try:
            proxy = getattr(self.connection, service)
            if service in NEWEST:
                asked.setdefault("microversion", self.microversion(service))
            answer: requests.Response = proxy.request(path, method, **asked)
        except (EndpointNotFound, ServiceDisabledException, ServiceDiscoveryException) as error:
            raise self._silent(service) from error
        if answer.status_code >= 400 and answer.status_code not in quiet:
            raise error_for(
                answer.status_code, answer.text, service=service, headers=answer.headers
            )
        return answer

    def microversion(self, service: Service) -> str:
        """Return the newest the deployment and we both know; Unsupported when it is too old."""
        with self._lock:
            if service not in self._microversions:
                told = getattr(self.connection, service).get_endpoint_data()
                if told is None:
                    raise self._silent(service)
                most = told.max_microversion or (0, 0)
                if most < _numbers(LEAST[service]):
                    raise Unsupported(
                        f"this {SERVICES[service]} is older than microversion {LEAST[service]}"
                    )
                newest = min(most, _numbers(NEWEST[service]))
                self._microversions[service] = ".".join(map(str, newest))
            return self._microversions[service]

    def _silent(self, service: Service) -> BrokerError:
        """Return why a service does not say what it is; whatever keeps us from it is raised.

        The SDK tells one that is down, or that it does not trust, as one that is not there.
        """
        config, session = self.connection.config, self.connection.session
        kind, region = service.replace("_", "-"), config.get_region_name()
        url = config.get_endpoint(kind)
        if url is None:
            auth: Any = session.auth
            try:
                told = auth.get_endpoint_data(
                    session,
                    service_type=kind,
                    region_name=region,
                    interface=config.get_interface(kind),
                    discover_versions=False,
                )
            except EndpointNotFound:
                told = None
            if told is None:
                return missing(service, region)
            url = told.url
        session.get(url, authenticated=False, raise_exc=False)
        return ConfigError(
            f"what answers at {url} does not say that it is {SERVICES[service]}",
            hint="Check the endpoint in clouds.yaml, or ask the operator",
        )

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _key(thing: Mapping[str, Any]) -> str:
    """What a listing goes on behind: the id, or the name of a key pair."""
    return str(thing["id"] if "id" in thing else thing["keypair"]["name"])
