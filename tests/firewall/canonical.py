"""One random rule set in our own words, translated, and judged packet by packet."""

from __future__ import annotations

import random

from broker.adapter import FirewallLimits
from broker.firewall.translate import Translation, translate
from broker.model import FirewallSpec
from tests.firewall import dialects, oracle


def translated(spec: FirewallSpec, source: FirewallLimits, target: FirewallLimits) -> Translation:
    return translate(
        spec,
        target,
        defaults=source.defaults,
        partly=dialects.REFERENCES,
        known=dialects.KNOWN,
    )


def judge(seed: int, source: FirewallLimits, target: FirewallLimits, packets: int) -> str:
    """Return the verdict on one rule set; AssertionError where the oracle sees it otherwise."""
    rng = random.Random(seed)
    spec = FirewallSpec(name="fw", rules=dialects.rules(rng, source))
    found = translated(spec, source, target)
    platform = [rule for each in target.platform for rule in each.rules]
    every = [*spec.rules, *(rule for part in found.parts for rule in part.rules)]
    lost = False
    for probe in oracle.probes(rng, every, dialects.MEMBERS, packets):
        if oracle.passes(platform, probe, dialects.MEMBERS) or not oracle.exists(probe):
            continue
        before = oracle.lets([spec], probe, dialects.MEMBERS, source.defaults)
        after = oracle.lets(found.parts, probe, dialects.MEMBERS, target.defaults)
        assert before or not after, (seed, probe)
        # a group that travels has fewer members there
        fewer = oracle.lets(found.parts, probe, dialects.FEWER, target.defaults)
        assert before or not fewer, (seed, probe)
        lost = lost or before != after
    assert found.proof.never_wider, (seed, found.proof.text)
    assert not lost or found.proof.verdict == "tighter", (seed, found.proof.text)
    assert found.proof.verdict == "equal" or any(
        loss.fidelity == "tightened" for loss in found.losses
    ), seed
    return found.proof.verdict
