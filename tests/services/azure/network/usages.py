"""How much of what there may be is there. https://learn.microsoft.com/rest/api/virtualnetwork/usages"""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm import locations
from tests.services.azure.arm.call import Call
from tests.services.azure.arm.front import Arm, View
from tests.services.azure.network.network_type import VERSIONS, NetworkType


def usages(arm: Arm, call: Call, found: dict[str, str]) -> list[dict[str, Any]]:
    location = locations.check(found["location"], "locations/usages")
    root = f"/subscriptions/{call.address.subscription}/providers/Microsoft.Network"
    listed = []
    for kind in arm.types.values():
        if not isinstance(kind, NetworkType) or kind.quota is None:
            continue
        quota = kind.quota
        listed.append(
            {
                "id": f"{root}/locations/{location}/usages/{quota.usage}",
                "currentValue": len(kind.in_region(location)),
                "limit": arm.limits.quotas.get(quota.usage, quota.most),
                "name": {
                    "value": quota.usage,
                    "localizedValue": " ".join(
                        word[0].upper() + word[1:] for word in quota.words.split()
                    ),
                },
                "unit": "Count",
            }
        )
    return listed


VIEW = View("Microsoft.Network", r"locations/(?P<location>[^/]+)/usages", VERSIONS, usages)
