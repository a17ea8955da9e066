"""Answers as the service's documentation shows them, and the SDK's own exceptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from azure.core import exceptions as sdk

from adapters.azure.errors import calling, error_for
from broker import errors


def body(code: str, message: str = "words", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


ANSWERS: list[tuple[int, dict[str, Any], type[errors.BrokerError]]] = [
    (404, body("ResourceNotFound"), errors.NotFound),
    (400, body("InvalidResourceReference"), errors.NotFound),
    (404, body("ResourceGroupNotFound"), errors.ConfigError),
    (404, body("SubscriptionNotFound"), errors.ConfigError),
    (409, body("MissingSubscriptionRegistration"), errors.ConfigError),
    (403, body("AuthorizationFailed"), errors.AccessDenied),
    (403, body("LinkedAuthorizationFailed"), errors.AccessDenied),
    (403, body("RequestDisallowedByPolicy"), errors.AccessDenied),
    (401, body("ExpiredAuthenticationToken"), errors.AccessDenied),
    (401, body("InvalidAuthenticationTokenTenant"), errors.AccessDenied),
    (409, body("SkuNotAvailable"), errors.Unsupported),
    (409, body("AllocationFailed"), errors.QuotaExceeded),
    (409, body("ZonalAllocationFailed"), errors.QuotaExceeded),
    (
        409,
        body(
            "OperationNotAllowed",
            "Operation could not be completed as it results in exceeding approved Total Regional "
            "Cores quota.",
        ),
        errors.QuotaExceeded,
    ),
    (409, body("OperationNotAllowed", "Disk x is attached to VM y."), errors.Conflict),
    (400, body("PublicIPCountLimitReached"), errors.QuotaExceeded),
    (400, body("SubnetIsFull"), errors.QuotaExceeded),
    (400, body("InUseSubnetCannotBeDeleted"), errors.Conflict),
    (400, body("InUseNetworkSecurityGroupCannotBeDeleted"), errors.Conflict),
    (400, body("PrivateIPAddressInUse"), errors.Conflict),
    (400, body("SecurityRuleConflict"), errors.Conflict),
    (412, body("PreconditionFailed"), errors.Conflict),
    (409, body("ScopeLocked"), errors.Conflict),
    (429, body("AnotherOperationInProgress"), errors.Throttled),
    (409, body("AnotherOperationInProgress"), errors.Transient),
    (409, body("RetryableErrorDueToAnotherOperation"), errors.Transient),
    (500, body("InternalServerError"), errors.Transient),
    (429, body("TooManyRequests"), errors.Throttled),
    (503, body("ServiceUnavailable"), errors.Transient),
    (400, body("NetcfgSubnetRangesOverlap"), errors.Invalid),
    (400, body("InvalidParameter"), errors.Invalid),
    (400, body("NeverHeardOf"), errors.Invalid),
    (409, body("NeverHeardOf"), errors.Conflict),
    (500, body("NeverHeardOf"), errors.Transient),
]


@pytest.mark.parametrize(("status", "told", "kind"), ANSWERS)
def test_a_code_leads_to_our_class(
    status: int, told: dict[str, Any], kind: type[errors.BrokerError]
) -> None:
    found = error_for(status, json.dumps(told))
    assert type(found) is kind
    assert found.code == told["error"]["code"]


def test_more_quota_is_asked_for_where_a_quota_is_over_and_not_for_a_state() -> None:
    code = "OperationNotAllowed"
    over = error_for(409, json.dumps(body(code, "exceeding approved Total Regional Cores quota")))
    state = error_for(409, json.dumps(body(code, "Disk x is attached to VM y.")))
    assert "more quota" in over.hint
    assert not state.hint


def test_a_failed_operation_is_told_by_what_is_inside() -> None:
    told = {
        "status": "Failed",
        **body(
            "ResourceOperationFailure",
            "The operation failed.",
            details=[
                {
                    "code": "BadRequest",
                    "message": "outer",
                    "details": [{"code": "SkuNotAvailable", "message": "Standard_X is sold out"}],
                }
            ],
        ),
    }
    found = error_for(400, json.dumps(told))
    assert type(found) is errors.Unsupported
    assert "sold out" in found.message
    assert found.hint


def test_what_is_inside_is_told_also_where_nobody_knows_its_code() -> None:
    inner = {"code": "NeverHeardOf", "message": "why it really failed"}
    found = error_for(409, json.dumps(body("Conflict", "It failed.", details=[inner])))
    assert type(found) is errors.Conflict
    assert found.args[0] == "It failed: why it really failed"


GROUP = "/subscriptions/s/resourceGroups/g/providers"


@pytest.mark.parametrize(
    ("action", "scope", "role"),
    [
        (
            "Microsoft.Network/virtualNetworks/write",
            f"{GROUP}/Microsoft.Network/virtualNetworks/n",
            "the role Network Contributor on the resource group",
        ),
        (
            "Microsoft.Compute/disks/read",
            f"{GROUP}/Microsoft.Compute",
            "the role Reader on the resource group",
        ),
        (
            "Microsoft.Compute/skus/read",
            "/subscriptions/s/providers/Microsoft.Compute",
            "the role Reader on the subscription",
        ),
        (
            "Microsoft.Compute/disks/beginGetAccess/action",
            f"{GROUP}/Microsoft.Compute/disks/x",
            "the role Contributor on the resource group",
        ),
        (
            "Microsoft.Compute/snapshots/beginGetAccess/action",
            f"{GROUP}/Microsoft.Compute/snapshots/x",
            "the role Disk Snapshot Contributor on the resource group",
        ),
    ],
)
def test_who_lacks_a_right_is_told_which_and_what_has_it(
    action: str, scope: str, role: str
) -> None:
    message = (
        "The client 'a' with object id 'a' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid."
    )
    found = error_for(403, json.dumps(body("AuthorizationFailed", message)))
    assert f"the right {action}" in found.hint
    assert role in found.hint


def test_a_page_of_something_in_front_of_the_service_is_told_without_its_markup() -> None:
    page = "<html><style>\nbody {\n}\n</style>\n<h1>502 Bad\nGateway</h1></html>"
    assert error_for(502, page).args[0] == "502 Bad Gateway"


def test_the_wait_and_the_request_are_kept() -> None:
    headers = {"Retry-After": "17", "X-MS-Request-Id": "r-1"}
    found = error_for(429, json.dumps(body("TooManyRequests")), headers=headers)
    assert isinstance(found, errors.Throttled)
    assert found.retry_after == 17
    assert found.request_id == "r-1"


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        (7000215, errors.AccessDenied, "AZURE_CLIENT_SECRET"),
        (700016, errors.AccessDenied, "AZURE_CLIENT_ID"),
        (90002, errors.ConfigError, "AZURE_TENANT_ID"),
        (7000222, errors.AccessDenied, "expired"),
    ],
)
def test_a_refused_login_says_what_is_wrong(
    code: int, kind: type[errors.BrokerError], hint: str
) -> None:
    told = {
        "error": "invalid_client",
        "error_description": f"AADSTS{code}: Words. Trace ID: 1 Correlation ID: 2\r\nmore",
    }
    found = error_for(401, json.dumps(told))
    assert type(found) is kind
    assert hint in found.hint
    assert found.code == f"AADSTS{code}"
    assert "Trace ID" not in str(found)
    assert "\n" not in str(found)


def test_a_page_in_html_is_one_line() -> None:
    found = error_for(502, "<html><head><title>x</title></head><body>Bad\n<b>Gateway</b></body>")
    assert type(found) is errors.Transient
    assert found.message == "Bad Gateway"


@pytest.mark.parametrize("text", ["", "[]", '"text"', "{}", '{"error": null}', '{"error": {}}'])
def test_an_answer_without_words_is_an_error_all_the_same(text: str) -> None:
    assert str(error_for(500, text))


class Answer:
    """As much of the SDK's answer as its exceptions use."""

    reason = "Because"

    def __init__(self, status: int, told: object, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status
        self.headers = headers or {}
        self._text = json.dumps(told)

    @property
    def request(self) -> object:
        return None

    def text(self) -> str:
        return self._text


def left(error: Exception) -> errors.BrokerError:
    with pytest.raises(errors.BrokerError) as raised, calling("try it"):
        raise error
    assert raised.value.provider == "azure"
    assert raised.value.operation == "try it"
    return raised.value


def test_an_operation_that_failed_is_told_with_200() -> None:
    told = {"status": "Failed", **body("NeverHeardOf", "it went wrong")}
    found = left(sdk.HttpResponseError(response=Answer(200, told)))
    assert type(found) is errors.Invalid
    assert "it went wrong" in str(found)


def test_no_answer_is_worth_another_try() -> None:
    for error in (sdk.ServiceRequestError("no route"), sdk.ServiceResponseError("cut off")):
        assert type(left(error)) is errors.Transient


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "HTTPSConnectionPool(host='gone.example', port=443): Max retries exceeded with url: /x "
            "(Caused by NameResolutionError(\"HTTPSConnection(host='gone.example', port=443): "
            "Failed to resolve 'gone.example' ([Errno -2] Name or service not known)\"))",
            "no connection to gone.example, port 443: Name or service not known",
        ),
        (
            "HTTPSConnection(host='127.0.0.1', port=1): Failed to establish a new connection: "
            "[Errno 111] Connection refused",
            "no connection to 127.0.0.1, port 1: Connection refused",
        ),
    ],
)
def test_a_host_that_is_not_there_is_told_in_one_line(words: str, told: str) -> None:
    assert left(sdk.ServiceRequestError(words)).args[0] == told


def test_an_address_of_a_disk_that_is_refused_says_what_to_look_at() -> None:
    for words in ("", "Server failed to authenticate the request."):
        told = f"{words}\nRequestId:37274cd1\nTime:2026-11-23T05:37:55Z"
        found = error_for(403, json.dumps(body("AuthenticationFailed", told)))
        assert found.args[0] == (words.rstrip(".") or "the service answered 403")
        assert "clock" in found.hint


def test_a_location_there_is_not_is_a_fault_of_the_account() -> None:
    found = error_for(400, json.dumps(body("NoRegisteredProviderFound")))
    assert type(found) is errors.ConfigError
    assert "`location`" in found.hint


def test_a_certificate_nobody_trusts_names_the_setting() -> None:
    found = left(sdk.ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"))
    assert type(found) is errors.ConfigError
    assert "ca_file" in found.hint


@pytest.mark.parametrize("what", ["UNEXPECTED_EOF_WHILE_READING", "WRONG_VERSION_NUMBER"])
def test_other_trouble_with_tls_is_not_told_as_one_with_the_certificate(what: str) -> None:
    found = left(sdk.ServiceRequestError(f"(Caused by SSLError(SSLError(1, '[SSL: {what}]')))"))
    assert type(found) is errors.Transient
    assert "endpoint" in found.hint


def test_a_login_host_that_is_away_is_worth_another_try() -> None:
    error = sdk.ClientAuthenticationError("Authentication failed: no route")
    error.__cause__ = sdk.ServiceRequestError("no route")
    assert type(left(error)) is errors.Transient


def test_a_login_host_that_answers_nonsense_is_worth_another_try() -> None:
    error = sdk.ClientAuthenticationError("Authentication failed: Unable to get configuration")
    error.__cause__ = ValueError("OIDC Discovery failed on https://x. HTTP status: 503, Error: ")
    assert type(left(error)) is errors.Transient


def test_a_login_that_failed_for_a_reason_of_its_own_says_it() -> None:
    found = left(sdk.ClientAuthenticationError("Please run 'az login' to setup account."))
    assert type(found) is errors.AccessDenied
    assert "az login" in found.message


def test_no_credentials_at_all_is_a_fault_of_the_account() -> None:
    error = sdk.ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token")
    found = left(error)
    assert type(found) is errors.ConfigError
    assert "az login" in found.hint


def test_ours_keep_what_they_say_and_learn_where() -> None:
    assert left(errors.NotFound("there is none")).message == "there is none"
