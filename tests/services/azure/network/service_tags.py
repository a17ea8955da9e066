"""What is behind a service tag. https://learn.microsoft.com/rest/api/virtualnetwork/service-tags/list

The ranges are made up, out of those RFC 2544 and RFC 3849 set aside: none is anybody's. As in the
real service, the tags without a fixed meaning (VirtualNetwork, Internet, AzureLoadBalancer) are not
in the list.
"""

from __future__ import annotations

from typing import Any

from tests.services.azure.arm import locations
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.front import Arm, View
from tests.services.azure.network.network_type import VERSIONS
from tests.services.azure.network.security_rules import SERVICE_TAGS

_UNLISTED = ("VirtualNetwork", "Internet", "AzureLoadBalancer")
LISTED = tuple(tag for tag in SERVICE_TAGS if tag not in _UNLISTED)


def service_tags(_arm: Arm, call: Call, found: dict[str, str]) -> Answer:
    locations.check(found["location"], "locations/serviceTags")
    values = []
    for number, tag in enumerate(LISTED):
        ranges = [f"198.18.{number}.0/24", f"2001:db8:{number:x}::/48"]
        values.append(_tag(tag, "", tag, ranges))
        values += [
            _tag(f"{tag}.{_title(region)}", region, tag, [f"198.18.{number}.{16 * place}/28"])
            for place, region in enumerate(locations.LOCATIONS)
        ]
    root = f"/subscriptions/{call.address.subscription}/providers/Microsoft.Network"
    body = {
        "name": "Public",
        "id": f"{root}/serviceTags/Public",
        "type": "Microsoft.Network/serviceTags",
        "changeNumber": "63",
        "cloud": "Public",
        "values": values,
    }
    return Answer(200, body)


def _tag(name: str, region: str, service: str, ranges: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "id": name,
        "properties": {
            "changeNumber": "7",
            "region": region,
            "systemService": service,
            "addressPrefixes": ranges,
        },
    }


def _title(region: str) -> str:
    """WestEurope, as tags have it."""
    return locations.LOCATIONS[region].replace(" ", "")


VIEW = View(
    "Microsoft.Network", r"locations/(?P<location>[^/]+)/serviceTags", VERSIONS, service_tags
)
