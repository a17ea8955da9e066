"""What every account accepts."""

from __future__ import annotations

from adapters.azure import defaults, tags
from adapters.azure.translate.volumes import PROVISIONED
from adapters.azure.translate.words import CLASSES
from broker.adapter import AddressLimits, LabelRule, Limits, NameRule, SystemLimits
from broker.model import GIB, Arch, Firmware, SystemKind

VOLUME_STEP = GIB
"""Empty disks are whole GiB; uploaded ones whole MiB."""

# https://learn.microsoft.com/azure/virtual-machines/disks-types: 32,767 GiB
VOLUME_MAX = 32767 * GIB

# https://learn.microsoft.com/azure/virtual-machines/managed-disks-overview#os-disk: 4,095 GiB
BOOT_VOLUME_MAX = 4095 * GIB

# https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
# #virtual-machine-disk-limits: 64 data disks on the largest sizes, and the boot disk; each offer
# tells its own number
DISKS = 65

# https://learn.microsoft.com/azure/virtual-machines/sizes/overview: 8 on the largest sizes
NICS = 8

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
# #microsoftcompute, for guests other than Windows (those have 15)
NAME, NAME_MOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", 64

# https://learn.microsoft.com/azure/virtual-machines/user-data: 64 KiB in base64
USER_DATA_MAX = 64 * 1024 * 3 // 4

LIMITS = Limits(
    architectures=frozenset({Arch.X86_64, Arch.AARCH64}),
    firmware=frozenset({Firmware.BIOS, Firmware.UEFI, Firmware.UEFI_SECURE}),
    volume_step=VOLUME_STEP,
    volume_min=VOLUME_STEP,
    volume_max=VOLUME_MAX,
    boot_volume_max=BOOT_VOLUME_MAX,
    disks_per_instance=DISKS,
    nics_per_instance=NICS,
    instance_name=NameRule(pattern=NAME, max_length=NAME_MOST),
    labels=LabelRule(
        max_count=tags.MAX_LABELS,
        max_key=tags.MAX_KEY,
        max_value=tags.MAX_VALUE,
        key_pattern=tags.KEY,
        case_told=False,
    ),
    firewall=defaults.LIMITS,
    user_data_max=USER_DATA_MAX,
    any_size=False,
    sets_mac=False,
    private_addresses=AddressLimits(),
    public_addresses=True,
    # a machine has to say whose boot disk it has, which decides about licences and agents, not
    # about how it boots; where nobody knows, this is what costs nothing
    system=SystemLimits(
        kinds=frozenset({SystemKind.LINUX, SystemKind.WINDOWS}), otherwise=SystemKind.LINUX
    ),
    performance_kinds=frozenset(CLASSES.get(word, word) for word in PROVISIONED),
    networks_per_instance=1,
    # https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq: four, and the last
    reserved_addresses=(4, 1),
    volume_kinds=frozenset({*CLASSES.values(), "StandardSSD_ZRS", "Premium_ZRS", "UltraSSD_LRS"}),
    image_formats=frozenset({"vhd"}),
)
