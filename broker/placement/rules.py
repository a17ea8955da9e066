"""The rules of a problem, one by one, so that each can be named, and left out to see what then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from broker.fit.need import lacks, too_small
from broker.model import Arch
from broker.placement.problem import Domain, Group, Option, Problem, Quota, Workload


@dataclass(frozen=True)
class Allows:
    """A rule about one workload: which options it may use at all."""

    name: str
    workload: Workload
    refused: frozenset[str]
    """Ids of the options it refuses."""
    essential: bool = False
    """Whether it is what the machines need, not what somebody wishes."""


@dataclass(frozen=True)
class Capacity:
    """What a host has, for all that is on it."""

    name: str
    option: Option


@dataclass(frozen=True)
class Limit:
    """A quota."""

    name: str
    quota: Quota


@dataclass(frozen=True)
class Budget:
    """What all may cost a month."""

    name: str


@dataclass(frozen=True)
class Together:
    """All machines of these workloads are at one place."""

    name: str
    workloads: tuple[str, ...]


@dataclass(frozen=True)
class Apart:
    """No two machines of these workloads share a domain."""

    name: str
    workloads: tuple[str, ...]
    domain: Domain


Rule = Allows | Capacity | Limit | Budget | Together | Apart


def rules(problem: Problem) -> list[Rule]:
    """Return every rule of a problem, those about single workloads first."""
    return [
        *(rule for workload in problem.workloads for rule in _about(workload, problem)),
        *(
            Capacity(f"capacity of {option.id}", option)
            for option in problem.options
            if option.capacity
        ),
        *(Limit(_quota(quota), quota) for quota in problem.quotas),
        *(rule for group in problem.groups for rule in _group(group)),
        *(
            [Budget(f"budget of {problem.budget} {problem.currency}")]
            if problem.budget is not None
            else []
        ),
    ]


def _about(workload: Workload, problem: Problem) -> Iterator[Rule]:
    def rule(name: str, refused: Iterator[str], essential: bool = False) -> Allows:
        return Allows(f"{workload.name}: {name}", workload, frozenset(refused), essential)

    size = workload.need.size
    yield rule(
        f"needs {size.vcpus} vCPU, {size.memory} MiB ({size.arch})",
        (option.id for option in problem.options if _misfit(workload, option)),
        essential=True,
    )
    sends = workload.egress_gib or any(flow.source == workload.name for flow in problem.traffic)
    yield rule(
        "only where its traffic, disks and system have a price",
        (
            option.id
            for option in problem.options
            if (sends and option.egress_gib is None)
            or option.disks(workload.disk_gib) is None
            or option.system(workload) is None
        ),
        essential=True,
    )
    if workload.residency:
        yield rule(
            f"data stays in {', '.join(sorted(workload.residency))}",
            (option.id for option in problem.options if not option.tags & workload.residency),
        )
    if latency := workload.latency:
        known = problem.latency.get(latency.site, {})
        yield rule(
            f"at most {latency.ms} ms from {latency.site}",
            (
                option.id
                for option in problem.options
                if option.place not in known or known[option.place] > latency.ms
            ),
        )
    if workload.only:
        yield rule(
            f"only at {', '.join(sorted(workload.only))}",
            (
                option.id
                for option in problem.options
                if not {option.place, option.provider} & workload.only
            ),
        )
    longer = [option.id for option in problem.options if option.years > workload.years]
    if longer:
        yield rule(f"reserved for {workload.years} years at most", iter(longer))
    if not workload.spot:
        yield rule("no spot", (option.id for option in problem.options if option.spot))
    if workload.spread is not None:
        name = f"{workload.name}: no two share a {workload.spread}"
        yield Apart(name, (workload.name,), workload.spread)


def _misfit(workload: Workload, option: Option) -> bool:
    need = workload.need
    if option.offer:
        return bool(lacks(need, option.offer) or too_small(need, option.offer))
    assert option.capacity is not None
    return not (
        option.capacity.vcpus >= need.size.vcpus
        and option.capacity.memory >= need.size.memory
        and option.capacity.gpus >= need.size.gpus
        and need.size.arch in (option.capacity.arch, Arch.UNKNOWN)
    )


def _quota(quota: Quota) -> str:
    parts = [
        f"{count} {what}"
        for count, what in ((quota.vcpus, "vCPUs"), (quota.machines, "machines"))
        if count is not None
    ]
    return f"quota of {' and '.join(parts)} at {quota.place}"


def _group(group: Group) -> Iterator[Rule]:
    names = ", ".join(group.workloads)
    if group.together:
        yield Together(f"{names} together", group.workloads)
    if group.apart is not None:
        yield Apart(f"{names} on different {group.apart}s", group.workloads, group.apart)
