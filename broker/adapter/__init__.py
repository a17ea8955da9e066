"""The contract between the broker and the providers, and the decorators around an adapter."""

from broker.adapter.abilities import (
    AddressesInUse,
    AddressSets,
    ClosedSizes,
    ConsoleLog,
    HostCapacity,
    LastRun,
    NetworkAddressSets,
    NetworkPolicies,
    Pausable,
    PublicAddresses,
    QuotaUse,
    SpotMarket,
    SubnetFirewalls,
    Suspendable,
)
from broker.adapter.account import Account
from broker.adapter.contract import Adapter, Kind, Made
from broker.adapter.limits import (
    AddressLimits,
    Counts,
    FirewallLimits,
    LabelRule,
    Limits,
    NameRule,
    PlatformTraffic,
    Quotas,
    SystemLimits,
)
from broker.adapter.rate import Rate, rate_limited
from broker.adapter.readonly import read_only
from broker.adapter.retry import Budget, retrying
from broker.adapter.wrap import without

__all__ = [
    "Account",
    "Adapter",
    "AddressLimits",
    "AddressSets",
    "AddressesInUse",
    "Budget",
    "ClosedSizes",
    "ConsoleLog",
    "Counts",
    "FirewallLimits",
    "HostCapacity",
    "Kind",
    "LabelRule",
    "LastRun",
    "Limits",
    "Made",
    "NameRule",
    "NetworkAddressSets",
    "NetworkPolicies",
    "Pausable",
    "PlatformTraffic",
    "PublicAddresses",
    "QuotaUse",
    "Quotas",
    "Rate",
    "SpotMarket",
    "SubnetFirewalls",
    "Suspendable",
    "SystemLimits",
    "rate_limited",
    "read_only",
    "retrying",
    "without",
]
