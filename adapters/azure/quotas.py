"""What a subscription may have in the account's region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.azure.base import listed
from adapters.azure.limits import LIMITS
from adapters.azure.session import Session
from adapters.azure.translate.quotas import quotas
from broker.adapter import Limits


def with_quotas(session: Session) -> Limits:
    """Return the limits with the quotas of the account's region."""
    return LIMITS.model_copy(update={"quotas": quotas(_usages(session))})


def _usages(session: Session) -> Iterator[Mapping[str, Any]]:
    yield from listed(session.compute.usage.list(session.location))
    yield from listed(session.network.usages.list(session.location))
