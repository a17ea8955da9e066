"""One project in one region of one OpenStack."""

from __future__ import annotations

import threading
from typing import Any

from adapters.openstack.errors import calling
from adapters.openstack.hosts import Hosts
from adapters.openstack.instances import Instances
from adapters.openstack.key_pairs import KeyPairs
from adapters.openstack.limits import probe
from adapters.openstack.made import Makings
from adapters.openstack.quotas import QuotaCounts
from adapters.openstack.session import Session
from broker.adapter import (
    Adapter,
    AddressesInUse,
    AddressSets,
    ConsoleLog,
    HostCapacity,
    LastRun,
    Limits,
    Pausable,
    PublicAddresses,
    QuotaUse,
    Suspendable,
)


class OpenStackAdapter(Instances, Makings, KeyPairs, Hosts, QuotaCounts):
    """Servers, volumes, images and networks of one project. Safe to use from many threads."""

    def __init__(self, name: str, session: Session) -> None:
        super().__init__(name, session)
        self._limits: Limits | None = None
        self._probing = threading.Lock()

    @property
    def limits(self) -> Limits:
        """What this account accepts, asked of the deployment once."""
        with self._probing:
            if self._limits is None:
                with calling("look at limits"):
                    architectures = {offer.size.arch for offer in self.sizes()}
                    self._limits = probe(self._session, architectures, self._formats())
            return self._limits

    def check(self) -> str:
        """Make one cheap authenticated call and return who and where we are, in one line."""
        with calling("check account"):
            # authenticates, and is answered without a look at any server
            self._session.get("compute", "/limits")
            session = self._session.connection.session
            # what keystone says, not clouds.yaml: that names neither for application credentials
            auth: Any = session.auth
            who = auth.get_access(session)
            return (
                f"project {who.project_name} as {who.username}"
                f" in region {self._session.connection.config.get_region_name()},"
                f" compute {self._session.microversion('compute')}"
            )

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._session.close()


_adapter: type[Adapter] = OpenStackAdapter
_console: type[ConsoleLog] = OpenStackAdapter
_last_run: type[LastRun] = OpenStackAdapter
_pausable: type[Pausable] = OpenStackAdapter
_suspendable: type[Suspendable] = OpenStackAdapter
_addresses: type[PublicAddresses] = OpenStackAdapter
_capacity: type[HostCapacity] = OpenStackAdapter
_sets: type[AddressSets] = OpenStackAdapter
_use: type[QuotaUse] = OpenStackAdapter
_in_use: type[AddressesInUse] = OpenStackAdapter
