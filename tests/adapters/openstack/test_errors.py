"""Answers as the services gave them, recorded."""

from __future__ import annotations

import json

import pytest
import requests
from keystoneauth1 import exceptions as auth
from openstack import exceptions as sdk

from adapters.openstack.errors import calling, error_for
from broker import errors

ANSWERS: list[tuple[int, object, type[errors.BrokerError]]] = [
    # nova
    (
        403,
        {"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 1, but..."}},
        errors.QuotaExceeded,
    ),
    (
        409,
        {
            "conflictingRequest": {
                "code": 409,
                "message": "Cannot 'attach_volume' instance 5f while it is in task_state "
                "reboot_started_hard",
            }
        },
        errors.Conflict,
    ),
    (404, {"itemNotFound": {"code": 404, "message": "Instance 5f..."}}, errors.NotFound),
    (
        400,
        {"badRequest": {"code": 400, "message": "Network 5f could not be found."}},
        errors.NotFound,
    ),
    (400, {"badRequest": {"code": 400, "message": "Invalid input for field name"}}, errors.Invalid),
    (
        400,
        {
            "badRequest": {
                "code": 400,
                "message": "Flavor's disk is too small for requested image. Flavor disk is 1 "
                "bytes, image is 2 bytes.",
            }
        },
        errors.Invalid,
    ),
    # cinder
    (
        413,
        {
            "overLimit": {
                "code": 413,
                "message": "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds "
                "allowed gigabytes quota.",
            }
        },
        errors.QuotaExceeded,
    ),
    (
        400,
        {
            "badRequest": {
                "code": 400,
                "message": "Invalid volume: Volume 5f status must be available or downloading to "
                "reserve, but the current status is attaching.",
            }
        },
        errors.Conflict,
    ),
    # neutron
    (
        409,
        {
            "NeutronError": {
                "type": "OverQuota",
                "message": "Quota exceeded for resources: ['port'].",
                "detail": "",
            }
        },
        errors.QuotaExceeded,
    ),
    (
        409,
        {"NeutronError": {"type": "IpAddressAlreadyAllocated", "message": "IP 10.0.0.7 ..."}},
        errors.Conflict,
    ),
    (
        409,
        {"NeutronError": {"type": "SecurityGroupInUse", "message": "in use.", "detail": ""}},
        errors.Conflict,
    ),
    (
        409,
        {"NeutronError": {"type": "IpAddressGenerationFailure", "message": "No more IP addresses"}},
        errors.QuotaExceeded,
    ),
    (
        404,
        {"NeutronError": {"type": "NetworkNotFound", "message": "Network 5f could not be found."}},
        errors.NotFound,
    ),
    # glance answers in HTML
    (
        413,
        "<html><head><title>413</title></head><body><h1>413</h1>The limit of image bytes was "
        "exceeded for image_size_total</body></html>",
        errors.QuotaExceeded,
    ),
    (409, "<html><body>Image 5f is in use</body></html>", errors.Conflict),
    # whatever is in front of them
    (429, "slow down", errors.Throttled),
    (503, "<html><body>Service Unavailable</body></html>", errors.Throttled),
    (502, "<html><body>Bad Gateway</body></html>", errors.Transient),
    (401, {"error": {"code": 401, "message": "unauthorized", "title": "U"}}, errors.AccessDenied),
    (403, {"forbidden": {"code": 403, "message": "Policy doesn't allow"}}, errors.AccessDenied),
]


@pytest.mark.parametrize(("status", "body", "kind"), ANSWERS)
def test_an_answer_becomes_our_error(
    status: int, body: object, kind: type[errors.BrokerError]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = error_for(status, text, headers={"x-openstack-request-id": "req-1", "retry-after": "7"})

    assert type(error) is kind
    assert error.request_id == "req-1"
    assert "<" not in str(error)
    if isinstance(error, errors.Throttled):
        assert error.retry_after == 7


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (auth.Unauthorized("who are you"), errors.AccessDenied),
        (auth.EndpointNotFound("no compute in RegionTwo"), errors.ConfigError),
        (auth.SSLError("self-signed certificate"), errors.ConfigError),
        (auth.ConnectFailure("refused"), errors.Transient),
        (auth.ConnectTimeout("late"), errors.Transient),
        (auth.MissingRequiredOptions([]), errors.ConfigError),
        (sdk.ConfigException("Cloud nowhere was not found."), errors.ConfigError),
        (requests.exceptions.ChunkedEncodingError("cut"), errors.Transient),
        (ConnectionResetError("reset"), errors.Transient),
    ],
)
def test_a_request_without_an_answer_becomes_our_error(
    raised: Exception, kind: type[errors.BrokerError]
) -> None:
    with pytest.raises(errors.BrokerError) as caught, calling("list instances"):
        raise raised
    assert type(caught.value) is kind
    assert (caught.value.provider, caught.value.operation) == ("openstack", "list instances")
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize(
    ("told", "short"),
    [
        (
            "SSL exception connecting to https://a/v3: HTTPSConnectionPool(host='a', port=443): Max"
            " retries exceeded with url: /v3 (Caused by SSLError(SSLCertVerificationError(1, '[SSL:"
            " CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
            " (_ssl.c:1006)')))",
            "SSL exception connecting to https://a/v3: certificate verify failed: self-signed"
            " certificate",
        ),
        (
            "Unable to establish connection to http://a:9/: HTTPConnectionPool(host='a', port=9):"
            ' Max retries exceeded with url: / (Caused by NewConnectionError("HTTPConnection('
            "host='a', port=9): Failed to establish a new connection: [Errno 111] Connection"
            ' refused"))',
            "Unable to establish connection to http://a:9/: Connection refused",
        ),
        ("Read timed out. (read timeout=60)", "Read timed out. (read timeout=60)"),
    ],
)
def test_why_there_is_no_connection_is_said_in_short(told: str, short: str) -> None:
    with pytest.raises(errors.BrokerError) as raised, calling("look"):
        raise auth.ConnectFailure(told)
    assert raised.value.message == short
