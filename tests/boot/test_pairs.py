"""One real guest goes along every ordered pair of providers, and is itself everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.pairs.machine import DISKS
from tests.boot.pairs.places import SERVICES, everywhere
from tests.boot.pairs.tour import LEGS, REAL_GUESTS, Leg, go_round
from tests.services.aws.fixture import AwsService, aws_process
from tests.services.azure.fixture import AzureService, azure_process
from tests.services.require import require

__all__ = ["aws_process", "azure_process"]

pytestmark = [pytest.mark.timeout(1800), pytest.mark.service]

PROVIDERS = ("kvm", "aws", "azure", "openstack")


class Way:
    """The legs as they are asked for: those before one are gone first, in whatever order it is."""

    def __init__(self, legs: Iterator[Leg]) -> None:
        self._legs = legs
        self._gone: list[Leg] = []

    def leg(self, number: int) -> Leg:
        """Return a leg that was gone and proved; the test fails when the way ended before it."""
        while len(self._gone) <= number:
            try:
                self._gone.append(next(self._legs))
            except StopIteration:
                pytest.fail(f"the way ended after {len(self._gone)} legs: see the test of the next")
        return self._gone[number]


@pytest.fixture(scope="module")
def way(
    aws_process: AwsService,
    azure_process: AzureService,
    micro: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Way]:
    for service in SERVICES:
        require(service)
    folder = tmp_path_factory.mktemp("pairs")
    with everywhere(aws_process, azure_process, folder) as places:
        legs = go_round(places, micro, folder)
        yield Way(legs)
        legs.close()


def test_the_way_round_has_every_ordered_pair() -> None:
    pairs = {(here, there) for here in PROVIDERS for there in PROVIDERS if here != there}
    travelled = [tuple(stop.removesuffix("-b") for stop in leg) for leg in LEGS]
    assert set(travelled) == pairs | {("openstack", "openstack")}
    assert len(travelled) == len(set(travelled))


@pytest.mark.parametrize("number", range(len(LEGS)), ids=map("-to-".join, LEGS))
def test_a_machine_moves_and_is_itself(way: Way, number: int) -> None:
    leg = way.leg(number)
    assert (leg.here, leg.there) == LEGS[number]
    assert leg.proved == DISKS
    stops = [there for _, there in LEGS[: number + 1] if there in REAL_GUESTS]
    assert leg.boots == (1 + len(stops) if leg.there in REAL_GUESTS else None)
