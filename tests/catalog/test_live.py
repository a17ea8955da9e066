"""What real services tell the catalogue: an EC2 stand-in, a real libvirt, a real OpenStack."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker import registry
from broker.adapter import Account
from broker.catalog import Catalogue, Market, Place
from broker.catalog.refresh import refresh_sizes
from broker.cost import compare, of_instance
from broker.fit.need import Need
from broker.model import Size
from broker.places import place_of
from broker.sizing import map_size
from tests.services.aws.fixture import AwsService, aws, aws_process
from tests.services.openstack.clouds import CLOUDS
from tests.services.require import require

__all__ = ["aws", "aws_process"]

pytestmark = pytest.mark.service


def test_an_account_tells_its_sizes_and_spot_prices(
    aws: AwsService, catalogue: Catalogue, tmp_path: Path
) -> None:
    account = aws.account()
    place = place_of(account)
    with aws.profiles(tmp_path):
        told = refresh_sizes(catalogue, registry.open(account), place)
    assert told > 500
    market = Market(catalogue, place)
    sold = {offer.id: offer for offer in market.offers()}
    assert sold.keys() >= {"m5.large", "t3.micro"}
    assert sold["m5.large"].drivers == {"nvme", "ena"}
    assert sold["m5.large"].character == "general", "the account does not tell: our table does"
    zones = sold["m5.large"].zones
    assert zones
    assert all(zone.startswith(place.region) for zone in zones)
    assert market.price("compute:spot:linux:m5.large") is not None


def test_a_machine_of_an_account_costs_at_least_what_is_told_of_it(
    aws: AwsService, catalogue: Catalogue, tmp_path: Path
) -> None:
    ec2 = aws.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1)
    own = made["Instances"][0]["InstanceId"]
    account = aws.account()
    place = place_of(account)
    with aws.profiles(tmp_path):
        (found,) = (each for each in registry.open(account).instances() if each.id == own)
    ec2.terminate_instances(InstanceIds=[own])
    machine = of_instance(found, place, account.name, catalogue)
    now = compare([machine], catalogue=catalogue).now.monthly
    assert now.amount > 80
    assert set(now.unpriced) == {"licence:unknown:vcpu", "snapshot:gib", "egress:internet:*"}
    whole = machine.completed(os="linux", egress_gib=0, snapshots_gib=0)
    assert compare([whole], catalogue=catalogue).now.monthly.exact


def test_a_libvirt_host_tells_what_it_has(catalogue: Catalogue) -> None:
    require("libvirt")
    account = Account(name="lab", kind="kvm", settings={"pool": "interop"})
    place = place_of(account)
    assert place == Place.parse("kvm/lab")
    assert refresh_sizes(catalogue, registry.open(account), place) == 1
    market = Market(catalogue, place)
    assert market.hosts[0].vcpus >= 1
    found = map_size(Need(size=Size(vcpus=1, memory=256)), market).match
    assert found.offer is not None
    assert found.offer.price_per_hour is None, "what one's own host costs nobody has told yet"


@pytest.mark.parametrize("cloud", ["interop-admin", "interop-a"])
def test_a_cloud_tells_its_flavors_and_who_may_know_its_hosts(
    catalogue: Catalogue, cloud: str
) -> None:
    require("openstack")
    settings = {"cloud": cloud, "clouds_file": str(CLOUDS), "region": "RegionOne"}
    account = Account(name="stack", kind="openstack", settings=settings)
    place = place_of(account)
    assert refresh_sizes(catalogue, registry.open(account), place) >= 1
    market = Market(catalogue, place)
    assert not market.any_size, "there are flavors, whatever carries them"
    assert map_size(Need(size=Size(vcpus=1, memory=64)), market).match.offer is not None
    names = [host.id for host in market.hosts]
    assert bool(names) == (cloud == "interop-admin")
    assert len(set(names)) == len(names)
