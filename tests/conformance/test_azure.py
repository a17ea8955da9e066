"""The suite on our own stand-in: tests/services/azure/README.md says what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from unittest import mock

import pytest
from azure.mgmt.resource.resources import ResourceManagementClient

from adapters.azure import connect
from broker.adapter import Adapter
from tests.conformance.knobs import Fault, Knobs
from tests.conformance.suite import Conformance
from tests.services.azure.fixture import AzureService, azure_process

__all__ = ["azure_process"]

PAGE = 5
PAGED = ("volumes", "snapshots", "networks", "firewalls", "key_pairs", "images", "instances")


class TestAzure(Conformance):
    pass


@pytest.fixture(scope="module")
def adapter(azure_process: AzureService) -> Iterator[Adapter]:
    azure_process.clear()
    azure_process.limit(page_size=PAGE)
    account = azure_process.account()
    with azure_process.client(ResourceManagementClient) as resources:
        resources.resource_groups.create_or_update(
            account.settings["resource_group"], {"location": azure_process.location}
        )
    with azure_process.environment():
        made = connect(account)
        yield made
        made.close()
    azure_process.clear()


@pytest.fixture(scope="module")
def knobs(azure_process: AzureService) -> Knobs:
    injections: dict[Fault, Callable[[AzureService], AbstractContextManager[Adapter]]] = {
        Fault.THROTTLE: partial(failing, status=429, code="TooManyRequests", retry_after=2),
        Fault.SERVER_ERROR: partial(failing, status=500, code="InternalServerError"),
        Fault.LOST_ANSWER: partial(failing, lost=True),
        Fault.EXPIRED: partial(failing, status=401, code="ExpiredAuthenticationToken"),
        Fault.TIMEOUT: late,
        Fault.WRONG_CREDENTIALS: unknown,
    }
    return Knobs(
        past_page=dict.fromkeys(PAGED, PAGE + 1),
        faults={fault: partial(inject, azure_process) for fault, inject in injections.items()},
    )


@contextmanager
def failing(service: AzureService, **fault: object) -> Iterator[Adapter]:
    service.fault("*", times=1000, **fault)
    failing_one = connect(service.account())
    try:
        yield failing_one
    finally:
        failing_one.close()
        service.control("DELETE", "faults")


@contextmanager
def late(service: AzureService) -> Iterator[Adapter]:
    with (
        mock.patch("adapters.azure.session.READ_SECONDS", 0.2),
        failing(service, delay=1.0) as adapter,
    ):
        yield adapter


@contextmanager
def unknown(service: AzureService) -> Iterator[Adapter]:
    with service.environment("wrong-secret"):
        refused = connect(service.account())
        yield refused
        refused.close()
