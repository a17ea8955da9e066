"""From the services' answers, and the SDK's exceptions, to ours: one table and one door."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from keystoneauth1 import exceptions as auth
from openstack import exceptions as sdk

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

PROVIDER = "openstack"

SERVICES = {
    "compute": "nova",
    "block_storage": "cinder",
    "image": "glance",
    "network": "neutron",
}
"""What operators call the services that an SDK calls so."""

# The services have few codes and tell the rest in words. The first line whose status and pattern
# fit decides; the pattern is searched in "code: message".
_TABLE: tuple[tuple[range, str, type[BrokerError]], ...] = (
    (range(401, 402), "", AccessDenied),
    (range(400, 500), r"(?i)quota|OverLimit\b.*exceed|LimitExceeded|no more IP", QuotaExceeded),
    (range(400, 500), r"IpAddressGenerationFailure|No valid host", QuotaExceeded),
    (range(403, 404), r"(?i)in use|SecurityGroupCannotRemoveDefault", Conflict),
    (range(403, 404), "", AccessDenied),
    (range(404, 405), "", NotFound),
    (range(410, 411), "", NotFound),
    (range(413, 414), r"(?i)image", QuotaExceeded),
    (range(413, 414), "", Throttled),
    (range(429, 430), "", Throttled),
    (range(405, 406), "", Unsupported),
    (range(406, 407), "", Unsupported),
    (range(501, 502), "", Unsupported),
    (range(503, 504), "", Throttled),
    (
        range(400, 401),
        r"(?i)could ?n[o']t be found|can ?not find|does not exist|NotFound",
        NotFound,
    ),
    (
        range(400, 401),
        r"(?i)status must be|must be available|invalid (volume|snapshot)\b.*(status|state)"
        r"|is (already )?in use|already attached|in-use",
        Conflict,
    ),
    (range(409, 410), "", Conflict),
    (range(500, 600), "", Transient),
)

_HINTS: dict[type[BrokerError], str] = {
    AccessDenied: "Check the cloud's entry in clouds.yaml, and the user's roles in the project",
    QuotaExceeded: "Ask the operator for a higher quota there, or delete what is not needed",
}


def error_for(
    status: int,
    body: str,
    *,
    service: str = "",
    operation: str = "",
    headers: Mapping[str, str] | None = None,
) -> BrokerError:
    """Return our error for an answer. What no line of the table knows is Invalid."""
    code, message = _said(body)
    text = message or f"the service answered {status}"
    if service:
        text = f"{SERVICES[service]}: {text}"
    kind = next(
        (
            kind
            for statuses, pattern, kind in _TABLE
            if status in statuses and re.search(pattern, f"{code}: {message}")
        ),
        Invalid,
    )
    told = {
        "hint": _HINTS.get(kind, ""),
        "provider": PROVIDER,
        "operation": operation,
        "code": code or str(status),
        "request_id": (headers or {}).get("x-openstack-request-id", ""),
    }
    if kind is Throttled:
        return Throttled(text, retry_after=retry_after(headers or {}), **told)
    return kind(text, **told)


def _said(body: str) -> tuple[str, str]:
    """Return code and message of an error's body; each service has another form."""
    try:
        told = json.loads(body)
    except ValueError:
        # a page in HTML, from glance or something in front of a service
        text = re.sub(r"<(style|title).*?</\1>|<[^>]*>", " ", body, flags=re.S)
        return "", " ".join(text.rpartition("The response body:")[2].split())
    if not isinstance(told, dict):
        return "", str(told)
    code, inner = next(iter(told.items()), ("", ""))
    if isinstance(inner, dict):
        return str(inner.get("type") or code), str(inner.get("message", ""))
    return str(told.get("title", "")), str(told.get("message", inner))


def missing(service: str, region: str | None) -> ConfigError:
    """Return the error for a service that the catalogue does not have."""
    return ConfigError(
        f"the catalogue has no {SERVICES[service]} (service type {service.replace('_', '-')}) in"
        f" region {region}",
        hint="Check `region`, here and in clouds.yaml, or ask the operator for the endpoint",
        provider=PROVIDER,
        code="EndpointNotFound",
    )


def incomplete(image: Mapping[str, Any]) -> Conflict:
    """Return the error for an image whose upload is under way, or was never ended."""
    return Conflict(
        f"image {image['id']} is {image['status']}: it has not all of its bytes",
        hint="Wait for its upload, or delete it",
    )


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Let only ``broker.errors`` out of the calls inside. ``operation`` is what was tried."""
    try:
        yield
    except BrokerError as error:
        error.provider = error.provider or PROVIDER
        error.operation = error.operation or operation
        raise
    except (auth.ClientException, sdk.SDKException, requests.RequestException, OSError) as error:
        raise _from_client(error, operation) from error


def _from_client(error: Exception, operation: str) -> BrokerError:
    """Our error for a request that got no answer from the service it was meant for."""
    kind, hint = _kind_of(error)
    code = type(error).__name__
    message = _in_short(str(error)) or code
    request_id = getattr(error, "request_id", None) or ""
    told = {"hint": hint, "provider": PROVIDER, "operation": operation, "request_id": request_id}
    return kind(message, code=code, **told)


def _in_short(message: str) -> str:
    """Return what a library says of a connection, without what others say around its reason."""
    told = re.fullmatch(
        r"(.*?)HTTPS?ConnectionPool\(.*\] ([^\]]*?)(?: \(_ssl\.c:\d+\))?['\")]*", message
    )
    return "".join(told.groups()) if told else message


def _kind_of(error: Exception) -> tuple[type[BrokerError], str]:
    status = getattr(error, "http_status", None) or getattr(error, "status_code", None)
    match error:
        case auth.SSLError() | requests.exceptions.SSLError():
            return ConfigError, "Name the certificate authority as `cacert` in clouds.yaml"
        case auth.EndpointNotFound():
            return ConfigError, "The catalogue has no such service there: check `region`"
        case sdk.ConfigException() | auth.MissingRequiredOptions() | auth.NoMatchingPlugin():
            return (
                ConfigError,
                "Check the account's `cloud` and `region`, and the entry in clouds.yaml",
            )
        case auth.ConnectFailure():
            return Transient, "See whether the service is up, and where clouds.yaml looks for it"
        case requests.RequestException() | OSError():
            return Transient, ""
        case _ if status in (401, 403):
            return AccessDenied, _HINTS[AccessDenied]
        case _ if status in (413, 429, 503):
            return Throttled, ""
        case _ if isinstance(status, int) and status < 500:
            return Invalid, ""
        case auth.DiscoveryFailure() | sdk.ServiceDiscoveryException() | auth.ClientException():
            return Transient, ""
        case _:
            return Transient if status else ConfigError, ""
