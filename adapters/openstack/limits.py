"""What this deployment accepts: asked of it once, where it can be asked."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.openstack import marks
from adapters.openstack.launch import DISKS, NAME, NAME_MOST, NICS, USER_DATA_MOST
from adapters.openstack.session import Session
from adapters.openstack.translate.flavors import FIRMWARE
from adapters.openstack.volumes import MOST_GIB
from broker.adapter import FirewallLimits, LabelRule, Limits, NameRule
from broker.model import GIB, Arch


def probe(session: Session, architectures: Iterable[Arch]) -> Limits:
    """Return the limits of the account: quotas, extensions and microversions change them."""
    extensions = {each["alias"] for each in session.get("network", "/extensions")["extensions"]}
    metadata = session.get("compute", "/limits")["limits"]["absolute"]["maxServerMeta"]
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
        ),
        firewall=FirewallLimits(
            denies=False,
            group_peers=True,
            address_sets="security-groups-remote-address-group" in extensions,
            stateless="stateful-security-group" in extensions,
        ),
        user_data_max=USER_DATA_MOST,
        any_size=False,
        sets_mac=True,
        sets_private_address=True,
        public_addresses=True,
    )
