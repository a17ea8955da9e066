"""What a test may change about the subscription: pace, pages, quotas, sizes on offer."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Limits:
    """``quotas`` override a usage's limit by its name (cores, VirtualNetworks, …);
    ``restrictions`` say per SKU why it cannot be had (NotAvailableForSubscription, QuotaId).

    ``retry_after`` of whole seconds is sent as Retry-After. The real service says 10 or more;
    by default this one is quick, and says so in retry-after-ms, which the SDK's own poller reads.
    """

    operation_seconds: float = 0.02
    retry_after: int = 0
    page_size: int = 100
    token_seconds: int = 3599
    quotas: dict[str, int] = field(default_factory=dict)
    restrictions: dict[str, str] = field(default_factory=dict)

    def set(self, wanted: dict[str, Any]) -> None:
        """Change some; ValueError for one there is not."""
        known = {each.name for each in fields(self)}
        if unknown := wanted.keys() - known:
            raise ValueError(f"{sorted(unknown)} are none of {sorted(known)}")
        for name, value in wanted.items():
            setattr(self, name, value)

    def reset(self) -> None:
        self.set(vars(Limits()))
