"""The migrations a placement implies, as plans can be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from broker.migrate import Options, Request
from broker.model import Strict
from broker.placement.problem import Option, Problem
from broker.placement.solve import Placement


class Moves(Strict):
    """The requests, and what cannot be asked for because the file does not name something."""

    requests: tuple[Request, ...]
    unnamed: tuple[str, ...] = ()


def moves(problem: Problem, placement: Placement, accounts: Mapping[str, str]) -> Moves:
    """Return what takes the machines that are named from where they run to where they should.

    ``accounts`` is the account of each place. Of a workload's machines those named first stay where
    they are, as far as some stay.
    """
    options = {option.id: option for option in problem.options}
    requests: list[Request] = []
    unnamed: list[str] = []
    for workload in problem.workloads:
        mine = [placed for placed in placement.placed if placed.workload == workload.name]
        if workload.at is None:
            continue
        staying = sum(placed.count for placed in mine if not placed.moved)
        names = iter(workload.machines[staying:])
        for placed in mine:
            for _ in range(placed.count if placed.moved else 0):
                machine, target = next(names, None), accounts.get(placed.place)
                if machine is None:
                    unnamed.append(f"a machine of {workload.name}")
                elif target is None:
                    unnamed.append(f"the account at {placed.place} that {machine} goes to")
                else:
                    requests.append(_request(machine, target, options[placed.option]))
    return Moves(requests=tuple(requests), unnamed=tuple(dict.fromkeys(unnamed)))


def _request(machine: str, target: str, option: Option) -> Request:
    size = option.offer.id if option.offer else None
    return Request(machine=machine, target=target, options=Options(size=size))


def commands(requests: tuple[Request, ...]) -> Iterator[str]:
    """Yield each request as people would type it."""
    for each in requests:
        size = f" --size {each.options.size}" if each.options.size else ""
        yield f"interop migrate plan {each.machine} {each.target}{size}"
