"""What other tools have libvirt keep of what a domain runs: an id of osinfo-db.

virt-install, virt-manager and cockpit write one, like ``http://ubuntu.com/ubuntu/24.04``.
"""

from __future__ import annotations

from adapters.kvm.translate.xml import Element
from broker.model import System, SystemKind

NAMESPACE = "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"

DISTRIBUTIONS = {
    "centos-stream": "centos",
    "coreos": "fedora",
    "rhel-atomic": "rhel",
    "silverblue": "fedora",
    # a Linux, or anything, of which osinfo-db has no entry
    "linux": None,
    "unknown": None,
}
"""Ids whose first part is not the distribution that osinfo-db 20221130 has of them."""


def system(domain: Element) -> System:
    """Return what the id in a domain's metadata says."""
    kept = domain.find(f"metadata/{NAMESPACE}libosinfo/{NAMESPACE}os")
    _, _, path = (kept.get("id", "") if kept is not None else "").partition("://")
    name = [*path.split("/"), ""][1]
    kind = SystemKind.LINUX if name == SystemKind.LINUX else None
    return System.named(kind, DISTRIBUTIONS.get(name, name))
