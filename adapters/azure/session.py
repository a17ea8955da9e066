"""The SDK's clients of one account."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import requests
from azure.core import AzureClouds
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.core.tools import get_arm_endpoints
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from requests.adapters import HTTPAdapter

from adapters.azure.credentials import Credential
from adapters.azure.settings import Settings

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""A page of machines with their power states takes some seconds in a large subscription."""

CONNECTIONS = 32
"""As many as the broker has threads at most; the SDK's ten would be opened anew all the time."""

POLL_SECONDS = 2
"""Between two looks at an operation where the service does not say when to come back."""


Client = TypeVar("Client")


class Session:
    """Clients made once, when they are first used. Safe to use from many threads.

    The SDK's own retries are off: the broker tries again, once, in one place.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._credential: Credential | None = None
        self._connections: requests.Session | None = None
        self._compute: ComputeManagementClient | None = None
        self._network: NetworkManagementClient | None = None
        self._resources: ResourceManagementClient | None = None
        self._location: str | None = settings.location

    @property
    def compute(self) -> ComputeManagementClient:
        """Machines, disks and key pairs."""
        with self._lock:
            if self._compute is None:
                self._compute = self._made(ComputeManagementClient)
            return self._compute

    @property
    def network(self) -> NetworkManagementClient:
        """Networks, cards, addresses and firewalls."""
        with self._lock:
            if self._network is None:
                self._network = self._made(NetworkManagementClient)
            return self._network

    @property
    def resources(self) -> ResourceManagementClient:
        """Resource groups."""
        with self._lock:
            if self._resources is None:
                self._resources = self._made(ResourceManagementClient)
            return self._resources

    @property
    def location(self) -> str:
        """Where new things are made; asked for once where the settings do not tell."""
        with self._lock:
            if self._location is None:
                group = self.resources.resource_groups.get(self.settings.resource_group)
                self._location = str(group["location"])
            return self._location

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        with self._lock:
            for each in (self._credential, self._connections):
                if each is not None:
                    each.close()
            self._compute = self._network = self._resources = None
            self._credential = self._connections = None

    def _made(self, client: Callable[..., Client]) -> Client:
        settings = self.settings
        if self._credential is None:
            self._credential = Credential(settings)
        if self._connections is None:
            self._connections = requests.Session()
            self._connections.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))
        make = partial(client, self._credential, settings.subscription)
        if settings.endpoint:
            make = partial(make, settings.endpoint, credential_scopes=scopes(settings.endpoint))
        return make(
            transport=RequestsTransport(
                session=self._connections,
                session_owner=False,
                connection_verify=str(settings.ca_file) if settings.ca_file else True,
                connection_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
            ),
            polling_interval=POLL_SECONDS,
            retry_policy=RetryPolicy.no_retries(),
            user_agent="interop-broker",
        )


def scopes(endpoint: str) -> list[str]:
    """Return what a token for this endpoint is good for: a sovereign cloud's own, or the usual."""
    known = [get_arm_endpoints(cloud) for cloud in AzureClouds]
    for each in known:
        if each["resource_manager"].rstrip("/") == endpoint.rstrip("/"):
            return list(each["credential_scopes"])
    return list(get_arm_endpoints(AzureClouds.AZURE_PUBLIC_CLOUD)["credential_scopes"])
