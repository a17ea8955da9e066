"""What a libvirt host accepts, and the checks that keep it true before anything is made."""

from __future__ import annotations

import re

from adapters.kvm.translate import firewall
from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule, SystemLimits
from broker.adapter.performance import check_performance
from broker.errors import Invalid
from broker.model import GIB, KIB, MIB, Arch, Family, Firmware, InstanceSpec, Labels, SystemKind

LIMITS = Limits(
    architectures=frozenset({Arch.X86_64}),
    firmware=frozenset({Firmware.BIOS, Firmware.UEFI, Firmware.UEFI_SECURE}),
    volume_step=KIB,  # libvirt tells qemu-img the size in KiB
    volume_min=KIB,
    volume_max=16 * 1024 * GIB,  # the longest file of ext4 with 4 KiB blocks
    disks_per_instance=16,  # with cards and spare ports they fit on one PCI Express bus
    nics_per_instance=8,
    # the name is a file name on the host (/etc/libvirt/qemu/NAME.xml), of 255 bytes at most
    instance_name=NameRule(
        pattern=r"[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?", max_length=60
    ),
    labels=LabelRule(max_count=100, max_key=256, max_value=1024),
    firewall=FirewallLimits(
        denies=True,
        priorities=firewall.PRIORITIES,
        source_ports=True,
        group_peers=False,
        protocols=firewall.NUMBERS,
        # in both families together; each rule has a priority of its own
        rules_per_direction=firewall.UNORDERED - firewall.FIRST - 1,
        groups_per_nic=1,
        platform=firewall.PLATFORM,
    ),
    user_data_max=MIB,
    any_size=True,
    sets_mac=True,
    # DHCP keeps one IPv4 address for a card; for IPv6 guests show it an id of their own choice
    private_addresses=AddressLimits(families=frozenset({Family.IPV4}), per_family=1, by_dhcp=True),
    public_addresses=False,
    system=SystemLimits(
        kinds=frozenset({SystemKind.LINUX, SystemKind.WINDOWS}), distributions=True
    ),
)


def whole_steps(size: int) -> int:
    """Return ``size`` rounded up to what a volume can have; Invalid beyond the largest."""
    if size > LIMITS.volume_max:
        raise Invalid(f"{size} bytes are more than a volume can hold ({LIMITS.volume_max})")
    return max(LIMITS.volume_min, -(-size // LIMITS.volume_step) * LIMITS.volume_step)


def check_labels(labels: Labels) -> None:
    """Raise Invalid for more or longer labels than are kept."""
    rule = LIMITS.labels
    if len(labels) > rule.max_count:
        raise Invalid(f"{len(labels)} labels are more than {rule.max_count}")
    for key, value in labels.items():
        if len(key) > rule.max_key or len(value) > rule.max_value:
            raise Invalid(
                f"label {key[:40]!r} is too long: {rule.max_key} characters for the key and "
                f"{rule.max_value} for the value at most"
            )


def check_instance(spec: InstanceSpec, disks: int) -> None:
    """Raise Invalid for a machine that is beyond a limit."""
    rule = LIMITS.instance_name
    if len(spec.name) > rule.max_length or not re.fullmatch(rule.pattern, spec.name):
        raise Invalid(
            f"{spec.name[:80]!r} cannot be a machine's name",
            hint=f"Use {rule.max_length} characters at most and no slash",
        )
    if disks != len(spec.volumes):
        raise Invalid(f"{disks} disks for {len(spec.volumes)} volumes")
    counts = (
        ("disks", disks, LIMITS.disks_per_instance),
        ("network cards", len(spec.nics), LIMITS.nics_per_instance),
        ("bytes of user data", len((spec.user_data or "").encode()), LIMITS.user_data_max),
        *(("firewalls on a card", len(nic.firewalls), 1) for nic in spec.nics),
    )
    for what, count, most in counts:
        if count > most:
            raise Invalid(f"{count} {what} are more than {most}")
    if spec.size.arch not in LIMITS.architectures or spec.size.gpus:
        raise Invalid(f"a machine here is x86_64 without GPUs, not {spec.size}")
    _check_addresses(spec)
    if any(nic.public for nic in spec.nics):
        raise Invalid("there are no public addresses here")
    check_labels(spec.labels)
    check_performance(spec.volumes)


def _check_addresses(spec: InstanceSpec) -> None:
    for nic in spec.nics:
        for address in nic.addresses:
            if address.version != 4:
                raise Invalid(
                    f"{address} cannot be set: DHCP for IPv6 does not know a guest by its card",
                    hint="Leave it out, or set it inside the guest",
                )
        if len(nic.addresses) > 1:
            raise Invalid(
                f"a card gets one address from DHCP, not {len(nic.addresses)}",
                hint="Leave the others out, or set them inside the guest",
            )
