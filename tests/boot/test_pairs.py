"""One real guest goes along every ordered pair of providers, and is itself everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boot.pairs.places import SERVICES, everywhere
from tests.boot.pairs.tour import LEGS, go_round
from tests.services.aws.fixture import AwsService, aws_process
from tests.services.azure.fixture import AzureService, azure_process
from tests.services.require import require

__all__ = ["aws_process", "azure_process"]

pytestmark = [pytest.mark.timeout(1800), pytest.mark.service]

PROVIDERS = ("kvm", "aws", "azure", "openstack")


def test_the_way_round_has_every_ordered_pair() -> None:
    pairs = {(here, there) for here in PROVIDERS for there in PROVIDERS if here != there}
    travelled = [tuple(stop.removesuffix("-b") for stop in leg) for leg in LEGS]
    assert set(travelled) == pairs | {("openstack", "openstack")}
    assert len(travelled) == len(set(travelled))


def test_a_machine_goes_round_and_is_itself_everywhere(
    aws_process: AwsService, azure_process: AzureService, micro: Path, tmp_path: Path
) -> None:
    for service in SERVICES:
        require(service)
    with everywhere(aws_process, azure_process, tmp_path) as places:
        assert [(leg.here, leg.there) for leg in go_round(places, micro, tmp_path)] == list(LEGS)
