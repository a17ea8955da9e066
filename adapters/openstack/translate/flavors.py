"""Flavors: the sizes on offer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapters.openstack.translate.words import ARCHITECTURES
from broker.model import GIB, MIB, Arch, Firmware, Offer, Size

FIRMWARE = frozenset({Firmware.BIOS, Firmware.UEFI})
"""What starts the guest is the image's to say, not the flavor's."""

# os-traits has one trait an architecture; the other is the older form of schedulers' filters
_TRAIT = re.compile(r"trait:(?:COMPUTE|HW)_ARCH_(\w+)")
_FILTER = re.compile(r"capabilities:cpu_(?:info:)?arch")
_GPU = re.compile(r"resources\d*:(VGPU|PGPU)|pci_passthrough:alias")


def offer(flavor: Mapping[str, Any], otherwise: Arch) -> Offer:
    """Return a flavor as an offer, under its name: a server tells no other."""
    specs: Mapping[str, str] = flavor.get("extra_specs", {})
    ephemeral = flavor.get("OS-FLV-EXT-DATA:ephemeral") or 0
    return Offer(
        id=flavor["name"],
        size=size(flavor, otherwise),
        firmware=FIRMWARE,
        local_disk=ephemeral * GIB,
        bare_metal=any(key.startswith("resources:CUSTOM_BAREMETAL") for key in specs),
        current=not flavor.get("OS-FLV-DISABLED:disabled", False),
    )


def local_disk(flavor: Mapping[str, Any]) -> int:
    """Return all that a server with this flavor, as it tells it, has beside its volumes."""
    # told in GiB, and in MiB
    return int(flavor.get("ephemeral") or 0) * GIB + int(flavor.get("swap") or 0) * MIB


def size(flavor: Mapping[str, Any], otherwise: Arch) -> Size:
    """Return the size of a flavor, as the flavor or the server that has it tells it."""
    specs: Mapping[str, str] = flavor.get("extra_specs", {})
    return Size(
        vcpus=flavor["vcpus"],
        memory=flavor["ram"],
        arch=_arch(specs) or otherwise,
        gpus=sum(_count(key, value) for key, value in specs.items()),
    )


def _arch(specs: Mapping[str, str]) -> Arch | None:
    for key, value in specs.items():
        trait = _TRAIT.fullmatch(key)
        word = trait[1] if trait and value == "required" else value if _FILTER.match(key) else ""
        # a filter's value may have an operator in front
        found = ARCHITECTURES.get(word.split()[-1].lower()) if word else None
        if found:
            return found
    return None


def _count(key: str, value: str) -> int:
    if not _GPU.fullmatch(key):
        return 0
    # "2", or a list of devices of which some are "gpu:2"
    found = re.fullmatch(r"\d+", value)
    return int(value) if found else sum(map(int, re.findall(r"gpu[\w-]*:(\d+)", value, re.I)))
