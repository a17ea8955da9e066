"""Networks: libvirt's virtual networks, each with a bridge and a DHCP server of its own."""

from __future__ import annotations

import re
from contextlib import ExitStack

import libvirt

from adapters.kvm import notes
from adapters.kvm.errors import PROVIDER, calling
from adapters.kvm.limits import check_labels
from adapters.kvm.naming import mark, uuid_for
from adapters.kvm.part import Part
from adapters.kvm.translate.instance import interfaces
from adapters.kvm.translate.network import network, network_xml
from adapters.kvm.translate.xml import parse
from broker.errors import Conflict, NotFound
from broker.model import Network, NetworkSpec


class NetworkCalls(Part):
    """The contract's Networks."""

    def networks(self) -> list[Network]:
        """Return every network, running or not."""
        with calling("list networks"):
            found = self._host.connection.listAllNetworks()
        return [self._network_of(each) for each in found]

    def network(self, id: str) -> Network:
        """Return one network, or NotFound."""
        return self._network_of(self._host.network(id))

    def create_network(self, spec: NetworkSpec, *, token: str) -> Network:
        """Make and start a network. The same token twice makes one."""
        check_labels(spec.labels)
        own = uuid_for("network", token)
        with ExitStack() as undo:
            try:
                made = self._host.network(own)
            except NotFound:
                xml = network_xml(spec, uuid=own, name=self._free_name(spec.name, token))
                with calling("create network"):
                    made = self._host.connection.networkDefineXML(xml)
                undo.callback(self.delete_network, own)
            with calling("start network"):
                if not made.isActive():
                    made.create()
                made.setAutostart(True)  # machines on it start after the host did
            if made.name() != spec.name or spec.labels:
                note = notes.NamedNote(name=spec.name, labels=spec.labels)
                notes.write(self._host, _subject(own), note)
            undo.pop_all()
        return self._network_of(made)

    def delete_network(self, id: str) -> None:
        """Delete; quiet when it is gone, Conflict when a machine is on it."""
        try:
            found = self._host.network(id)
        except NotFound:
            return
        with calling("delete network"):
            for domain, xml in self._host.domains():
                for card in interfaces(parse(xml)):
                    if card.network == found.name():
                        raise Conflict(
                            f"network {id} is used by {domain.name()}", provider=PROVIDER
                        )
            if found.isActive():
                found.destroy()
            found.undefine()
        notes.delete(self._host, _subject(id))

    def _network_of(self, found: libvirt.virNetwork) -> Network:
        with calling("read network"):
            xml, id = found.XMLDesc(), found.UUIDString()  # noqa: A001
        note = notes.read(self._host, _subject(id), notes.NamedNote)
        return network(xml, name=note.name if note else None, labels=note.labels if note else None)

    def _free_name(self, name: str, token: str) -> str:
        """Return a name libvirt and its bridge helper take, and nobody else has."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:40]
        with calling("list networks"):
            taken = {each.name() for each in self._host.connection.listAllNetworks()}
        return plain if plain == name and name not in taken else f"{plain}-{mark(token)[:6]}"


def _subject(id: str) -> str:
    return f"network-{id}"
