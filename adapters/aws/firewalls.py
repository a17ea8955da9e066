"""Firewalls of one account: security groups, rule by rule."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adapters.aws import tags
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.translate import firewalls as translate
from adapters.aws.translate.network_acls import network_acl
from broker.errors import NotFound
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
    from mypy_boto3_ec2.type_defs import FilterTypeDef


class Firewalls(Base):
    """Sets of rules that network cards wear."""

    def firewalls(self) -> list[Firewall]:
        """Return every firewall; complete, or an error is raised."""
        with calling("list firewalls"):
            return self._firewalls(None)

    def firewall(self, id: str) -> Firewall:
        """Return one firewall by id; NotFound when there is none."""
        with calling("get firewall"):
            found: Firewall = only(self._firewalls(id), "firewall", id)
            return found

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a security group that does exactly what ``spec`` says, or raise.

        What the service allows every new group is taken away. The same token twice makes one.
        """
        translate.check_rules(spec.rules)
        if not spec.stateful:
            raise translate.stateless()
        marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
        with calling("create firewall"):
            ec2 = self._session.ec2
            before = ec2.describe_security_groups(Filters=tags.by_token(token))["SecurityGroups"]
            network = spec.network or self._default_network()
            translate.check_families(spec.rules, self._families([network])[network])
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
            self._make_so(group, spec.rules)
        return self.firewall(group)

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the firewall's rules; those in both sets never stop working."""
        translate.check_rules(rules)
        found = self.firewall(id)
        with calling("replace firewall rules"):
            network = found.spec.network or ""
            translate.check_families(rules, self._families([network])[network])
            self._make_so(id, rules)
        return self.firewall(id)

    def subnet_firewalls(self, subnet: str) -> list[Firewall]:
        """Return the network ACL around a subnet."""
        with calling("list network ACLs"):
            found: Any = pages(
                self._session.ec2,
                "describe_network_acls",
                "NetworkAcls",
                Filters=[{"Name": "association.subnet-id", "Values": [subnet]}],
            )
            return [network_acl(each, subnet) for each in found]

    def address_set(self, id: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Return the addresses in a prefix list; NotFound when there is none."""
        with calling("read prefix list"):
            entries = pages(
                self._session.ec2, "get_managed_prefix_list_entries", "Entries", PrefixListId=id
            )
            return [ipaddress.ip_network(entry["Cidr"]) for entry in entries]

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is worn."""
        try:
            with calling("delete firewall"):
                self._session.ec2.delete_security_group(GroupId=id)
        except NotFound:
            return

    def _make_so(self, id: str, wanted: Sequence[FirewallRule]) -> None:
        """Add what is missing, then take away what is too much."""
        ec2 = self._session.ec2
        found: Any = pages(
            ec2,
            "describe_security_group_rules",
            "SecurityGroupRules",
            Filters=[{"Name": "group-id", "Values": [id]}],
        )
        there = {translate.key_of(each): each["SecurityGroupRuleId"] for each in found}
        missing = [rule for rule in wanted if translate.key(rule) not in there]
        for direction, authorize in (
            (Direction.INGRESS, ec2.authorize_security_group_ingress),
            (Direction.EGRESS, ec2.authorize_security_group_egress),
        ):
            asked = translate.permissions(rule for rule in missing if rule.direction is direction)
            if asked:
                authorize(GroupId=id, IpPermissions=asked)
        stay = {translate.key(rule) for rule in wanted}
        for egress, revoke in (
            (False, ec2.revoke_security_group_ingress),
            (True, ec2.revoke_security_group_egress),
        ):
            unwanted = [
                rule_id
                for key, rule_id in there.items()
                if key not in stay and key.egress is egress
            ]
            if unwanted:
                revoke(GroupId=id, SecurityGroupRuleIds=unwanted)

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
            vpc["VpcId"]: [
                Family.IPV4,
                *([Family.IPV6] if vpc.get("Ipv6CidrBlockAssociationSet") else []),
            ]
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
