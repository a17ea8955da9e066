"""What a machine runs, as far as a target can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.model import Fidelity, Loss, System, SystemKind

if TYPE_CHECKING:
    from broker.adapter import SystemLimits


def fit_system(system: System, limits: SystemLimits) -> tuple[System, tuple[Loss, ...]]:
    """Return what of ``system`` the target can be told, and every difference."""
    told = System(
        kind=system.kind if system.kind in limits.kinds else SystemKind.UNKNOWN,
        distribution=system.distribution if limits.distributions else None,
    )
    losses = _untold(system, limits) if told != system else _open(system, limits)
    return told, (*losses, *_licence(system))


def _untold(system: System, limits: SystemLimits) -> tuple[Loss, ...]:
    """Return the loss of what the target cannot be told."""
    kind = system.kind if system.kind in limits.kinds else limits.otherwise
    fidelity = Fidelity.DROPPED
    if kind is SystemKind.UNKNOWN:
        reason = "the target cannot be told what a machine runs"
    elif kind is system.kind:
        fidelity = Fidelity.APPROXIMATED if system.distribution else Fidelity.EXACT
        reason = "the target knows of a machine's system no more than that"
    else:
        reason = (
            f"the target cannot be told, and takes the machine for {kind}: it does nothing that "
            "another system needs, and gives no licence for it"
        )
    return (
        Loss(
            field="system",
            fidelity=fidelity,
            before=str(system),
            after="" if kind is SystemKind.UNKNOWN else kind,
            reason=reason,
        ),
    )


def _open(system: System, limits: SystemLimits) -> tuple[Loss, ...]:
    """Return the loss where a target has an answer of its own to what nobody tells."""
    if system.kind is not SystemKind.UNKNOWN or limits.otherwise is SystemKind.UNKNOWN:
        return ()
    return (
        Loss(
            field="system",
            fidelity=Fidelity.UNCHECKED,
            before=str(system),
            after=limits.otherwise,
            reason="the source does not tell what the machine runs, and the target takes it for "
            f"{limits.otherwise}: that decides about licences and what else is done for a guest",
        ),
    )


def _licence(system: System) -> tuple[Loss, ...]:
    if system.billed_as in (None, SystemKind.LINUX):
        return ()
    return (
        Loss(
            field="system.licence",
            fidelity=Fidelity.UNCHECKED,
            before=str(system),
            after="",
            reason="nobody tells whose licence it runs with: see whether that one may be used on "
            "the target, and what the target bills",
        ),
    )
