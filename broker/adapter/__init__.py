"""The contract between the broker and the providers, and the decorators around an adapter."""

from broker.adapter.abilities import (
    ConsoleLog,
    HostCapacity,
    Pausable,
    PublicAddresses,
    SpotMarket,
)
from broker.adapter.account import Account
from broker.adapter.contract import Adapter, Kind, Made
from broker.adapter.limits import FirewallLimits, LabelRule, Limits, NameRule
from broker.adapter.rate import Rate, rate_limited
from broker.adapter.readonly import read_only
from broker.adapter.retry import Budget, retrying
from broker.adapter.wrap import without

__all__ = [
    "Account",
    "Adapter",
    "Budget",
    "ConsoleLog",
    "FirewallLimits",
    "HostCapacity",
    "Kind",
    "LabelRule",
    "Limits",
    "Made",
    "NameRule",
    "Pausable",
    "PublicAddresses",
    "Rate",
    "SpotMarket",
    "rate_limited",
    "read_only",
    "retrying",
    "without",
]
