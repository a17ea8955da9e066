"""What of a machine cannot come along and is not in its spec, told so that nothing goes unsaid."""

from __future__ import annotations

from broker.model import Fidelity, Instance, Loss
from broker.units import readable


def of_unseen(instance: Instance, got: int | None) -> tuple[Loss, ...]:
    """Return a loss for all of a machine that its spec says nothing of.

    ``got`` is the local disk of its size on the target, None where nobody tells.
    """
    return (*_unreadable(instance), *_local_disk(instance, got), *_user_data(instance))


def _unreadable(instance: Instance) -> list[Loss]:
    if instance.unreadable is None:
        return []
    return [
        Loss(
            field="volumes",
            fidelity=Fidelity.DROPPED,
            before=f"{len(instance.volumes)} disks",
            after="",
            reason=instance.unreadable,
            blocking=True,
        )
    ]


def _local_disk(instance: Instance, got: int | None) -> list[Loss]:
    """Told also where the target has such a disk: what is on it never comes along."""
    had = instance.local_disk
    if had == 0:
        return []
    return [
        Loss(
            field="local_disk",
            fidelity=Fidelity.UNCHECKED if had is None else Fidelity.DROPPED,
            before="unknown" if had is None else f"{readable(had)} on its host",
            after="unknown" if got is None else f"{readable(got)}, empty" if got else "none",
            reason="disks that the host lends a machine are not read: what is on them stays "
            "behind; copy what is needed to another disk before the move, and see that no mount "
            "or swap of the guest waits for them",
        )
    ]


def _user_data(instance: Instance) -> list[Loss]:
    if instance.user_data_told:
        return []
    return [
        Loss(
            field="user_data",
            fidelity=Fidelity.UNCHECKED,
            before="unknown",
            after="none",
            reason="the source does not tell this account whether there is any: what the guest "
            "runs of it at each boot stays behind; if that matters, move with an account that is "
            "told, or give it to the new machine by hand",
        )
    ]
