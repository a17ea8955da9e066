"""Firewalls of one account: security groups, rule by rule."""

from __future__ import annotations

import ipaddress
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adapters.aws import tags
from adapters.aws.base import only, pages
from adapters.aws.errors import calling
from adapters.aws.limits import LIMITS
from adapters.aws.network_acls import NetworkAcls
from adapters.aws.translate import firewalls as translate
from adapters.aws.translate.networks import families as spoken
from broker.errors import NotFound
from broker.firewall import Do, change
from broker.model import (
    Attachment,
    AttachPoint,
    Direction,
    Family,
    Firewall,
    FirewallRule,
    FirewallSpec,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, SecurityGroupRuleTypeDef


class Firewalls(NetworkAcls):
    """Sets of rules that network cards wear, or, by their ids, that stand around subnets."""

    def firewalls(self) -> list[Firewall]:
        """Return every firewall; complete, or an error is raised."""
        with calling("list firewalls"):
            return self._firewalls(None)

    def firewall(self, id: str) -> Firewall:
        """Return one firewall by id; NotFound when there is none."""
        with calling("get firewall"):
            if _is_acl(id):
                return self._network_acl(id)
            found: Firewall = only(self._firewalls(id), "firewall", id)
            return found

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a security group, or around a subnet a network ACL, that does exactly what it says.

        What the service allows every new group is taken away. The same token twice makes one.
        Unsupported or Invalid where that cannot be.
        """
        if spec.subnet is not None:
            with calling("create network ACL"):
                made = self._create_network_acl(spec, spec.subnet, token)
            return self.firewall(made)
        translate.check_rules(spec.rules)
        if not spec.stateful:
            raise translate.stateless()
        marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
        with calling("create firewall"):
            ec2 = self._session.ec2
            before = ec2.describe_security_groups(Filters=tags.by_token(token))["SecurityGroups"]
            network = spec.network or self._default_network()
            families = self._families([network])[network]
            translate.check_families(spec.rules, families)
            group = (
                before[0]["GroupId"]
                if before
                else ec2.create_security_group(
                    GroupName=translate.group_name(spec.name, token),
                    Description=translate.plain(spec.description) or translate.plain(spec.name),
                    VpcId=network,
                    TagSpecifications=[tags.specification("security-group", marks)],
                )["GroupId"]
            )
            self._let_out_nothing(group, spec.rules)
            self._make_so(group, spec.rules, families)
        return self.firewall(group)

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the firewall's rules: the new ones first, within what a group holds."""
        if _is_acl(id):
            with calling("replace network ACL entries"):
                self._make_entries_so(id, rules)
            return self.firewall(id)
        translate.check_rules(rules)
        found = self.firewall(id)
        with calling("replace firewall rules"):
            network = found.spec.network or ""
            families = self._families([network])[network]
            translate.check_families(rules, families)
            self._make_so(id, rules, families)
        return self.firewall(id)

    def address_set(self, id: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Return the addresses in a prefix list; NotFound when there is none."""
        with calling("read prefix list"):
            entries = pages(
                self._session.ec2, "get_managed_prefix_list_entries", "Entries", PrefixListId=id
            )
            return [ipaddress.ip_network(entry["Cidr"]) for entry in entries]

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when cards wear it."""
        try:
            with calling("delete firewall"):
                if _is_acl(id):
                    self._delete_network_acl(id)
                    return
                self._session.ec2.delete_security_group(GroupId=id)
        except NotFound:
            return

    def _let_out_nothing(self, id: str, wanted: Sequence[FirewallRule]) -> None:
        """Take away what the service lets every new group do, unless that is wanted."""
        asked = {translate.key(rule) for rule in wanted}
        unwanted = [
            rule["SecurityGroupRuleId"]
            for rule in self._native_rules(id)
            if (key := translate.key_of(rule)) in translate.GIVEN and key not in asked
        ]
        if unwanted:
            self._session.ec2.revoke_security_group_egress(
                GroupId=id, SecurityGroupRuleIds=unwanted
            )

    def _make_so(self, id: str, wanted: Sequence[FirewallRule], families: Sequence[Family]) -> None:
        """Go from the rules that are there to those wanted, step by step; none when they are."""
        ec2 = self._session.ec2
        found = self._native_rules(id)
        ids = {translate.key_of(rule): rule["SecurityGroupRuleId"] for rule in found}
        there = [rule for each in found for rule in translate.rules(each, families)]
        steps = change(there, wanted, LIMITS.firewall, same=translate.key)
        for (do, direction), batch in itertools.groupby(
            steps, key=lambda step: (step.do, step.rules[0].direction)
        ):
            inwards = direction is Direction.INGRESS
            rules = [rule for step in batch for rule in step.rules]
            if do is Do.ADD:
                authorize = (
                    ec2.authorize_security_group_ingress
                    if inwards
                    else ec2.authorize_security_group_egress
                )
                authorize(GroupId=id, IpPermissions=translate.permissions(rules))
            else:
                revoke = (
                    ec2.revoke_security_group_ingress
                    if inwards
                    else ec2.revoke_security_group_egress
                )
                gone = dict.fromkeys(ids[translate.key(rule)] for rule in rules)
                revoke(GroupId=id, SecurityGroupRuleIds=list(gone))

    def _native_rules(self, id: str) -> list[SecurityGroupRuleTypeDef]:
        found: Any = pages(
            self._session.ec2,
            "describe_security_group_rules",
            "SecurityGroupRules",
            Filters=[{"Name": "group-id", "Values": [id]}],
        )
        return list(found)

    def _firewalls(self, id: str | None) -> list[Firewall]:
        ec2 = self._session.ec2
        mine: list[FilterTypeDef] = [{"Name": "group-id", "Values": [id]}] if id else []
        groups: Any = list(pages(ec2, "describe_security_groups", "SecurityGroups", Filters=mine))
        if not groups:
            return []
        rules: dict[str, Any] = defaultdict(list)
        for rule in pages(ec2, "describe_security_group_rules", "SecurityGroupRules", Filters=mine):
            rules[rule["GroupId"]].append(rule)
        worn: dict[str, list[Attachment]] = defaultdict(list)
        for card in pages(ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=mine):
            for group in card.get("Groups", []):
                worn[group["GroupId"]].append(
                    Attachment(point=AttachPoint.NIC, id=card["NetworkInterfaceId"])
                )
        families = self._families({group["VpcId"] for group in groups})
        return [
            translate.firewall(
                group, rules[group["GroupId"]], families[group["VpcId"]], worn[group["GroupId"]]
            )
            for group in groups
        ]

    def _families(self, networks: Sequence[str] | set[str]) -> dict[str, list[Family]]:
        """The families each network speaks; NotFound for one that is not there."""
        wanted = sorted(networks)
        found = {
            vpc["VpcId"]: sorted(spoken(vpc))
            for vpc in pages(
                self._session.ec2,
                "describe_vpcs",
                "Vpcs",
                Filters=[{"Name": "vpc-id", "Values": wanted}] if len(wanted) == 1 else [],
            )
        }
        for network in wanted:
            if network not in found:
                raise NotFound(f"there is no network {network}", provider="aws")
        return found

    def _default_network(self) -> str:
        answer = self._session.ec2.describe_vpcs(
            Filters=[{"Name": "is-default", "Values": ["true"]}]
        )
        if not answer["Vpcs"]:
            raise NotFound(
                "the account has no default network", hint="Name a network", provider="aws"
            )
        return answer["Vpcs"][0]["VpcId"]


def _is_acl(id: str) -> bool:
    return id.startswith("acl-")
