"""Whether the target's quotas have room for the machine, before anything is stopped or copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broker.adapter import Counts, Quotas
from broker.migrate.steps import CreateNetwork, Step, VerifyFirewall
from broker.model import MIB, Fidelity, Instance, InstanceSpec, Loss, Power, Size
from broker.units import readable

UNITS = {"memory": MIB, "volume_bytes": 1, "disk_bytes": 1}
"""Bytes that one of a count stands for."""


def used_by(instances: Iterable[Instance]) -> Counts:
    """Return what these machines use, for an account that does not count for itself.

    Volumes that nobody wears are not counted, nor is the size of a stopped machine: some providers
    do not count that either.
    """
    every = list(instances)
    running = [one.spec.size for one in every if one.state.power is Power.RUNNING]
    volumes = [volume for one in every for volume in one.spec.volumes]
    return Counts(
        instances=len(every),
        vcpus=sum(size.vcpus for size in running),
        memory=sum(size.memory for size in running),
        volumes=len(volumes),
        volume_bytes=sum(volume.size for volume in volumes),
    )


def needed_by(spec: InstanceSpec, size: Size, made: Iterable[Step]) -> Counts:
    """Return what one more machine adds at least, together with the networks and firewalls made.

    Of the disks on their way that is one byte: how much of them is data is not known yet.
    """
    steps = list(made)
    firewalls = [step.spec for step in steps if isinstance(step, VerifyFirewall)]
    return Counts(
        instances=1,
        vcpus=size.vcpus,
        memory=size.memory,
        volumes=len(spec.volumes),
        volume_bytes=sum(volume.size for volume in spec.volumes),
        disks=len(spec.volumes),
        disk_bytes=1,
        networks=sum(isinstance(step, CreateNetwork) for step in steps),
        cards=len(spec.nics),
        firewalls=len(firewalls),
        firewall_rules=sum(len(firewall.rules) for firewall in firewalls),
        public_addresses=sum(nic.public for nic in spec.nics),
    )


def of_quotas(quotas: Quotas, used: Counts, needed: Counts, copied: int) -> Iterator[Loss]:
    """Yield a blocking loss for each quota that has no room for what is needed.

    ``copied`` are the bytes of the disks: whether there is room for those is told as unchecked,
    since holes take none.
    """
    for name in Counts.model_fields:
        most: int | None = getattr(quotas, name)
        have: int | None = getattr(used, name)
        more: int | None = getattr(needed, name)
        if most is not None and more and (have or 0) + more > most:
            yield Loss(
                field=f"quotas.{name}",
                fidelity=Fidelity.DROPPED,
                before=f"{_said(name, more)} more",
                after=f"{_said(name, have)} of {_said(name, most)} used",
                reason="the account may not have so many: ask for a higher quota, or make room",
                blocking=True,
            )
    most, have = quotas.disk_bytes, used.disk_bytes or 0
    if most is not None and have + 1 <= most < have + copied:
        yield Loss(
            field="quotas.disk_bytes",
            fidelity=Fidelity.UNCHECKED,
            before=f"up to {readable(copied)} more",
            after=f"{_said('disk_bytes', used.disk_bytes)} of {readable(most)} used",
            reason="how much of the disks is data is seen when they are copied: there may be no "
            "room for the copies",
        )


def _said(name: str, count: int | None) -> str:
    if count is None:
        return "unknown"
    return readable(count * UNITS[name]) if name in UNITS else str(count)
