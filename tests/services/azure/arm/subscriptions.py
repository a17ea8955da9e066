"""What is read of a subscription as a whole: itself, its locations, providers and resources.

https://learn.microsoft.com/rest/api/resources/subscriptions
https://learn.microsoft.com/rest/api/resources/resources
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.services.azure.arm import paging
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.locations import LOCATIONS
from tests.services.azure.arm.resource import Resource

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm


SUBSCRIPTION_VERSIONS = ("2022-12-01", "2021-01-01", "2016-06-01")


class Subscriptions:
    """There is one."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def answer(self, call: Call) -> Answer:
        """What is asked of the subscription beside its resource groups."""
        match (call.address.tail or "").lower():
            case "subscriptions":
                return Answer(200, {"value": [self._itself()]})
            case "":
                return Answer(200, self._itself())
            case "locations":
                return Answer(200, {"value": [self._location(name) for name in LOCATIONS]})
            case "resources":
                return self.resources(call)
            case "providers":
                return Answer(200, {"value": [self._provider(each) for each in self._namespaces()]})
        raise ArmError(404, "InvalidResource", f"There is nothing at '{call.path}'.")

    def resources(self, call: Call) -> Answer:
        """Every resource of the group or the subscription, without its properties."""
        shown = ("id", "name", "type", "location", "tags", "sku", "kind", "managedBy", "zones")
        found = [
            each
            for each in self._arm.store.beneath(call.address.id)
            if len(each.address.types) == 1
        ]
        found.sort(key=lambda each: each.key)

        def show(resource: Resource) -> dict[str, Any]:
            return {name: resource.body[name] for name in shown if name in resource.body}

        return Answer(200, paging.page(call, found, show, self._arm.limits.page_size))

    def provider(self, call: Call) -> Answer:
        """One resource provider: its types, where they are and which api-versions they know."""
        for namespace in self._namespaces():
            if namespace.lower() == str(call.address.namespace).lower():
                return Answer(200, self._provider(namespace))
        raise ArmError(
            404,
            "InvalidResourceNamespace",
            f"The resource namespace '{call.address.namespace}' is invalid.",
        )

    def _itself(self) -> dict[str, Any]:
        settings = self._arm.settings
        return {
            "id": f"/subscriptions/{settings.subscription}",
            "subscriptionId": settings.subscription,
            "tenantId": settings.tenant,
            "displayName": "interop tests",
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
            "authorizationSource": "RoleBased",
        }

    def _location(self, name: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{self._arm.settings.subscription}/locations/{name}",
            "name": name,
            "displayName": LOCATIONS[name],
            "regionalDisplayName": LOCATIONS[name],
            "type": "Region",
        }

    def _namespaces(self) -> list[str]:
        return sorted({each.namespace for each in self._arm.types.values()})

    def _provider(self, namespace: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{self._arm.settings.subscription}/providers/{namespace}",
            "namespace": namespace,
            "registrationState": "Registered",
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": [
                {
                    "resourceType": each.name,
                    "locations": list(LOCATIONS.values()) if each.is_located else [],
                    "apiVersions": list(each.api_versions),
                }
                for each in self._arm.types.values()
                if each.namespace == namespace
            ],
        }
