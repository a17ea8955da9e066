"""What a new machine and its boot disk are asked to be."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from adapters.azure.translate.sizes import NVME_ONLY
from adapters.azure.translate.words import ARCHITECTURE_WORDS, GENERATION_WORDS, SYSTEM_WORDS
from broker.model import Firmware, InstanceSpec, Offer

TRUSTED = "TrustedLaunch"
"""Secure Boot, with the keys most boot loaders are signed for."""


def boot_disk_wish(spec: InstanceSpec, offer: Offer) -> dict[str, Any]:
    """Return what a boot disk says beside what every disk does; what nobody knows is not said."""
    capabilities: dict[str, Any] = {}
    if offer.size.arch in ARCHITECTURE_WORDS:
        capabilities["architecture"] = ARCHITECTURE_WORDS[offer.size.arch]
    if offer.drivers == NVME_ONLY:
        capabilities["diskControllerTypes"] = "SCSI, NVMe"
    wish: dict[str, Any] = {"osType": SYSTEM_WORDS[spec.system.kind]}
    if spec.firmware in GENERATION_WORDS:
        wish["hyperVGeneration"] = GENERATION_WORDS[spec.firmware]
    if spec.firmware is Firmware.UEFI_SECURE:
        wish["securityProfile"] = {"securityType": TRUSTED}
    if capabilities:
        wish["supportedCapabilities"] = capabilities
    return wish


def machine_wish(
    spec: InstanceSpec, offer: Offer, disks: Sequence[str], cards: Sequence[str]
) -> dict[str, Any]:
    """Return what a machine is asked to be, around these paths of disks and cards.

    All of them go with it. No account is set up in the guest: its disk is special, not general.
    """
    attached = [
        {"createOption": "Attach", "managedDisk": {"id": path}, "deleteOption": "Delete"}
        for path in disks
    ]
    storage: dict[str, Any] = {
        "osDisk": {**attached[0], "osType": SYSTEM_WORDS[spec.system.kind]},
        "dataDisks": [{**disk, "lun": lun} for lun, disk in enumerate(attached[1:])],
    }
    if offer.drivers == NVME_ONLY:
        storage["diskControllerType"] = "NVMe"
    wish: dict[str, Any] = {
        "hardwareProfile": {"vmSize": offer.id},
        "storageProfile": storage,
        "networkProfile": {
            "networkInterfaces": [
                {"id": path, "properties": {"primary": place == 0, "deleteOption": "Delete"}}
                for place, path in enumerate(cards)
            ]
        },
        # kept by the platform, at no cost worth the name: the console log
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }
    if spec.firmware is Firmware.UEFI_SECURE:
        wish["securityProfile"] = {
            "securityType": TRUSTED,
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        }
    if spec.user_data is not None:
        wish["userData"] = base64.b64encode(spec.user_data.encode()).decode()
    return {"properties": wish}
