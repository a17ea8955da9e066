"""Whether the target's quotas have room for the machine, before anything is stopped or copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broker.adapter import Quotas
from broker.model import Fidelity, Instance, Loss, Power, Size, Strict, VolumeSpec


class Used(Strict):
    """What the machines of an account use at least; volumes that nobody wears are not counted.

    Some providers do not count the size of a stopped machine, so it is left out.
    """

    instances: int = 0
    vcpus: int = 0
    memory: int = 0
    volumes: int = 0
    volume_bytes: int = 0


def used_by(instances: Iterable[Instance]) -> Used:
    """Return what these machines use."""
    every = list(instances)
    running = [one.spec.size for one in every if one.state.power is Power.RUNNING]
    volumes = [volume for one in every for volume in one.spec.volumes]
    return Used(
        instances=len(every),
        vcpus=sum(size.vcpus for size in running),
        memory=sum(size.memory for size in running),
        volumes=len(volumes),
        volume_bytes=sum(volume.size for volume in volumes),
    )


def of_quotas(
    quotas: Quotas, used: Used, size: Size, volumes: Iterable[VolumeSpec]
) -> Iterator[Loss]:
    """Yield a blocking loss for each quota that one more machine of this size goes beyond."""
    sizes = [volume.size for volume in volumes]
    needed = Used(
        instances=1,
        vcpus=size.vcpus,
        memory=size.memory,
        volumes=len(sizes),
        volume_bytes=sum(sizes),
    )
    for name in Used.model_fields:
        most: int | None = getattr(quotas, name)
        have: int = getattr(used, name)
        more: int = getattr(needed, name)
        if most is not None and have + more > most:
            yield Loss(
                field=f"quotas.{name}",
                fidelity=Fidelity.DROPPED,
                before=f"{more} more",
                after=f"{have} of {most} used",
                reason="the account may not have so many: ask for a higher quota, or make room",
                blocking=True,
            )
