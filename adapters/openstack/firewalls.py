"""Security groups."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from adapters.openstack import marks
from adapters.openstack.base import Base
from adapters.openstack.errors import calling
from adapters.openstack.limits import STATELESS
from adapters.openstack.translate import firewalls
from adapters.openstack.translate.networks import CLOSED, tags, worn_by
from broker.errors import Conflict, NotFound, Unsupported
from broker.model import Firewall, FirewallRule, FirewallSpec

PATH = "/security-groups"


class Firewalls(Base):
    """Sets of rules that ports wear."""

    def firewalls(self) -> list[Firewall]:
        """Return every security group that can be worn here; complete, or an error is raised."""
        with calling("list firewalls"):
            worn: dict[str, list[str]] = {}
            for port in self._session.listed("network", "/ports", "ports"):
                for group in worn_by(port):
                    worn.setdefault(group, []).append(port["id"])
            listed = self._session.listed("network", PATH, "security_groups")
            found = [
                firewalls.firewall(told, worn.get(told["id"], []))
                for told in listed
                if self._usable(told)
            ]
            return [*found, firewalls.closed(worn[CLOSED])] if CLOSED in worn else found

    def firewall(self, id: str) -> Firewall:
        """Return one security group by id; NotFound when there is none."""
        with calling("look at firewall"):
            return self._firewall(id)

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a security group that does exactly what ``spec`` says, or raise Unsupported.

        A new group lets everything out, or what the operator wants of new groups; those rules are
        gone when this returns.
        """
        with calling("create firewall"):
            if spec.subnet is not None:
                raise Unsupported("a security group is worn by ports, it stands around no subnet")
            rules = _said(spec.rules)
            known = self._groups_with(token)
            group = known[0]["id"] if known else self._new_group(spec, token)
            if spec.labels:
                self._session.put("network", f"{PATH}/{group}/tags", {"tags": tags(spec.labels)})
            self._become(group, rules)
            return self._firewall(group)

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Make ``rules`` the group's rules; those in both sets never stop working in between."""
        with calling("replace rules"):
            self._become(id, _said(rules))
            return self._firewall(id)

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when it is worn."""
        with calling("delete firewall"), contextlib.suppress(NotFound):
            self._session.delete("network", f"{PATH}/{marks.id_of(id, 'firewall')}")

    def address_set(self, id: str) -> list[IPv4Network | IPv6Network]:
        """Return what is in an address group now; NotFound when there is none."""
        with calling("look at address set"):
            path = f"/address-groups/{marks.id_of(id, 'address set')}"
            told = self._session.get("network", path)["address_group"]
            return [ip_network(each) for each in told["addresses"]]

    def _group(self, id: str) -> Mapping[str, Any]:
        path = f"{PATH}/{marks.id_of(id, 'firewall')}"
        found: Mapping[str, Any] = self._session.get("network", path)["security_group"]
        return found

    def _firewall(self, id: str) -> Firewall:
        told = None if id == CLOSED else self._group(id)
        worn = [
            port["id"]
            for port in self._session.listed("network", "/ports", "ports")
            if id in worn_by(port)
        ]
        return firewalls.firewall(told, worn) if told else firewalls.closed(worn)

    def _groups_with(self, token: str) -> list[Mapping[str, Any]]:
        """Return the groups the token made; their descriptions have people's words in them too."""
        listed = self._session.listed("network", PATH, "security_groups")
        return [told for told in listed if marks.has_token(told, token)]

    def _new_group(self, spec: FirewallSpec, token: str) -> str:
        wish: dict[str, object] = {
            "name": spec.name,
            "description": marks.description(token, spec.description),
        }
        if STATELESS in self._session.extensions:
            # said in any case: an operator may let new groups be stateless
            wish["stateful"] = spec.stateful
        elif not spec.stateful:
            raise Unsupported("this deployment's neutron has no stateless groups")
        made = self._session.post("network", PATH, {"security_group": wish})
        return str(made["security_group"]["id"])

    def _become(self, id: str, rules: Sequence[FirewallRule]) -> None:
        """Make what is missing, then delete what is too much. May be called twice."""
        wanted = {_sense(rule): rule for rule in rules}
        for told in self._group(id)["security_group_rules"]:
            if _sense(firewalls.rule(told)) in wanted:
                del wanted[_sense(firewalls.rule(told))]
        for rule in wanted.values():
            body = {"security_group_rule": firewalls.rule_wish(rule, id)}
            with contextlib.suppress(Conflict):  # one that means the same is there
                self._session.post("network", "/security-group-rules", body)
        kept = {_sense(rule) for rule in rules}
        for told in self._group(id)["security_group_rules"]:
            if _sense(firewalls.rule(told)) not in kept:
                self._session.delete("network", f"/security-group-rules/{told['id']}")


def _said(rules: Sequence[FirewallRule]) -> list[FirewallRule]:
    """Return the rules in neutron's forms; Unsupported, before any is made, when it has none."""
    found = [form for rule in rules for form in firewalls.forms(rule)]
    for form in found:
        firewalls.rule_wish(form, "")
    return found


def _sense(rule: FirewallRule) -> FirewallRule:
    """Return the rule without its description, which changes nothing."""
    return rule.model_copy(update={"description": ""})
