from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from unittest import mock

import pytest

from adapters.aws import connect
from adapters.aws.adapter import AwsAdapter
from broker.adapter import Adapter
from tests.conformance.knobs import Fault, Knobs
from tests.conformance.suite import Conformance
from tests.services.aws.fixture import AwsService, aws_process

__all__ = ["aws_process"]


PAGED = ("volumes", "snapshots", "networks", "firewalls", "images", "instances")


class TestAws(Conformance):
    def ran_again(self, adapter: Adapter, id: str) -> None:
        """EC2 tells starts in whole seconds, and takes longer than that for one."""
        time.sleep(1)
        super().ran_again(adapter, id)


@pytest.fixture(scope="module")
def adapter(
    aws_process: AwsService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AwsAdapter]:
    with (
        aws_process.profiles(tmp_path_factory.mktemp("profiles")),
        mock.patch("adapters.aws.base.PAGE", 5),
    ):
        yield connect(aws_process.account())


@pytest.fixture(scope="module")
def knobs(aws_process: AwsService) -> Knobs:
    aws_process.control("PUT", "direct", {"empty_pages": True})
    injections: dict[Fault, Callable[[AwsService], AbstractContextManager[Adapter]]] = {
        Fault.THROTTLE: partial(failing, status=503, code="RequestLimitExceeded", retry_after=2),
        Fault.SERVER_ERROR: partial(failing, status=500, html=True),
        Fault.LOST_ANSWER: partial(failing, lost=True),
        Fault.EXPIRED: partial(failing, status=400, code="RequestExpired"),
        Fault.TIMEOUT: late,
        Fault.WRONG_CREDENTIALS: unknown,
    }
    return Knobs(
        console_text="",
        # the adapter is made to ask for pages of five
        past_page=dict.fromkeys(PAGED, 6),
        faults={fault: partial(inject, aws_process) for fault, inject in injections.items()},
    )


@contextmanager
def failing(service: AwsService, **fault: object) -> Iterator[Adapter]:
    service.fault("*", times=1000, **fault)
    try:
        yield connect(service.account())
    finally:
        service.control("DELETE", "faults")


@contextmanager
def late(service: AwsService) -> Iterator[Adapter]:
    with (
        mock.patch("adapters.aws.session.READ_SECONDS", 0.2),
        failing(service, delay=1.0, hang_up=True) as adapter,
    ):
        yield adapter


@contextmanager
def unknown(service: AwsService) -> Iterator[Adapter]:
    yield connect(service.account(profile="unknown-key"))
