"""Network security groups, and their rules one by one.

https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups
"""

from __future__ import annotations

import uuid
from typing import Any

from tests.services.azure.arm.address import Address
from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.operations import Finish
from tests.services.azure.arm.resource import Resource, references
from tests.services.azure.arm.resource_type import action
from tests.services.azure.arm.schema import FLAG, Items, Shape
from tests.services.azure.network import security_rules
from tests.services.azure.network.network_type import NetworkType, Quota, check_unique
from tests.services.azure.network.subnets import INTERFACES, SUBNETS

GROUPS = "Microsoft.Network/networkSecurityGroups"
RULES = f"{GROUPS}/securityRules"
MOST_GROUPS = 100  # application security groups in all rules of one group


class SecurityGroups(NetworkType):
    """A list of rules, on subnets and interfaces."""

    name = "networkSecurityGroups"
    quota = Quota(
        "NetworkSecurityGroups",
        5000,
        "NetworkSecurityGroupCountLimitReached",
        "network security groups",
    )
    body = Shape(
        {
            "properties": Shape(
                {"securityRules": Items(security_rules.RULE), "flushConnection": FLAG},
                read_only=(
                    "provisioningState",
                    "resourceGuid",
                    "defaultSecurityRules",
                    "networkInterfaces",
                    "subnets",
                    "flowLogs",
                ),
                name="NetworkSecurityGroupPropertiesFormat",
            )
        },
        name="NetworkSecurityGroup",
    )

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        self.check_quota(resource, old)
        # unlike a network's subnets, rules that are not named are gone
        asked = resource.properties.pop("securityRules", [])
        kind = self._rules()
        rules = [kind.made(resource, each["name"], each["properties"]) for each in asked]
        check_unique(resource, (each.name for each in rules), "properties.securityRules")
        kind.check(resource, rules)
        resource.properties["resourceGuid"] = (
            old.properties["resourceGuid"] if old is not None else str(uuid.uuid4())
        )
        for each in self.store.of_type(RULES, resource.id):
            self.store.remove(each)
        for each in rules:
            self.store.put(each)
        return None

    def delete(self, resource: Resource) -> Finish | None:
        users = self._users(resource, INTERFACES) + self._users(resource, SUBNETS)
        if users:
            # https://learn.microsoft.com/azure/virtual-network/manage-network-security-group
            named = ", ".join(each["id"] for each in users)
            raise bad_request(
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {resource.id} cannot be deleted because it is in use by "
                f"the following resources: {named}. In order to delete the Network security "
                "group, remove the association with the resource(s). To learn how to do this, see "
                "aka.ms/deletensg.",
            )
        return None

    def show(self, resource: Resource, call: Call) -> dict[str, Any]:
        body = super().show(resource, call)
        rules = self.store.of_type(RULES, resource.id)
        body["properties"] = resource.properties | {
            "securityRules": [self._rules().show(each, call) for each in rules],
            "defaultSecurityRules": [
                self._default(resource, name, rule) for name, rule in security_rules.DEFAULTS
            ],
        }
        for name, kind in (("networkInterfaces", INTERFACES), ("subnets", SUBNETS)):
            if users := self._users(resource, kind):
                body["properties"][name] = users
        return body

    @action("defaultSecurityRules", method="GET")
    def defaults(self, resource: Resource, _call: Call) -> Answer:
        found = [self._default(resource, name, rule) for name, rule in security_rules.DEFAULTS]
        return Answer(200, {"value": found})

    def _users(self, resource: Resource, kind: str) -> list[dict[str, str]]:
        return [{"id": each.id} for each in self.store.users(resource.id, kind)]

    def _default(self, group: Resource, name: str, rule: dict[str, Any]) -> dict[str, Any]:
        kind = "defaultSecurityRules"
        return {
            "name": name,
            "id": f"{group.id}/{kind}/{name}",
            "etag": f'W/"{group.etag}"',
            "type": f"{GROUPS}/{kind}",
            "properties": rule,
        }

    def _rules(self) -> SecurityRules:
        kind = self.arm.types[RULES.lower()]
        assert isinstance(kind, SecurityRules)
        return kind


class SecurityRules(NetworkType):
    """One rule of a group."""

    name = "networkSecurityGroups/securityRules"
    is_located = False
    body = Shape({"properties": security_rules.PROPERTIES}, ("properties",), name="SecurityRule")

    def made(self, group: Resource, name: str, properties: dict[str, Any]) -> Resource:
        """A rule that came with its group."""
        if not self.names.allows(name):
            raise self.bad_name(name)
        address = Address(
            group.address.subscription,
            group.address.group,
            group.address.namespace,
            (*group.address.types, "securityRules"),
            (*group.address.names, name),
        )
        body = {"id": address.id, "name": name, "type": RULES, "properties": dict(properties)}
        rule = Resource(address, RULES, body, api_version=group.api_version)
        rule.state = "Succeeded"
        return rule

    def put(self, resource: Resource, old: Resource | None) -> Finish | None:
        group = self.store.get(resource.address.parent.id)
        assert group is not None
        others = [each for each in self.store.of_type(RULES, group.id) if each.key != resource.key]
        self.check(group, [*others, resource])
        return None

    def check(self, group: Resource, rules: list[Resource]) -> None:
        """ArmError unless each rule is right and all go together."""
        if len(rules) > security_rules.MOST_RULES:
            raise self._too_many(group)
        application_groups: set[str] = set()
        for each in rules:
            security_rules.check(each.name, each.properties)
            application_groups |= each.references()
            self.check_references(each, references(each.properties), group.location)
        if len(application_groups) > MOST_GROUPS:
            raise self._too_many(group)
        refusal = security_rules.conflict([(each.name, each.properties) for each in rules])
        if refusal is not None:
            raise refusal

    def _too_many(self, group: Resource) -> ArmError:
        return bad_request(
            "NetworkSecurityGroupRuleCountLimitReached",
            f"Cannot have more than {security_rules.MOST_RULES} rules, or {MOST_GROUPS} "
            f"application security groups in them, in network security group {group.id}.",
        )
