"""What a token made, found again by its marks."""

from __future__ import annotations

from adapters.openstack import marks
from adapters.openstack.disks import Disks
from adapters.openstack.errors import calling
from adapters.openstack.firewalls import Firewalls
from adapters.openstack.networks import Networks
from broker.adapter import Kind, Made


class Makings(Disks, Networks, Firewalls):
    """Finds what a token made."""

    def made(self, token: str) -> list[Made]:
        """Return what calls with this token made and is still there, a half-filled disk too."""
        with calling("find what a token made"):
            mark = marks.description(token)
            server = self._with_token(token)
            found = [(Kind.INSTANCE, server["id"])] if server else []
            # a card that waits for its server stands for it: it may be all there is
            found += [(Kind.INSTANCE, port["id"]) for port in self._waiting_ports(token)]
            for image in self._images_with(token):
                disk = image.get(marks.IMAGE_ROLE) == marks.DISK
                found.append((Kind.DISK if disk else Kind.IMAGE, image["id"]))
            found += [(Kind.VOLUME, each["id"]) for each in self._volumes_with(token)]
            found += [(Kind.SNAPSHOT, each["id"]) for each in self._snapshots_with(token)]
            found += [(Kind.NETWORK, each["id"]) for each in self._marked("networks", mark)]
            found += [(Kind.FIREWALL, each["id"]) for each in self._groups_with(token)]
            for address in self._routing("floatingips", description=mark):
                found.append((Kind.PUBLIC_ADDRESS, address["id"]))
            return [Made(kind=kind, id=each) for kind, each in found]
