"""One door: codes and exceptions of the SDK become ours, and keep what a support desk asks for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from adapters.aws import connect
from adapters.aws.errors import calling, error_for
from broker.adapter import Account
from broker.errors import (
    AccessDenied,
    BrokerError,
    ConfigError,
    Conflict,
    Invalid,
    NotFound,
    QuotaExceeded,
    Throttled,
    Transient,
    Unsupported,
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("RequestLimitExceeded", Throttled),
        ("RequestThrottledException", Throttled),
        ("Throttling", Throttled),
        ("ConcurrentLimitExceededException", Throttled),
        ("VcpuLimitExceeded", QuotaExceeded),
        ("PendingSnapshotLimitExceeded", QuotaExceeded),
        ("ServiceQuotaExceededException", QuotaExceeded),
        ("RulesPerSecurityGroupLimitExceeded", QuotaExceeded),
        ("InsufficientInstanceCapacity", QuotaExceeded),
        ("AuthFailure", AccessDenied),
        ("UnauthorizedOperation", AccessDenied),
        ("ExpiredTokenException", AccessDenied),
        ("RequestExpired", AccessDenied),
        ("InvalidInstanceID.NotFound", NotFound),
        ("InvalidInstanceID.Malformed", NotFound),
        ("InvalidGroupId.Malformed", NotFound),
        ("ResourceNotFoundException", NotFound),
        ("InvalidAMIName.Malformed", Invalid),
        ("InvalidParameterValue", Invalid),
        ("IncorrectInstanceState", Conflict),
        ("InvalidGroup.Duplicate", Conflict),
        ("DependencyViolation", Conflict),
        ("VolumeInUse", Conflict),
        ("InvalidSnapshot.InUse", Conflict),
        ("IdempotentParameterMismatch", Conflict),
        ("UnsupportedOperation", Unsupported),
        ("InternalError", Transient),
        ("SomethingNew", Invalid),
    ],
)
def test_a_code_has_its_class(code: str, expected: type[BrokerError]) -> None:
    error = error_for(code, "words", status=400, operation="op", request_id="r-1")
    assert type(error) is expected
    assert (error.provider, error.operation, error.code, error.request_id) == (
        "aws",
        "op",
        code,
        "r-1",
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [(500, Transient), (503, Throttled), (429, Throttled), (403, AccessDenied), (418, Invalid)],
)
def test_a_status_decides_where_the_code_says_nothing(
    status: int, expected: type[BrokerError]
) -> None:
    assert type(error_for("", "", status=status)) is expected


def test_a_value_that_is_no_id_names_nothing() -> None:
    message = "Value (bogus) for parameter volumeId is invalid. Expected: 'vol-...'."
    assert type(error_for("InvalidParameterValue", message)) is NotFound


def test_throttling_says_how_long_to_wait() -> None:
    error = error_for("RequestLimitExceeded", "slow down", headers={"retry-after": "7"})
    assert isinstance(error, Throttled)
    assert error.retry_after == 7.0


def test_expired_credentials_say_what_to_do() -> None:
    assert "sso login" in str(error_for("ExpiredToken", "The token has expired"))


@pytest.mark.parametrize(
    ("raised", "expected", "told"),
    [
        (sdk.EndpointConnectionError(endpoint_url="https://ec2.x"), Transient, "https://ec2.x"),
        (sdk.ReadTimeoutError(endpoint_url="https://ec2.x"), Transient, "https://ec2.x"),
        (ResponseParserError("<html>"), Transient, "html"),
        (ConnectionResetError("gone"), Transient, "gone"),
        (sdk.NoCredentialsError(), ConfigError, "profile"),
        (sdk.ProfileNotFound(profile="nobody"), ConfigError, "nobody"),
        (sdk.NoRegionError(), ConfigError, "region"),
        (sdk.UnauthorizedSSOTokenError(), AccessDenied, "sso login"),
        (sdk.ParamValidationError(report="bad"), Invalid, "bad"),
    ],
)
def test_what_never_got_an_answer(
    raised: Exception, expected: type[BrokerError], told: str
) -> None:
    with pytest.raises(BrokerError) as ours, calling("list instances"):
        raise raised
    assert type(ours.value) is expected
    assert told in str(ours.value)
    assert ours.value.operation == "list instances"
    assert ours.value.__cause__ is raised


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), calling("list instances"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "settings", [{"regoin": "eu-central-1"}, {"endpoint": "localhost"}, {"profile": 3}]
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any]) -> None:
    account = Account(name="a", kind="aws", settings=settings, where="accounts.toml:3")
    with pytest.raises(ConfigError, match=r"accounts\.toml:3") as raised:
        connect(account)
    assert next(iter(settings)) in str(raised.value)


def test_an_unknown_profile_is_told_without_a_call() -> None:
    adapter = connect(Account(name="a", kind="aws", settings={"profile": "nobody"}))
    with pytest.raises(ConfigError, match="nobody"):
        adapter.check()
