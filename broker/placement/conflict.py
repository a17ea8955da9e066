"""Which rules contradict each other: a set of which none can be left out (QuickXplain)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from broker.errors import BrokerError
from broker.placement.build import Key
from broker.placement.problem import Problem
from broker.placement.rules import Allows, Rule
from broker.placement.search import SECONDS, solve


class Conflict(NamedTuple):
    """Rules that cannot hold at once; with ``exact``, all others can when any of them is dropped.

    Not exact means that time ran out for the proof: it holds as far as machines could be divided.
    """

    rules: list[Rule]
    exact: bool = True


def conflict(
    problem: Problem, every: Sequence[Rule], *, forced: Key | None = None, seconds: float = SECONDS
) -> Conflict:
    """Return rules that cannot hold at once, none when all can; BrokerError when time runs out.

    What machines need is not for sale: it is among them only where it alone cannot be had. Where
    even machines that could be divided do not fit, that is found first: it is quick, and leaves
    few rules for the real search.
    """
    end = time.monotonic() + seconds

    def holds(kept: Sequence[Rule], divided: bool) -> bool:
        left = max(0.01, end - time.monotonic())
        outcome, counts = solve(
            problem, kept, seconds=left, forced=forced, any_will_do=True, divided=divided
        )
        if counts is None and outcome is not None and outcome.out_of_time:
            raise TimeoutError
        return counts is not None

    needs: list[Rule] = [rule for rule in every if isinstance(rule, Allows) and rule.essential]
    # Those in front are preferred: few quotas explain more than the wishes of many workloads.
    wishes = sorted(
        (rule for rule in every if rule not in needs), key=lambda rule: isinstance(rule, Allows)
    )
    try:
        if not holds(needs, True):
            return Conflict(_explain([], needs, lambda kept: holds(kept, True)))
        if not holds(every, True):
            wishes = _explain(needs, wishes, lambda kept: holds(kept, True))
        elif holds(every, False):
            return Conflict([])
    except TimeoutError:
        raise BrokerError(
            f"no placement was found within {seconds:g} s, nor what is in its way",
            hint="Give it more time (--seconds)",
        ) from None
    try:
        if not holds(needs, False):
            return Conflict(_explain([], needs, lambda kept: holds(kept, False)))
        return Conflict(_explain(needs, wishes, lambda kept: holds(kept, False)))
    except TimeoutError:
        return Conflict(wishes, exact=False)


def _explain(
    background: Sequence[Rule], suspects: Sequence[Rule], holds: Callable[[Sequence[Rule]], bool]
) -> list[Rule]:
    """Return which of ``suspects`` are needed for them not to hold with ``background``."""

    def search(given: list[Rule], added: bool, left: list[Rule]) -> list[Rule]:
        if added and not holds(given):
            return []
        if len(left) == 1:
            return left
        half = len(left) // 2
        second = search(given + left[:half], True, left[half:])
        first = search(given + second, bool(second), left[:half])
        return first + second

    return search(list(background), False, list(suspects))
