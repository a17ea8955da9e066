"""A machine a target accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.fit.labels import fit_labels
from broker.fit.names import fit_name
from broker.fit.system import fit_system
from broker.fit.volumes import fit_volumes
from broker.model import (
    Arch,
    Fidelity,
    Firmware,
    InstanceSpec,
    Loss,
    NicSpec,
    Size,
)

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from broker.adapter import AddressLimits, Limits

    Address = IPv4Address | IPv6Address


def fit(spec: InstanceSpec, limits: Limits) -> tuple[InstanceSpec, tuple[Loss, ...]]:
    """Return the nearest spec a target with ``limits`` accepts, and every difference from ``spec``.

    A blocking loss means there is no acceptable form of that field. Networks, subnets and firewalls
    of the cards are left as they are: what stands for them on the target is decided elsewhere.
    """
    name, name_losses = fit_name(spec.name, limits.instance_name)
    labels, label_losses = fit_labels(spec.labels, limits.labels)
    system, system_losses = fit_system(spec.system, limits.system)
    volumes, volume_losses = fit_volumes(spec.volumes, limits)
    nics, nic_losses = _nics(spec.nics, limits)
    user_data, user_data_losses = _user_data(spec.user_data, limits.user_data_max)
    fitted = spec.model_copy(
        update={
            "name": name,
            "labels": labels,
            "system": system,
            "volumes": volumes,
            "nics": nics,
            "user_data": user_data,
            "key_pair": None,
        }
    )
    losses = (
        *name_losses,
        *_size(spec.size, limits),
        *_firmware(spec.firmware, limits.firmware),
        *system_losses,
        *volume_losses,
        *nic_losses,
        *_key_pair(spec.key_pair),
        *user_data_losses,
        *label_losses,
    )
    return fitted, losses


def _size(size: Size, limits: Limits) -> tuple[Loss, ...]:
    if size.arch in limits.architectures - {Arch.UNKNOWN}:
        return ()
    had = ", ".join(sorted(limits.architectures))
    if Arch.UNKNOWN in limits.architectures:
        return (
            Loss(
                field="size.arch",
                fidelity=Fidelity.UNCHECKED,
                before=size.arch,
                after=had,
                reason="the target does not tell the architecture of all its sizes; if the machine "
                "is refused or does not boot, take a size that is known to be of this one",
            ),
        )
    if size.arch is Arch.UNKNOWN:
        only = len(limits.architectures) == 1
        return (
            Loss(
                field="size.arch",
                fidelity=Fidelity.UNCHECKED,
                before=size.arch,
                after=had,
                reason="the source does not tell the architecture, and the target has "
                + ("only this one" if only else "several"),
                blocking=not only,
            ),
        )
    return (
        Loss(
            field="size.arch",
            fidelity=Fidelity.DROPPED,
            before=size.arch,
            after="",
            reason=f"the target runs only {had}",
            blocking=True,
        ),
    )


def _firmware(firmware: Firmware, accepted: frozenset[Firmware]) -> tuple[Loss, ...]:
    if firmware is Firmware.UNKNOWN:
        return (
            Loss(
                field="firmware",
                fidelity=Fidelity.UNCHECKED,
                before=firmware,
                after="the target's default",
                reason="the source does not tell what starts the guest; if it does not boot, this "
                "is the first thing to look at",
            ),
        )
    if firmware in accepted:
        return ()
    return (
        Loss(
            field="firmware",
            fidelity=Fidelity.DROPPED,
            before=firmware,
            after="",
            reason=f"the target starts guests only with {', '.join(sorted(accepted))}",
            blocking=True,
        ),
    )


def _nics(
    nics: tuple[NicSpec, ...], limits: Limits
) -> tuple[tuple[NicSpec, ...], tuple[Loss, ...]]:
    losses = [*_too_many_nics(nics, limits)]
    fitted = []
    for index, nic in enumerate(nics):
        kept, lost = _nic(nic, f"nics[{index}]", limits)
        fitted.append(kept)
        losses.extend(lost)
    return tuple(fitted), tuple(losses)


def _too_many_nics(nics: tuple[NicSpec, ...], limits: Limits) -> tuple[Loss, ...]:
    networks = len({nic.network for nic in nics})
    counts = (
        ("nics", len(nics), limits.nics_per_instance, "network cards"),
        ("networks", networks, limits.networks_per_instance, "networks"),
    )
    return tuple(
        Loss(
            field=field,
            fidelity=Fidelity.DROPPED,
            before=str(count),
            after=str(most),
            reason=f"the target's machines have at most {most} {noun}",
            blocking=True,
        )
        for field, count, most, noun in counts
        if most is not None and count > most
    )


def _nic(nic: NicSpec, field: str, limits: Limits) -> tuple[NicSpec, tuple[Loss, ...]]:
    losses: list[Loss] = []
    if nic.mac is not None and not limits.sets_mac:
        losses.append(
            _dropped(f"{field}.mac", nic.mac, "the target assigns hardware addresses itself")
        )
        nic = nic.model_copy(update={"mac": None})
    addresses, lost = _addresses(nic.addresses, f"{field}.addresses", limits.private_addresses)
    losses.extend(lost)
    nic = nic.model_copy(update={"addresses": addresses})
    if nic.public and not limits.public_addresses:
        losses.append(_dropped(f"{field}.public", "yes", "the target has no public addresses"))
        nic = nic.model_copy(update={"public": False})
    elif nic.public:
        losses.append(
            Loss(
                field=f"{field}.public",
                fidelity=Fidelity.APPROXIMATED,
                before="its public address",
                after="a new public address",
                reason="public addresses belong to their provider: change DNS after the move",
            )
        )
    return nic, tuple(losses)


def _addresses(
    wanted: tuple[Address, ...], field: str, told: AddressLimits | None
) -> tuple[tuple[Address, ...], list[Loss]]:
    if told is None:
        before = ", ".join(map(str, wanted))
        reason = "the target assigns private addresses itself"
        return (), [_dropped(field, before, reason)] if wanted else []
    kept: list[Address] = []
    losses = []
    for address in wanted:
        alike = sum(one.version == address.version for one in kept)
        if f"ipv{address.version}" not in told.families:
            reason = f"the target assigns private IPv{address.version} addresses itself"
            losses.append(_dropped(field, str(address), reason))
        elif told.per_family is not None and alike >= told.per_family:
            reason = f"the target sets at most {told.per_family} of a family on a card"
            losses.append(_dropped(field, str(address), reason))
        else:
            kept.append(address)
    return tuple(kept), losses


def _key_pair(key_pair: str | None) -> tuple[Loss, ...]:
    if key_pair is None:
        return ()
    reason = "the keys are on the guest's disk already, and the name means nothing on the target"
    return (_dropped("key_pair", key_pair, reason),)


def _user_data(user_data: str | None, most: int) -> tuple[str | None, tuple[Loss, ...]]:
    if user_data is None:
        return None, ()
    size = len(user_data.encode())
    if size > most:
        reason = f"the target takes at most {most} bytes; the guest has run it already"
        return None, (_dropped("user_data", f"{size} bytes", reason),)
    return user_data, (
        Loss(
            field="user_data",
            fidelity=Fidelity.UNCHECKED,
            before=f"{size} bytes",
            after=f"{size} bytes",
            reason="to the guest it is a new machine: it may run its first-boot part once more",
        ),
    )


def _dropped(field: str, before: str, reason: str) -> Loss:
    return Loss(field=field, fidelity=Fidelity.DROPPED, before=before, after="", reason=reason)
