"""The regions there are. https://learn.microsoft.com/azure/reliability/regions-list"""

from __future__ import annotations

from tests.services.azure.arm.errors import ArmError, bad_request

LOCATIONS = {
    "westeurope": "West Europe",
    "northeurope": "North Europe",
    "germanywestcentral": "Germany West Central",
    "eastus": "East US",
    "westus2": "West US 2",
}


def normal(location: str) -> str:
    """West Europe is westeurope."""
    return location.replace(" ", "").lower()


def check(location: str, type: str) -> str:
    """Return the location's own name; ArmError where there is none such."""
    if normal(location) in LOCATIONS:
        return normal(location)
    raise bad_request(
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{type}'. List of "
        f"available regions for the resource type is '{','.join(LOCATIONS)}'.",
    )


def no_such(location: str) -> ArmError:
    return bad_request(
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}'.",
    )
