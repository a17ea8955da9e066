"""Machines made from disks, as the service holds them afterwards."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.aws import connect
from adapters.aws.adapter import AwsAdapter
from broker.adapter import Kind
from broker.errors import Conflict, NotFound, QuotaExceeded, Transient, Unsupported
from broker.model import (
    GIB,
    FirewallSpec,
    Firmware,
    InstanceSpec,
    Network,
    NetworkSpec,
    NicSpec,
    Size,
    SubnetSpec,
    VolumeSpec,
)
from tests.services.aws.fixture import AwsService
from tests.services.aws.test_direct import written


@pytest.fixture
def adapter(aws: AwsService, tmp_path: Path) -> Iterator[AwsAdapter]:
    with aws.profiles(tmp_path):
        yield connect(aws.account())


@pytest.fixture
def network(adapter: AwsAdapter) -> Network:
    cidr = ipaddress.ip_network(f"10.{secrets.randbelow(200)}.7.0/24")
    spec = NetworkSpec(name="net", subnets=(SubnetSpec(cidr=cidr),))
    return adapter.create_network(spec, token=token())


def token() -> str:
    return f"test-{secrets.token_hex(8)}"


def disk(aws: AwsService, gib: int = 1) -> str:
    """A complete snapshot, as a sink commits it."""
    return written(aws, {}, VolumeSize=gib)


def wish(network: Network, *sizes: int, **different: Any) -> InstanceSpec:
    return InstanceSpec.model_validate(
        {
            "name": "web-1",
            "size": Size(vcpus=2, memory=1024),
            "firmware": Firmware.UEFI,
            "volumes": tuple(
                VolumeSpec(name=f"disk-{place}", size=size * GIB, labels={"place": str(place)})
                for place, size in enumerate(sizes)
            ),
            "nics": (NicSpec(network=network.id),),
            **different,
        }
    )


def test_each_disk_becomes_its_volume(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    disks = [disk(aws), disk(aws, 2), disk(aws)]
    spec = wish(network, 3, 2, 1)
    spec = spec.model_copy(
        update={
            "volumes": (
                *spec.volumes[:2],
                spec.volumes[2].model_copy(update={"encrypted": True, "kind": "gp2"}),
            )
        }
    )
    made = adapter.create_instance(spec, disks, token=token())

    volumes = [adapter.volume(volume) for volume in made.volumes]
    assert [volume.native["SnapshotId"] for volume in volumes] == disks
    assert [volume.spec.size for volume in volumes] == [3 * GIB, 2 * GIB, GIB]
    assert [volume.spec.name for volume in volumes] == ["disk-0", "disk-1", "disk-2"]
    assert [volume.spec.kind for volume in volumes] == ["gp3", "gp3", "gp2"]
    assert [volume.spec.encrypted for volume in volumes] == [False, False, True]
    assert volumes[1].spec.labels == {"place": "1"}
    assert made.spec.firmware is Firmware.UEFI


def test_each_volume_does_what_was_asked_for(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    asked: tuple[dict[str, Any], ...]
    asked = {"kind": "io2", "iops": 5000}, {"iops": 4000, "mibps": 250}, {}
    volumes = tuple(
        VolumeSpec.model_validate({"name": f"disk-{place}", "size": 20 * GIB, **each})
        for place, each in enumerate(asked)
    )
    spec = wish(network, volumes=volumes)
    machine = adapter.create_instance(spec, [disk(aws) for _ in asked], token=token())
    made = adapter.create_volume(volumes[1], token=token())

    told = [volume.performance for volume in adapter.instance(machine.id).spec.volumes]
    assert told == ["5,000 IOPS", "4,000 IOPS, 250 MiB/s", ""]
    assert made.spec.performance == told[1]


def test_the_smallest_offer_that_can_boot_it_is_taken(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    made = adapter.create_instance(wish(network, 1), [disk(aws)], token=token())
    assert (made.spec.size.vcpus, made.spec.size.memory) == (2, 1024)


def test_the_image_goes_and_the_disk_stays(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    snapshot, mark = disk(aws), token()
    made = adapter.create_instance(wish(network, 1), [snapshot], token=mark)
    assert adapter.images() == []
    assert [(each.kind, each.id) for each in adapter.made(mark)] == [(Kind.INSTANCE, made.id)]
    assert adapter.snapshot(snapshot).complete


def test_a_launch_that_broke_off_leaves_an_image_the_next_one_takes(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    snapshot, mark = disk(aws), token()
    aws.fault("RunInstances", status=500, html=True)
    with pytest.raises(Transient):
        adapter.create_instance(wish(network, 1), [snapshot], token=mark)
    assert [each.kind for each in adapter.made(mark)] == [Kind.IMAGE]

    adapter.create_instance(wish(network, 1), [snapshot], token=mark)
    assert [each.kind for each in adapter.made(mark)] == [Kind.INSTANCE]
    assert aws.calls()["RegisterImage"] == 2


def test_a_lost_answer_makes_no_second_machine(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    snapshot, mark = disk(aws), token()
    aws.fault("RunInstances", lost=True)
    with pytest.raises(Transient):
        adapter.create_instance(wish(network, 1), [snapshot], token=mark)
    made = adapter.create_instance(wish(network, 1), [snapshot], token=mark)
    assert [(each.kind, each.id) for each in adapter.made(mark)] == [(Kind.INSTANCE, made.id)]
    assert made.spec.volumes[0].name == "disk-0"


def test_a_full_account_is_told_as_such(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    mark = token()
    aws.control("PUT", "quotas", {"vcpus": 1})
    with pytest.raises(QuotaExceeded, match="quota"):
        adapter.create_instance(wish(network, 1), [disk(aws)], token=mark)
    assert adapter.made(mark) == []


def test_two_cards_keep_their_order_and_addresses(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    cidr = network.spec.subnets[0].cidr
    cards = tuple(NicSpec(network=network.id, addresses=(cidr[place],)) for place in (41, 42))
    made = adapter.create_instance(wish(network, 1, nics=cards), [disk(aws)], token=token())
    assert [nic.spec.addresses for nic in made.nics] == [card.addresses for card in cards]

    public = tuple(card.model_copy(update={"public": True}) for card in cards)
    with pytest.raises(Unsupported, match="several cards"):
        adapter.create_instance(wish(network, 1, nics=public), [disk(aws)], token=token())


def test_a_public_address_is_given_where_it_is_wished(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    for public in (True, False):
        card = NicSpec(network=network.id, public=public)
        made = adapter.create_instance(wish(network, 1, nics=(card,)), [disk(aws)], token=token())
        assert bool(made.nics[0].public_addresses) is public


def test_secure_boot_is_refused_before_anything_is_made(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    mark = token()
    spec = wish(network, 1, firmware=Firmware.UEFI_SECURE)
    with pytest.raises(Unsupported):
        adapter.create_instance(spec, [disk(aws)], token=mark)
    assert adapter.made(mark) == []


def test_a_key_pair_nobody_has_is_not_found(
    aws: AwsService, adapter: AwsAdapter, network: Network
) -> None:
    with pytest.raises(NotFound):
        adapter.create_instance(wish(network, 1, key_pair="nobody"), [disk(aws)], token=token())


def test_a_network_with_a_firewall_in_it_says_what_to_do(
    adapter: AwsAdapter, network: Network
) -> None:
    adapter.create_firewall(FirewallSpec(name="f", network=network.id), token=token())
    with pytest.raises(Conflict, match="Delete them first"):
        adapter.delete_network(network.id)
