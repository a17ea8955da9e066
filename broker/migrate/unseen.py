"""What of a machine cannot come along and is not in its spec, told so that nothing goes unsaid."""

from __future__ import annotations

from broker.model import Fidelity, Instance, Loss


def of_unseen(instance: Instance) -> tuple[Loss, ...]:
    """Return a loss for all of a machine that its spec says nothing of."""
    return (*_unreadable(instance), *_user_data(instance))


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
