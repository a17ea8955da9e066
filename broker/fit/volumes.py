"""Disks a target accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.fit.labels import fit_labels
from broker.model import Bus, Fidelity, Loss, VolumeSpec

if TYPE_CHECKING:
    from broker.adapter import Limits


def fit_volumes(
    volumes: tuple[VolumeSpec, ...], limits: Limits
) -> tuple[tuple[VolumeSpec, ...], tuple[Loss, ...]]:
    """Return the nearest disks the target accepts, in the same order, and every difference."""
    losses: list[Loss] = []
    if not volumes:
        reason = "the machine has no disk of its own: there is nothing to move"
        losses.append(_blocking("volumes", "none", "", reason))
    elif not any(volume.boot for volume in volumes):
        losses.append(
            Loss(
                field="volumes.boot",
                fidelity=Fidelity.UNCHECKED,
                before="unknown",
                after=volumes[0].name,
                reason="the source tells of no disk that the machine starts from, or lets nobody "
                "read it: the target starts from the first of these",
            )
        )
    if len(volumes) > limits.disks_per_instance:
        count = str(limits.disks_per_instance)
        reason = f"the target's machines have at most {count} disks"
        losses.append(_blocking("volumes", str(len(volumes)), count, reason))
    fitted = []
    for index, volume in enumerate(volumes):
        most = limits.volume_max
        if index == 0 and limits.boot_volume_max is not None:
            most = limits.boot_volume_max
        kept, lost = _volume(volume, f"volumes[{index}]", limits, most)
        fitted.append(kept)
        losses.extend(lost)
    return tuple(fitted), tuple(losses)


def _volume(
    volume: VolumeSpec, field: str, limits: Limits, most: int
) -> tuple[VolumeSpec, tuple[Loss, ...]]:
    size, size_losses = _size(volume.size, f"{field}.size", limits, most)
    labels, label_losses = fit_labels(volume.labels, limits.labels, f"{field}.labels")
    losses = [*size_losses]
    losses.append(
        Loss(
            field=f"{field}.bus",
            fidelity=Fidelity.UNCHECKED,
            before=volume.bus,
            after="the target's own",
            reason="whether the guest has a driver for the target's disks is not looked into",
        )
    )
    if volume.kind is not None:
        losses.append(
            Loss(
                field=f"{field}.kind",
                fidelity=Fidelity.APPROXIMATED,
                before=volume.kind,
                after="the target's default",
                reason="storage classes of two providers are not the same thing",
            )
        )
    if volume.performance:
        losses.append(
            Loss(
                field=f"{field}.performance",
                fidelity=Fidelity.DROPPED,
                before=volume.performance,
                after="what the target's default gives",
                reason="it was provisioned for a kind of disk that the target does not have: "
                "measure there, and change the new disk's kind where that is not enough",
            )
        )
    if volume.encrypted:
        losses.append(
            Loss(
                field=f"{field}.encrypted",
                fidelity=Fidelity.UNCHECKED,
                before="encrypted by the source",
                after="the target's default",
                reason="the copy holds what the guest sees; the target encrypts by its own setting",
            )
        )
    fitted = volume.model_copy(
        update={
            "size": size,
            "bus": Bus.UNKNOWN,
            "kind": None,
            "iops": None,
            "mibps": None,
            "encrypted": None,
            "labels": labels,
        }
    )
    return fitted, (*losses, *label_losses)


def _size(size: int, field: str, limits: Limits, most: int) -> tuple[int, tuple[Loss, ...]]:
    step = limits.volume_step
    fitted = -(-max(size, limits.volume_min) // step) * step
    if fitted > most:
        reason = f"the target's disks have at most {most} bytes in this place"
        return size, (_blocking(field, f"{size} bytes", "", reason),)
    if fitted == size:
        return size, ()
    return fitted, (
        Loss(
            field=field,
            fidelity=Fidelity.EXACT,
            before=f"{size} bytes",
            after=f"{fitted} bytes",
            reason=f"the target's disks are whole multiples of {step} bytes, "
            f"at least {limits.volume_min}; the content is the same and the rest is zeroes",
        ),
    )


def _blocking(field: str, before: str, after: str, reason: str) -> Loss:
    return Loss(
        field=field,
        fidelity=Fidelity.DROPPED,
        before=before,
        after=after,
        reason=reason,
        blocking=True,
    )
