"""What an account accepts."""

from __future__ import annotations

from adapters.aws import tags
from adapters.aws.platform import PLATFORM
from adapters.aws.translate.volumes import PROVISIONED
from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule, SystemLimits
from broker.model import GIB, TCP, UDP, Arch, Firmware, SystemKind

VOLUME_STEP = GIB

# https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html: 64 TiB
VOLUME_MAX = 65536 * GIB

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html: 28 attachments on
# most Nitro types, network cards included
DISKS = 27

# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-type-specifications.html: the
# most any type has; each offer tells its own number
NICS = 15

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
USER_DATA_MAX = 16 * 1024

# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html, the defaults
RULES_PER_DIRECTION, GROUPS_PER_NIC = 60, 5
ACL_RULES_PER_DIRECTION = 20

# https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html: 32767 is the one nobody can take
# away, which denies
ACL_NUMBERS = (1, 32766)

LIMITS = Limits(
    architectures=frozenset({Arch.X86_64, Arch.AARCH64}),
    # Secure Boot needs the guest's variable store in the image, which no disk carries
    firmware=frozenset({Firmware.BIOS, Firmware.UEFI}),
    volume_step=VOLUME_STEP,
    volume_min=VOLUME_STEP,
    volume_max=VOLUME_MAX,
    disks_per_instance=DISKS,
    nics_per_instance=NICS,
    instance_name=NameRule(pattern=r"[^\x00-\x1f]+", max_length=255),
    labels=LabelRule(max_count=tags.MAX_LABELS, max_key=tags.MAX_KEY, max_value=tags.MAX_VALUE),
    firewall=FirewallLimits(
        denies=False,
        group_peers=True,
        address_sets=True,
        # https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html: a rule that
        # names a group or prefix list names no family
        peers_in_all_families=True,
        port_protocols=frozenset({TCP, UDP}),
        rules_per_direction=RULES_PER_DIRECTION,
        families_apart=True,
        groups_per_nic=GROUPS_PER_NIC,
        platform=PLATFORM,
    ),
    subnet_firewall=FirewallLimits(
        denies=True,
        priorities=ACL_NUMBERS,
        group_peers=False,
        port_protocols=frozenset({TCP, UDP}),
        stateless=True,
        rules_per_direction=ACL_RULES_PER_DIRECTION,
        groups_per_nic=1,
        # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html: they are asked
        # about what enters and leaves the subnet
        spares_neighbours=True,
    ),
    user_data_max=USER_DATA_MAX,
    any_size=False,
    sets_mac=False,
    private_addresses=AddressLimits(),
    public_addresses=True,
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html: a snapshot of
    # what was no licensed machine here becomes an image of Linux/UNIX, and nobody can say else
    system=SystemLimits(otherwise=SystemKind.LINUX),
    performance_kinds=frozenset(PROVISIONED),
    networks_per_instance=1,
    # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    reserved_addresses=(4, 1),
)
