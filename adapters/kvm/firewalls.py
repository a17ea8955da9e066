"""Firewalls: network filters, enforced on the host's side of each card."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libvirt

from adapters.kvm import notes
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.limits import check_labels
from adapters.kvm.naming import mark, uuid_for
from adapters.kvm.part import Part
from adapters.kvm.translate.firewall import filter_xml, is_ours, rules
from adapters.kvm.translate.foreign_filter import foreign_rules
from adapters.kvm.translate.instance import interfaces
from adapters.kvm.translate.xml import parse
from broker.errors import Conflict, NotFound, Unsupported
from broker.model import (
    Attachment,
    AttachPoint,
    Firewall,
    FirewallRule,
    FirewallSpec,
)


class FirewallCalls(Part):
    """The contract's Firewalls. Filters of others say more than rules can and are left alone."""

    def firewalls(self) -> list[Firewall]:
        """Return every filter that is a firewall: one that drops what no rule lets through."""
        worn = self._worn()
        with calling("list network filters"):
            filters = [
                (found, found.XMLDesc()) for found in self._host.connection.listAllNWFilters()
            ]
        return [self._firewall_of(found, xml, worn) for found, xml in filters if is_ours(xml)]

    def firewall(self, id: str) -> Firewall:
        """Return one firewall; NotFound, or Unsupported for a filter that says what no rule can.

        A filter of others can be read, not changed.
        """
        found = self._host.filter(id)
        with calling("read network filter"):
            xml = found.XMLDesc()
        return self._firewall_of(found, xml, self._worn())

    def _included(self, name: str) -> str:
        with calling("read network filter"):
            return str(self._host.connection.nwfilterLookupByName(name).XMLDesc())

    def create_firewall(self, spec: FirewallSpec, *, token: str) -> Firewall:
        """Make a firewall. The same token twice makes one."""
        check_labels(spec.labels)
        if spec.subnet is not None:
            raise Unsupported("a network filter is worn by cards, it stands around no subnet")
        if not spec.stateful:
            raise Unsupported("answers are always let through here: firewalls are stateful")
        own = uuid_for("firewall", token)
        try:
            found, xml = self._own_filter(own)
        except NotFound:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "-", spec.name)[:40]
            xml = filter_xml(spec.rules, uuid=own, name=f"interop-{plain}-{mark(token)[:8]}")
            with calling("create network filter"):
                found = self._host.connection.nwfilterDefineXML(xml)
                xml = found.XMLDesc()
        note = notes.NamedNote(
            name=spec.name,
            description=spec.description,
            network=spec.network,
            labels=spec.labels,
        )
        notes.write(self._host, _subject(own), note)
        return self._firewall_of(found, xml, self._worn())

    def replace_rules(self, id: str, rules: Sequence[FirewallRule]) -> Firewall:
        """Redefine the filter; libvirt swaps the rules of running machines in one go."""
        found, _ = self._own_filter(id)
        xml = filter_xml(rules, uuid=id, name=found.name())
        with calling("redefine network filter"):
            found = self._host.connection.nwfilterDefineXML(xml)
            xml = found.XMLDesc()
        return self._firewall_of(found, xml, self._worn())

    def delete_firewall(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when a card wears it."""
        try:
            found, _ = self._own_filter(id)
        except NotFound:
            return
        with calling("delete network filter"):
            worn = self._worn().get(found.name())
            if worn:
                raise Conflict(f"firewall {id} is worn by {', '.join(worn)}", provider=PROVIDER)
            found.undefine()
        notes.delete(self._host, _subject(id))

    def _own_filter(self, id: str) -> tuple[libvirt.virNWFilter, str]:
        found = self._host.filter(id)
        with calling("read network filter"):
            xml = found.XMLDesc()
        if not is_ours(xml):
            raise Unsupported(
                f"network filter {found.name()} says what no firewall can",
                hint="Take it off the machine's card, or write it as a firewall, and try again",
                provider=PROVIDER,
            )
        return found, xml

    def _firewall_of(
        self, found: libvirt.virNWFilter, xml: str, worn: dict[str, list[str]]
    ) -> Firewall:
        note = notes.read(self._host, _subject(found.UUIDString()), notes.NamedNote)
        return Firewall(
            id=found.UUIDString(),
            native={"xml": xml},
            spec=FirewallSpec(
                name=note.name if note else found.name(),
                network=note.network if note else None,
                rules=rules(xml) if is_ours(xml) else foreign_rules(xml, self._included),
                description=note.description if note else "",
                labels=note.labels if note else {},
            ),
            attached=tuple(
                Attachment(point=AttachPoint.NIC, id=mac) for mac in worn.get(found.name(), ())
            ),
        )

    def _worn(self) -> dict[str, list[str]]:
        """Return the hardware addresses of the cards that wear a filter, by the filter's name."""
        worn: dict[str, list[str]] = {}
        for _, xml in self._host.domains():
            for card in interfaces(parse(xml)):
                if card.filter:
                    worn.setdefault(card.filter, []).append(card.mac)
        return worn


def _subject(id: str) -> str:
    return f"firewall-{id}"
