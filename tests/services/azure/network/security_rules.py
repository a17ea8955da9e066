"""Rules of network security groups: how they are written, and the six nobody can remove.

https://learn.microsoft.com/rest/api/virtualnetwork/security-rules
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.schema import NUMBER, TEXT, Items, Reference, Rule, Shape, Text

LEAST_PRIORITY, MOST_PRIORITY = 100, 4096
# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
MOST_RULES = 1000
MOST_PREFIXES = 4000
MOST_GROUPS_IN_A_RULE = 10
# Those a migration meets. https://learn.microsoft.com/azure/virtual-network/service-tags-overview
SERVICE_TAGS = (
    "VirtualNetwork",
    "AzureLoadBalancer",
    "Internet",
    "AzureCloud",
    "Storage",
    "Sql",
    "AzureActiveDirectory",
    "AzureKeyVault",
    "AzureMonitor",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
    "AppService",
    "EventHub",
    "GatewayManager",
)
# a tag of one region: Storage.WestEurope
TAG = re.compile(rf"({'|'.join(SERVICE_TAGS)})(\.[A-Za-z0-9]+)?", re.IGNORECASE)
# written short, and given back short, for as long as there has been an API
OLD_TAGS = ("VIRTUAL_NETWORK", "AZURE_LOADBALANCER", "INTERNET")

_SIDE: dict[str, Rule] = {
    "PortRange": TEXT,
    "PortRanges": Items(TEXT),
    "AddressPrefix": TEXT,
    "AddressPrefixes": Items(TEXT),
    "ApplicationSecurityGroups": Items(Reference("applicationSecurityGroups")),
}
SIDES = ("source", "destination")
PROPERTIES = Shape(
    {
        "description": Text(longest=140),
        "protocol": Text(("*", "Tcp", "Udp", "Icmp", "Esp", "Ah")),
        "access": Text(("Allow", "Deny")),
        "direction": Text(("Inbound", "Outbound")),
        "priority": NUMBER,
        **{f"{side}{name}": rule for side in SIDES for name, rule in _SIDE.items()},
    },
    required=("protocol", "access", "direction", "priority"),
    read_only=("provisioningState",),
    name="SecurityRulePropertiesFormat",
)
RULE = Shape(
    {"name": TEXT, "properties": PROPERTIES},
    required=("name", "properties"),
    read_only=("id", "etag", "type"),
    name="SecurityRule",
)


def check(name: str, rule: dict[str, Any]) -> None:
    """ArmError unless the rule's properties hold together; lists not said become empty."""
    if not LEAST_PRIORITY <= rule["priority"] <= MOST_PRIORITY:
        raise bad_request(
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {rule['priority']} Allowed "
            f"range {LEAST_PRIORITY}-{MOST_PRIORITY}.",
        )
    for side in SIDES:
        _check_ports(name, side, rule)
        _check_addresses(name, side, rule)


def _check_ports(name: str, side: str, rule: dict[str, Any]) -> None:
    one, many = rule.get(f"{side}PortRange"), rule.setdefault(f"{side}PortRanges", [])
    if (one is None) == (not many):
        raise _either(name, f"{side}PortRange", f"{side}PortRanges", is_both=bool(many))
    for port in [one] if one is not None else many:
        if (port == "*" and one is None) or not _is_ports(port):
            raise bad_request(
                "SecurityRuleInvalidPortRange",
                f"Security rule has invalid Port range. Value provided: {port}. Value should be an "
                "integer OR integer range with '-' delimiter. Valid range 0-65535.",
            )


def _is_ports(written: str) -> bool:
    if written == "*":
        return True
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", written)
    if found is None:
        return False
    first, last = int(found[1]), int(found[2] or found[1])
    return first <= last <= 65535


def _check_addresses(name: str, side: str, rule: dict[str, Any]) -> None:
    one = rule.get(f"{side}AddressPrefix")
    many = rule.setdefault(f"{side}AddressPrefixes", [])
    groups = rule.get(f"{side}ApplicationSecurityGroups", [])
    said = [each for each in (one, many, groups) if each]
    if len(said) != 1:
        raise _either(
            name,
            f"{side}AddressPrefix",
            f"{side}AddressPrefixes or {side}ApplicationSecurityGroups",
            is_both=len(said) > 1,
        )
    if len(groups) > MOST_GROUPS_IN_A_RULE or len(many) > MOST_PREFIXES:
        raise _unsupported(name, side, "more elements than are allowed")
    for prefix in [one] if one else many:
        if not _is_prefix(prefix):
            is_word = prefix == "*" or _is_tag(prefix)
            if one is None and is_word:
                # a list has no tags and no asterisk:
                # https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/network_security_rule
                raise _unsupported(name, f"{side}AddressPrefixes", prefix)
            if not is_word:
                raise bad_request(
                    "SecurityRuleInvalidAddressPrefix",
                    f"Security rule has invalid Address prefix. Value provided: {prefix}",
                )


def _is_tag(written: str) -> bool:
    return bool(TAG.fullmatch(written)) or written.upper() in OLD_TAGS


def _is_prefix(written: str) -> bool:
    try:
        ipaddress.ip_network(written)
    except ValueError:
        return False
    return True


def _either(name: str, one: str, other: str, *, is_both: bool) -> ArmError:
    how = "both" if is_both else "neither of"
    return bad_request(
        "SecurityRuleParameterContainsUnsupportedValue"
        if is_both
        else "SecurityRuleMissingParameter",
        f"Security rule {name} says {how} {one} and {other}; it must say one of them.",
    )


def _unsupported(name: str, parameter: str, value: str) -> ArmError:
    return bad_request(
        "SecurityRuleParameterContainsUnsupportedValue",
        f"Security rule parameter {parameter} for rule with Id {name} cannot specify {value}.",
    )


def conflict(rules: list[tuple[str, dict[str, Any]]]) -> ArmError | None:
    """The refusal where two rules have the same priority and direction.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/11137
    """
    seen: dict[tuple[str, int], str] = {}
    for name, rule in rules:
        place = rule["direction"], rule["priority"]
        if place in seen:
            return bad_request(
                "SecurityRuleConflict",
                f"Security rule {seen[place]} conflicts with rule {name}. Rules cannot have the "
                "same Priority and Direction. To learn more, see aka.ms/nsgrules.",
            )
        seen[place] = name
    return None


def _default(
    name: str, direction: str, access: str, priority: int, source: str, to: str, description: str
) -> tuple[str, dict[str, Any]]:
    return name, {
        "provisioningState": "Succeeded",
        "description": description,
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": to,
        "access": access,
        "priority": priority,
        "direction": direction,
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
    }


NETWORK, PROBES, ANY = "VirtualNetwork", "AzureLoadBalancer", "*"
DEFAULTS = (
    _default(
        "AllowVnetInBound",
        "Inbound",
        "Allow",
        65000,
        NETWORK,
        NETWORK,
        "Allow inbound traffic from all VMs in VNET",
    ),
    _default(
        "AllowAzureLoadBalancerInBound",
        "Inbound",
        "Allow",
        65001,
        PROBES,
        ANY,
        "Allow inbound traffic from azure load balancer",
    ),
    _default("DenyAllInBound", "Inbound", "Deny", 65500, ANY, ANY, "Deny all inbound traffic"),
    _default(
        "AllowVnetOutBound",
        "Outbound",
        "Allow",
        65000,
        NETWORK,
        NETWORK,
        "Allow outbound traffic from all VMs to all VMs in VNET",
    ),
    _default(
        "AllowInternetOutBound",
        "Outbound",
        "Allow",
        65001,
        ANY,
        "Internet",
        "Allow outbound traffic from all VMs to Internet",
    ),
    _default("DenyAllOutBound", "Outbound", "Deny", 65500, ANY, ANY, "Deny all outbound traffic"),
)
