"""What a translation could not carry over as it was."""

from __future__ import annotations

from enum import StrEnum

from broker.model.base import Strict


class Fidelity(StrEnum):
    """How a field arrived. Firewalls may only become TIGHTENED, never wider."""

    EXACT = "exact"
    TIGHTENED = "tightened"
    APPROXIMATED = "approximated"
    DROPPED = "dropped"
    UNCHECKED = "unchecked"


class Loss(Strict):
    """One field that is not the same on the other side, and why.

    ``blocking`` means the move cannot go on: the target has no acceptable form of it.
    """

    field: str
    fidelity: Fidelity
    before: str
    after: str
    reason: str
    blocking: bool = False

    @property
    def lost(self) -> bool:
        """Whether something is not as it was, as far as anybody looked."""
        return self.fidelity not in (Fidelity.EXACT, Fidelity.UNCHECKED)
