"""From the service's error codes, and the SDK's exceptions, to ours: one table and one door."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

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
    retry_after,
)

PROVIDER = "aws"

EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
"""Codes of credentials that were good once."""

# The first pattern that matches a whole code decides. Codes are those of
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
# https://docs.aws.amazon.com/ebs/latest/APIReference/CommonErrors.html
_TABLE: tuple[tuple[str, type[BrokerError]], ...] = (
    (
        r"RequestLimitExceeded|.*Thrott.*|SlowDown|TooManyRequestsException"
        r"|BandwidthLimitExceeded|ConcurrentLimitExceededException|.*ConcurrentSnapshotLimit.*",
        Throttled,
    ),
    (
        r"AuthFailure|UnauthorizedOperation|AccessDenied(Exception)?|InvalidClientTokenId"
        r"|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException"
        r"|MissingAuthenticationToken|OptInRequired|PendingVerification|Blocked"
        rf"|{'|'.join(sorted(EXPIRED))}",
        AccessDenied,
    ),
    (
        r".*NotFound|.*NotFoundException|.*\.NotFound|InvalidAMIID\.Unavailable"
        r"|Invalid\w+I[Dd]\.Malformed",
        NotFound,
    ),
    (
        r".*LimitExceeded|.*QuotaExceeded(Exception)?|InsufficientInstanceCapacity"
        r"|InsufficientCapacity|InsufficientAddressCapacity|InsufficientFreeAddressesInSubnet"
        r"|MaxConfigLimitExceededException",
        QuotaExceeded,
    ),
    (
        r"IncorrectState|IncorrectInstanceState|.*InUse|DependencyViolation|.*\.Duplicate"
        r"|Resource\.AlreadyAssociated|OperationNotPermitted|IdempotentParameterMismatch"
        r"|ConflictException|InvalidVolume\.ZoneMismatch|RouteAlreadyExists|CannotDelete"
        r"|.*\.AlreadyExists|VolumeModificationNotAllowed",
        Conflict,
    ),
    (r"Unsupported.*|UnknownOperation.*|InvalidAction|.*NotSupported", Unsupported),
    (
        r"Internal(Error|Failure|ServerException|ServerError)|Service(Unavailable|Error)"
        r"|Unavailable|Server\.\w+",
        Transient,
    ),
)

# EC2 tells of ids of the wrong form in this way where it has no code for it.
_NOT_AN_ID = re.compile(r"Value \(.*\) for parameter \w+ is invalid\. Expected: '\w+-")

_HINTS: dict[str, str] = {
    **dict.fromkeys(EXPIRED, "Renew the credentials (`aws sso login`, or new keys) and go on"),
    "UnauthorizedOperation": "Let the account's role do this call in IAM",
    "AccessDeniedException": "Let the account's role do this call in IAM",
    "AuthFailure": "Check the key pair of the account's profile with `interop doctor`",
    "InvalidClientTokenId": "Check the key pair of the account's profile with `interop doctor`",
    "UnrecognizedClientException": "Check the key pair of the account's profile",
    "SignatureDoesNotMatch": "Check the secret key of the account's profile, and this clock",
    "OptInRequired": "Turn the region or service on for this account",
    "VcpuLimitExceeded": "Ask for a higher vCPU quota, or take a smaller offer",
    "InsufficientInstanceCapacity": "Take another offer or another zone, or try again later",
    "PendingSnapshotLimitExceeded": "Wait for other snapshots to complete",
    "IdempotentParameterMismatch": "The token was used before for something else: plan again",
}


def error_for(
    code: str,
    message: str,
    *,
    status: int = 400,
    operation: str = "",
    request_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> BrokerError:
    """Return our error for the service's. Unknown codes are Transient from 500 on, else Invalid."""
    kind = _class_of(code, message, status)
    told = {
        "hint": _HINTS.get(code, ""),
        "provider": PROVIDER,
        "operation": operation,
        "code": code,
        "request_id": request_id,
    }
    text = message or f"the service answered {status}"
    if kind is Throttled:
        return Throttled(text, retry_after=retry_after(headers or {}), **told)
    return kind(text, **told)


def _class_of(code: str, message: str, status: int) -> type[BrokerError]:
    for pattern, kind in _TABLE:
        if re.fullmatch(pattern, code):
            return kind
    if _NOT_AN_ID.search(message):
        return NotFound
    if status in (429, 503):
        return Throttled
    if status in (401, 403):
        return AccessDenied
    return Transient if status >= 500 else Invalid


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Let only ``broker.errors`` out of the calls inside. ``operation`` is what was tried."""
    try:
        yield
    except sdk.ClientError as error:
        about = error.response.get("ResponseMetadata", {})
        told = error.response.get("Error", {})
        raise error_for(
            told.get("Code", ""),
            told.get("Message", ""),
            status=about.get("HTTPStatusCode", 400),
            operation=operation,
            request_id=about.get("RequestId", ""),
            headers=about.get("HTTPHeaders", {}),
        ) from error
    except (sdk.BotoCoreError, ResponseParserError, OSError, http.client.HTTPException) as error:
        raise _from_client(error, operation) from error


_UNREACHED = "Check the network, and the account's region and endpoint, then try again"

_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
)
_SINGLE_SIGN_ON = (sdk.SSOError, sdk.TokenRetrievalError, sdk.UnauthorizedSSOTokenError)
_SETTINGS = (
    sdk.ProfileNotFound,
    sdk.NoRegionError,
    sdk.InvalidRegionError,
    sdk.ConfigParseError,
    sdk.ConfigNotFound,
)


def _from_client(error: Exception, operation: str) -> BrokerError:
    """Our error for one the request never got an answer for, or one nobody can read."""
    message = str(error)
    if isinstance(error, _SINGLE_SIGN_ON):
        return _told(AccessDenied, message, operation, "Run `aws sso login` for the profile")
    if isinstance(error, _CREDENTIALS):
        hint = "Name a profile in the accounts file, or run `aws configure`"
        return _told(ConfigError, message, operation, hint)
    if isinstance(error, sdk.ProfileNotFound):
        hint = "`aws configure list-profiles` tells which there are"
        return _told(ConfigError, message, operation, hint)
    if isinstance(error, _SETTINGS):
        hint = "Set `region` in the accounts file, for example eu-central-1"
        return _told(ConfigError, message, operation, hint)
    if isinstance(error, (sdk.ParamValidationError, sdk.UnknownParameterError)):
        return _told(Invalid, message, operation, "")
    return _told(Transient, message or type(error).__name__, operation, _UNREACHED)


def _told(kind: type[BrokerError], message: str, operation: str, hint: str) -> BrokerError:
    return kind(message, hint=hint, provider=PROVIDER, operation=operation)
