"""From the service's errors, and the SDK's exceptions, to ours: one door."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import requests
from azure.core import exceptions as sdk

from adapters.azure.codes import ANY_ROLE, HINTS, READER, ROLES, TABLE
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
    retry_after,
)

PROVIDER = "azure"

BY_STATUS: dict[int, type[BrokerError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    408: Transient,
    409: Conflict,
    412: Conflict,
    429: Throttled,
    503: Throttled,
}

REQUEST_IDS = ("x-ms-request-id", "x-ms-correlation-request-id")

MESSAGE_LENGTH = 500
"""What is kept of an answer that is no error as the service tells errors."""

_MARKUP = re.compile(r"<(style|title).*?</\1>|<[^>]*>", re.DOTALL)
_LOGIN = re.compile(r"AADSTS\d+")
_LOGIN_AWAY = re.compile(r"HTTP status: (5\d\d|429)\b")
_NO_CONNECTION = re.compile(
    r"host='([^']+)', port=(\d+)\).*?(?:\[Errno -?\d+\] )([\w ,'-]+)", re.DOTALL
)
"""What urllib3 says of a host it cannot reach, around words about pools and retries of its own."""

_ACTION = re.compile(r"perform action '([^']+)'(?: over scope '([^']+)')?")


class Said(NamedTuple):
    """A code and a message."""

    code: str
    message: str


def error_for(
    status: int, body: str, *, headers: Mapping[str, str] | None = None, operation: str = ""
) -> BrokerError:
    """Return our error for an answer, by the innermost of its codes that the table knows.

    What no line of the table knows goes by the status; Invalid where that says nothing either.
    """
    code, message = said = _said(body)
    low = {name.lower(): value for name, value in (headers or {}).items()}
    kind = _kind(status, said)
    told = {
        "hint": _hint(kind, code, message),
        "provider": PROVIDER,
        "operation": operation,
        "code": code,
        "request_id": next((low[name] for name in REQUEST_IDS if low.get(name)), ""),
    }
    text = message or f"the service answered {status}"
    if kind is Throttled:
        return Throttled(text, retry_after=retry_after(low), **told)
    return kind(text, **told)


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Let only ``broker.errors`` out of the calls inside. ``operation`` is what was tried."""
    try:
        yield
    except BrokerError as error:
        error.provider = error.provider or PROVIDER
        error.operation = error.operation or operation
        raise
    except (sdk.AzureError, requests.RequestException, OSError) as error:
        raise _from_client(error, operation) from error


def _kind(status: int, said: Said) -> type[BrokerError]:
    if status == 429:  # some services throttle under the code of another error
        return Throttled
    by_status = BY_STATUS.get(status, Transient if status >= 500 else Invalid)
    return _known(said) or by_status


def _known(said: Said) -> type[BrokerError] | None:
    for pattern, words, kind in TABLE:
        if re.fullmatch(pattern, said.code) and re.search(words, said.message):
            return kind
    return None


def _hint(kind: type[BrokerError], code: str, message: str) -> str:
    if code == "OperationNotAllowed" and kind is QuotaExceeded:
        code = "QuotaExceeded"  # the service's one code for quotas and for states
    if code in HINTS:
        return HINTS[code]
    if kind is AccessDenied and (found := _ACTION.search(message)):
        action, scope = found[1], (found[2] or "").lower()
        of_all = scope and "/resourcegroups/" not in scope
        where = "subscription" if of_all else "resource group"
        return (
            f"It lacks the right {action}: the role {_role(action)} on the {where} has it "
            "(`az role assignment create`); a new role takes some minutes"
        )
    return ""


def _role(action: str) -> str:
    """Return the narrowest built-in role with a right."""
    if action.endswith("/read"):
        return READER
    return next((role for start, role in ROLES if action.startswith(start)), ANY_ROLE)


def _said(body: str) -> Said:
    """Return code and message of an error's body."""
    try:
        told = json.loads(body)
    except ValueError:
        # a page in HTML, from something in front of the service
        return Said("", " ".join(_MARKUP.sub(" ", body).split())[:MESSAGE_LENGTH])
    if not isinstance(told, dict):
        return Said("", str(told)[:MESSAGE_LENGTH])
    error = told.get("error", told)
    if isinstance(error, str):  # the login service
        text = str(told.get("error_description", error))
        found = _LOGIN.search(text)
        return Said(found[0] if found else error, _first_line(text))
    said = list(_all_said(error)) if isinstance(error, dict) else []
    if not said:
        return Said("", "")
    chosen = next((each for each in reversed(said) if _known(each)), said[0])
    inner = said[-1].message
    if not inner or inner == chosen.message:
        return chosen
    return chosen._replace(message=f"{chosen.message}: {inner}" if chosen.message else inner)


def _all_said(error: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what an error says, then what its details say, and theirs."""
    code, message = str(error.get("code") or ""), str(error.get("message") or "")
    yield Said(code, _first_line(message))
    inner = error.get("details") or []
    if isinstance(error.get("innererror"), Mapping):
        inner = [*inner, error["innererror"]]
    for each in inner:
        if isinstance(each, Mapping) and each.get("code"):
            yield from _all_said(each)


def _first_line(text: str) -> str:
    """Return what is before the trace ids, which are told as the request id."""
    lines = re.sub(r"(?m)^(RequestId|Time):.*", "", text).strip().splitlines()
    return re.sub(r" Trace ID: .*", "", lines[0]).strip().rstrip(".") if lines else ""


def _from_client(error: Exception, operation: str) -> BrokerError:
    """Our error for an exception of the SDK."""
    if isinstance(error, sdk.ClientAuthenticationError) and (reason := _reason(error)):
        return _unreached(reason, operation)
    if isinstance(error, sdk.DecodeError):
        return _told(Transient, f"the answer cannot be read: {error.message}", operation, "")
    if isinstance(error, sdk.HttpResponseError) and error.response is not None:
        answer: Any = error.response
        status = answer.status_code
        # an operation that failed is told with 200
        return error_for(
            status if status >= 400 else 400,
            answer.text(),
            headers=answer.headers,
            operation=operation,
        )
    if isinstance(error, sdk.ClientAuthenticationError):
        return _not_logged_in(error, operation)
    return _unreached(error, operation)


def _reason(error: BaseException) -> BaseException | None:
    """Return why a login was not even answered, where that is why it failed."""
    unanswered = (sdk.ServiceRequestError, sdk.ServiceResponseError)
    return next((one for one in _with_causes(error) if isinstance(one, unanswered)), None)


def _not_logged_in(error: sdk.ClientAuthenticationError, operation: str) -> BrokerError:
    texts = [str(one) for one in _with_causes(error)]
    for text in texts:
        if found := _LOGIN.search(text):
            body = {"error": "login", "error_description": text[found.start() :]}
            return error_for(401, json.dumps(body), operation=operation)
    if any(map(_LOGIN_AWAY.search, texts)):
        return _unreached(error, operation)
    if "failed to retrieve a token" in texts[0]:
        return _told(
            ConfigError,
            "no credentials were found",
            operation,
            "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        )
    return _told(AccessDenied, _first_line(texts[0]), operation, "Log in again, or check AZURE_*")


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    below: BaseException | None = error
    while below is not None:
        yield below
        below = below.__cause__ or below.__context__


def _unreached(error: BaseException, operation: str) -> BrokerError:
    text = str(getattr(error, "message", "") or error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:  # other trouble with TLS may pass
        hint = "Name the certificate to trust as `ca_file` in the accounts file"
        return _told(
            ConfigError, f"the service's certificate is not trusted: {text}", operation, hint
        )
    hint = "Check the network, and the account's endpoint and authority, then try again"
    if found := _NO_CONNECTION.search(text):
        host, port, why = found.groups()
        text = f"no connection to {host}, port {port}: {why}"
    return _told(Transient, text, operation, hint)


def _told(kind: type[BrokerError], message: str, operation: str, hint: str) -> BrokerError:
    return kind(message, hint=hint, provider=PROVIDER, operation=operation)
