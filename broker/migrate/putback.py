"""What happens to a run that failed: the source as it was, the target clean, the bytes kept."""

from __future__ import annotations

from typing import NamedTuple

from broker.adapter import Kind
from broker.errors import BrokerError
from broker.migrate.copying import held_bytes
from broker.migrate.document import Plan
from broker.migrate.ends import Ends
from broker.migrate.facts import Facts
from broker.migrate.removal import remove_made
from broker.migrate.report import Kept
from broker.migrate.reverse import undo
from broker.migrate.steps import CopyDisks, StopSource


class Aftermath(NamedTuple):
    """The facts to go on from, and what is still on the target."""

    facts: Facts
    kept: tuple[Kept, ...]
    leftovers: tuple[str, ...]


def put_back(plan: Plan, ends: Ends, facts: Facts) -> Aftermath:
    """Undo the steps that ran, in reverse, all but the copies."""
    return _take_back(plan, ends, facts, last=_reached(plan, facts), keep_copies=True)


def undo_all(plan: Plan, ends: Ends, facts: Facts) -> Aftermath:
    """Undo every step, in reverse, the copies that earlier runs have kept too."""
    return _take_back(plan, ends, facts, last=len(plan.steps) - 1, keep_copies=False)


def _take_back(plan: Plan, ends: Ends, facts: Facts, *, last: int, keep_copies: bool) -> Aftermath:
    """Go on after an error, and name what it has left: the rest still has to be put back.

    The facts start anew, since the source may change from now on: the journals of the copies tell
    what need not be sent again.
    """
    left = Facts()
    leftovers: list[str] = []
    kept: list[Kept] = []
    for index in range(last, -1, -1):
        step, token = plan.steps[index], plan.token(index)
        try:
            if isinstance(step, CopyDisks) and keep_copies:
                kept[:0] = _kept(step, ends, token)
            else:
                undo(step, ends, facts, token)
        except BrokerError as error:
            leftovers.append(f"{step.title}: {error}")
            if isinstance(step, StopSource):
                left = left.with_source_power(facts.source_power)
    return Aftermath(left, tuple(kept), tuple(leftovers))


def _kept(step: CopyDisks, ends: Ends, token: str) -> list[Kept]:
    """Return the disks of a step, but for those that went with the machine made from them.

    There the guest had started and written to them: they were no copies any more. One without a
    journal is deleted: nobody knows what it holds.
    """
    kept: list[Kept] = []
    for disk, own in step.tokens(token):
        # before the source is started, which is undone later
        ends.folder.doubt_copy(own)
        if not ends.folder.journal(own).exists():
            remove_made(ends.target, own)
        found = [made.id for made in ends.target.made(own) if made.kind is Kind.DISK]
        if not found:
            ends.folder.forget_copy(own)
        held = held_bytes(ends.folder.journal(own))
        kept += [Kept(disk=each, name=disk.name, bytes=held) for each in found]
    return kept


def _reached(plan: Plan, facts: Facts) -> int:
    """Return the index of the step that was under way, or the last."""
    under_way = [index for index in range(len(plan.steps)) if not facts.has(index)]
    return under_way[0] if under_way else len(plan.steps) - 1
