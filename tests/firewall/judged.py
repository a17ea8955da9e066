"""One firewall in a provider's own words, read, translated, written in another's, and judged."""

from __future__ import annotations

import ipaddress
import random
from types import ModuleType

from broker.firewall.translate import Translation, translate
from tests.firewall import oracle
from tests.firewall.native import aws, azure, kvm, openstack, source
from tests.firewall.native.source import Source

DIALECTS: dict[str, ModuleType] = {
    "security groups": aws,
    "network filters": kvm,
    "ordered groups with defaults": azure,
    "project groups": openstack,
}
"""Modules with ``made``, ``written`` and ``FIREWALL``, the limits."""


def judge(seed: int, here: str, there: str, packets: int) -> str:
    """Return the verdict on one firewall; AssertionError where a packet says otherwise."""
    rng = random.Random(seed)
    wanted: Source = DIALECTS[here].made(rng)
    limits = DIALECTS[there].FIREWALL
    known = {
        name: [ipaddress.ip_network(one) for one in source.MEMBERS[name.rpartition(" ")[2]]]
        for name in _names()
        if rng.random() < 0.7
    }
    found: Translation = translate(
        wanted.spec,
        limits,
        also=wanted.also,
        behind=wanted.behind,
        defaults=wanted.defaults,
        partly={f"group {source.OWN}"},
        known=known,
    )
    assert found.proof.never_wider, (seed, found.proof.text)
    if any(loss.blocking for loss in found.losses):
        return "refused"
    lets = DIALECTS[there].written(found.parts)
    # a group that travels has fewer members there
    fewer = DIALECTS[there].written(found.parts, without=source.OWN)
    platform = [
        rule
        for each in (*limits.platform, *DIALECTS[here].FIREWALL.platform)
        for rule in each.rules
    ]
    rules = [*wanted.spec.rules, *(rule for part in found.parts for rule in part.rules)]
    lost = False
    for probe in oracle.probes(rng, rules, EDGES, packets):
        if oracle.passes(platform, probe, EDGES) or not oracle.exists(probe):
            continue
        before, after = wanted.lets(probe), lets(probe)
        assert before or not after, (seed, here, there, probe)
        assert before or not fewer(probe), (seed, here, there, probe)
        lost = lost or (before != after and not wanted.unsure(probe))
    verdict = str(found.proof.verdict)
    assert not lost or verdict == "tighter", (seed, here, there, found.proof.text)
    assert verdict == "equal" or any(loss.fidelity == "tightened" for loss in found.losses), seed
    return verdict


def _names() -> list[str]:
    return [
        f"{'group' if name.startswith('sg-') else 'address set'} {name}"
        for name in sorted(source.MEMBERS)
        if name != source.OWN
    ]


EDGES = {
    name: frozenset(ipaddress.ip_network(one)[0] for one in where)
    for name, where in source.MEMBERS.items()
}
