"""Amazon EC2: machines, their disks through EBS direct, networks and security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.adapter import Account

if TYPE_CHECKING:
    from adapters.aws.adapter import AwsAdapter


def connect(account: Account) -> AwsAdapter:
    """Return the account's adapter without a call to the service; ConfigError for bad settings."""
    from adapters.aws.adapter import AwsAdapter
    from adapters.aws.session import Session
    from adapters.aws.settings import settings_of

    return AwsAdapter(account.name, Session(settings_of(account)))
