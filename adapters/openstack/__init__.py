"""OpenStack: nova's servers, cinder's volumes, glance's images, neutron's networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.adapter import Account

if TYPE_CHECKING:
    from adapters.openstack.adapter import OpenStackAdapter


def connect(account: Account) -> OpenStackAdapter:
    """Return the account's adapter without a call to the service; ConfigError for bad settings."""
    from adapters.openstack.adapter import OpenStackAdapter
    from adapters.openstack.session import Session
    from adapters.openstack.settings import Settings

    return OpenStackAdapter(account.name, Session(account.read(Settings)))
