"""The contract between the broker and the providers."""

from broker.adapter.abilities import ConsoleLog, Pausable, PublicAddresses
from broker.adapter.account import Account
from broker.adapter.contract import Adapter, Kind, Made
from broker.adapter.limits import FirewallLimits, LabelRule, Limits, NameRule

__all__ = [
    "Account",
    "Adapter",
    "ConsoleLog",
    "FirewallLimits",
    "Kind",
    "LabelRule",
    "Limits",
    "Made",
    "NameRule",
    "Pausable",
    "PublicAddresses",
]
