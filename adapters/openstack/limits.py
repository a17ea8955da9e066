"""What this deployment accepts: asked of it once, where it can be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from adapters.openstack import marks
from adapters.openstack.addresses import ways_out
from adapters.openstack.launch import DISKS, NAME, NAME_MOST, NICS, USER_DATA_MOST
from adapters.openstack.platform import PLATFORM
from adapters.openstack.quotas import quotas
from adapters.openstack.session import NEWEST, Session
from adapters.openstack.translate.firewalls import FIRST_PORT, PROTOCOLS_SAID
from adapters.openstack.translate.flavors import FIRMWARE
from adapters.openstack.volumes import MOST_GIB
from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule, SystemLimits
from broker.model import GIB, WITH_PORTS, Arch, SystemKind

ADDRESS_GROUPS = "security-groups-remote-address-group"
STATELESS = "stateful-security-group"
"""Extensions of neutron that let security groups say more."""


def probe(session: Session, architectures: Iterable[Arch], formats: Iterable[str]) -> Limits:
    """Return the limits of the account: quotas, extensions and microversions change them."""
    compute = session.get("compute", "/limits")["limits"]["absolute"]
    metadata = compute["maxServerMeta"]
    return Limits(
        architectures=frozenset(architectures),
        firmware=FIRMWARE,
        volume_step=GIB,
        volume_min=GIB,
        volume_max=MOST_GIB * GIB,
        disks_per_instance=DISKS,
        nics_per_instance=NICS,
        instance_name=NameRule(pattern=NAME, max_length=NAME_MOST),
        labels=LabelRule(
            max_count=marks.MOST if metadata < 0 else min(marks.MOST, metadata - marks.RESERVED),
            max_key=marks.MOST_CHARACTERS,
            max_value=marks.MOST_CHARACTERS,
            key_pattern=rf"(?!{marks.OURS}){marks.KEY.pattern}",
            value_pattern=marks.VALUE.pattern,
        ),
        firewall=firewall(session.extensions),
        user_data_max=USER_DATA_MOST,
        any_size=False,
        sets_mac=True,
        private_addresses=AddressLimits(),
        public_addresses=bool(ways_out(session)),
        system=SystemLimits(
            kinds=frozenset({SystemKind.LINUX, SystemKind.WINDOWS}), distributions=True
        ),
        quotas=quotas(session),
        volume_kinds=frozenset(
            each["name"] for each in session.listed("block_storage", "/types", "volume_types")
        ),
        image_formats=frozenset(formats),
        apis={each: session.microversion(each) for each in NEWEST},
    )


def firewall(extensions: Collection[str]) -> FirewallLimits:
    """Return what security groups can say where neutron has these extensions."""
    return FirewallLimits(
        denies=False,
        group_peers=True,
        protocols=PROTOCOLS_SAID,
        port_protocols=WITH_PORTS,
        first_port=FIRST_PORT,
        address_sets=ADDRESS_GROUPS in extensions,
        stateless=STATELESS in extensions,
        platform=PLATFORM,
    )
