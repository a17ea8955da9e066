"""A client for Network Block Device servers: qemu's, libvirt's backups, nbdkit's.

Numbers are those of https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md.
Whatever a server sends is checked before it is believed: it may be another machine's.
"""

from broker.disks.nbd.channel import Address
from broker.disks.nbd.export import NbdExport

__all__ = ["Address", "NbdExport"]
