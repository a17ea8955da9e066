"""Firewalls around subnets of one account: network ACLs, entry by entry."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from adapters.aws import tags
from adapters.aws.base import Base, only, pages
from adapters.aws.errors import calling
from adapters.aws.limits import LIMITS
from adapters.aws.translate import network_acls as translate
from broker.errors import Unsupported
from broker.firewall import Change, Do, change, neighbours
from broker.model import Firewall, FirewallRule, FirewallSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_ec2.type_defs import NetworkAclTypeDef


class NetworkAcls(Base):
    """Ordered rules around subnets: a subnet always has exactly one set of them."""

    def subnet_firewalls(self, subnet: str) -> list[Firewall]:
        """Return the network ACL around a subnet; machines inside reach each other past it."""
        with calling("list network ACLs"):
            inside = neighbours(self._ranges(subnet))
            found = [translate.network_acl(each) for each in self._around(subnet)]
        return [_with_rules(each, (*inside, *each.spec.rules)) for each in found]

    def _network_acl(self, id: str) -> Firewall:
        return translate.network_acl(self._native_acl(id))

    def _native_acl(self, id: str) -> NetworkAclTypeDef:
        return self._session.ec2.describe_network_acls(NetworkAclIds=[id])["NetworkAcls"][0]

    def _create_network_acl(self, spec: FirewallSpec, subnet: str, token: str) -> str:
        """Make an ACL, fill it, and only then put it around the subnet, which is one swap."""
        translate.check_entries(spec.rules)
        if spec.stateful:
            raise Unsupported("network ACLs forget connections: fit the firewall first")
        ec2 = self._session.ec2
        marks = tags.tags_for(spec.name, spec.labels, {tags.TOKEN: token})
        before = self._acls(f"tag:{tags.TOKEN}", token)
        network = spec.network or self._network_of(subnet)
        acl = (
            before[0]["NetworkAclId"]
            if before
            else ec2.create_network_acl(
                VpcId=network, TagSpecifications=[tags.specification("network-acl", marks)]
            )["NetworkAcl"]["NetworkAclId"]
        )
        self._make_entries_so(acl, spec.rules)
        self._swap(subnet, acl)
        return acl

    def _make_entries_so(self, id: str, rules: Sequence[FirewallRule]) -> None:
        limits = LIMITS.subnet_firewall
        assert limits is not None
        translate.check_entries(rules)
        there = self._network_acl(id).spec.rules
        for step in change(there, rules, limits):
            self._do(id, step)

    def _do(self, id: str, step: Change) -> None:
        for rule in step.rules:
            if step.do is Do.ADD:
                asked: Any = translate.entry(rule)
                self._session.ec2.create_network_acl_entry(NetworkAclId=id, **asked)
            else:
                self._session.ec2.delete_network_acl_entry(
                    NetworkAclId=id, Egress=translate.egress(rule), RuleNumber=rule.priority or 0
                )

    def _delete_network_acl(self, id: str) -> None:
        """Delete; the subnets it stood around get the network's own back."""
        found = self._native_acl(id)
        (default,) = (
            each["NetworkAclId"]
            for each in self._acls("vpc-id", found["VpcId"])
            if each["IsDefault"]
        )
        for worn in found["Associations"]:
            self._swap(worn["SubnetId"], default)
        self._session.ec2.delete_network_acl(NetworkAclId=id)

    def _swap(self, subnet: str, id: str) -> None:
        for found in self._around(subnet):
            for worn in found["Associations"]:
                if worn["SubnetId"] == subnet and found["NetworkAclId"] != id:
                    self._session.ec2.replace_network_acl_association(
                        AssociationId=worn["NetworkAclAssociationId"], NetworkAclId=id
                    )

    def _around(self, subnet: str) -> list[NetworkAclTypeDef]:
        return self._acls("association.subnet-id", subnet)

    def _acls(self, name: str, value: str) -> list[NetworkAclTypeDef]:
        found: Any = pages(
            self._session.ec2,
            "describe_network_acls",
            "NetworkAcls",
            Filters=[{"Name": name, "Values": [value]}],
        )
        return list(found)

    def _subnet(self, id: str) -> Any:
        found = pages(
            self._session.ec2,
            "describe_subnets",
            "Subnets",
            Filters=[{"Name": "subnet-id", "Values": [id]}],
        )
        return only(list(found), "subnet", id)

    def _network_of(self, subnet: str) -> str:
        return str(self._subnet(subnet)["VpcId"])

    def _ranges(self, subnet: str) -> list[IPv4Network | IPv6Network]:
        found = self._subnet(subnet)
        wide = [each["Ipv6CidrBlock"] for each in found.get("Ipv6CidrBlockAssociationSet", [])]
        return [ip_network(cidr) for cidr in (found["CidrBlock"], *wide)]


def _with_rules(firewall: Firewall, rules: tuple[FirewallRule, ...]) -> Firewall:
    spec = firewall.spec.model_copy(update={"rules": rules})
    return firewall.model_copy(update={"spec": spec})
