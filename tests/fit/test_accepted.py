"""What comes out of a fit without a blocking loss is what the reference cloud accepts."""

import ipaddress
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory import checks
from adapters.memory.settings import ROOMY
from broker.adapter import AddressLimits, FirewallLimits, LabelRule, Limits, NameRule, SystemLimits
from broker.firewall import translate
from broker.fit.instance import fit
from broker.model import (
    MIB,
    Arch,
    Bus,
    Family,
    FirewallSpec,
    Firmware,
    InstanceSpec,
    NicSpec,
    Size,
    SystemKind,
    VolumeSpec,
)
from tests.firewall.dialects import DIALECTS, rules
from tests.strategies import systems

limits = st.builds(
    lambda **given: ROOMY.model_copy(update=given),
    architectures=st.frozensets(st.sampled_from([Arch.X86_64, Arch.AARCH64]), min_size=1),
    firmware=st.frozensets(st.sampled_from([Firmware.BIOS, Firmware.UEFI]), min_size=1),
    volume_step=st.sampled_from([1, 512, MIB]),
    volume_max=st.integers(MIB, 8 * MIB),
    disks_per_instance=st.integers(1, 3),
    nics_per_instance=st.integers(0, 2),
    networks_per_instance=st.none() | st.just(1),
    instance_name=st.sampled_from(
        [
            NameRule(),
            NameRule(pattern=r"[a-z][a-z0-9-]*", max_length=8),
            NameRule(pattern=r"[^/]+", max_length=5),
        ]
    ),
    labels=st.builds(
        LabelRule,
        max_count=st.integers(0, 2),
        max_key=st.integers(0, 3),
        max_value=st.integers(0, 3),
    ),
    user_data_max=st.integers(0, 8),
    sets_mac=st.booleans(),
    private_addresses=st.none()
    | st.builds(
        AddressLimits,
        families=st.sampled_from([frozenset(Family), frozenset({Family.IPV4}), frozenset()]),
        per_family=st.none() | st.integers(1, 2),
    ),
    public_addresses=st.booleans(),
    system=st.builds(
        SystemLimits,
        kinds=st.frozensets(st.sampled_from([SystemKind.LINUX, SystemKind.WINDOWS])),
        distributions=st.booleans(),
        otherwise=st.sampled_from([SystemKind.LINUX, SystemKind.UNKNOWN]),
    ),
)

nics = st.builds(
    NicSpec,
    network=st.sampled_from(["a", "b"]),
    mac=st.none() | st.just("52:54:00:00:00:01"),
    addresses=st.lists(
        st.sampled_from(["10.0.0.9", "10.0.0.8", "10.0.0.7", "fd00::9"]), unique=True
    ).map(lambda texts: tuple(map(ipaddress.ip_address, texts))),
    public=st.booleans(),
)

volumes = st.builds(
    VolumeSpec,
    name=st.just("disk"),
    size=st.integers(1, 10 * MIB),
    bus=st.sampled_from(Bus),
    kind=st.none() | st.just("fast"),
    encrypted=st.none() | st.booleans(),
)

specs = st.builds(
    InstanceSpec,
    name=st.text(min_size=1, max_size=20),
    size=st.builds(Size, vcpus=st.just(1), memory=st.just(64), arch=st.sampled_from(Arch)),
    firmware=st.sampled_from(Firmware),
    system=systems,
    volumes=st.lists(volumes, max_size=4).map(tuple),
    nics=st.lists(nics, max_size=3).map(tuple),
    key_pair=st.none() | st.just("ops"),
    user_data=st.none() | st.text(max_size=10),
    labels=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(specs, limits)
def test_a_machine(spec: InstanceSpec, target: Limits) -> None:
    fitted, losses = fit(spec, target)
    if spec.size.arch is Arch.UNKNOWN or any(loss.blocking for loss in losses):
        return
    checks.instance(target, fitted, ["disk"] * len(fitted.volumes))
    for volume in fitted.volumes:
        assert checks.volume_size(target, volume.size) == volume.size
    again, lost = fit(fitted, target)
    assert again == fitted
    assert not any(loss.blocking for loss in lost)


firewall_limits = st.builds(
    FirewallLimits,
    denies=st.just(True),
    priorities=st.just((100, 4096)),
    source_ports=st.booleans(),
    group_peers=st.booleans(),
    protocols=st.sampled_from([None, frozenset({1, 6, 17, 58})]),
    rules_per_direction=st.integers(1, 30),
) | st.builds(
    FirewallLimits,
    denies=st.just(False),
    source_ports=st.booleans(),
    group_peers=st.booleans(),
    protocols=st.sampled_from([None, frozenset({1, 6, 17, 58})]),
    rules_per_direction=st.integers(1, 30),
    groups_per_nic=st.integers(1, 3),
)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([*DIALECTS.values()]), firewall_limits)
def test_a_firewall(rng: random.Random, source: FirewallLimits, target: FirewallLimits) -> None:
    spec = FirewallSpec(name="fw", rules=rules(rng, source, most=5))
    found = translate(spec, target, partly={"group fw-own"})
    if any(loss.blocking for loss in found.losses):
        return
    for part in found.parts:
        checks.firewall(ROOMY.model_copy(update={"firewall": target}), part)
