"""The login endpoint, and who stands behind a bearer token.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from tests.services.azure.arm.address import Address
from tests.services.azure.arm.call import Answer
from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.limits import Limits
from tests.services.azure.arm.operations import stamp
from tests.services.azure.settings import Settings

PATHS = re.compile(
    r"/(?P<tenant>[^/]+)/(?:v2\.0/\.well-known/(?P<known>openid-configuration)"
    r"|oauth2/v2\.0/(?P<token>token))"
)


@dataclass(frozen=True)
class Principal:
    """Somebody who can log in. A reader may only read.

    The role is one on the subscription, or on one resource group and what is in it.
    """

    client: str
    role: str
    group: str | None = None

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.client))

    def may(self, action: str, address: Address) -> bool:
        if self.group is not None and not self._is_in_group(action, address):
            return False
        return self.role == "Contributor" or action.endswith("/read")

    def _is_in_group(self, action: str, address: Address) -> bool:
        # how an operation goes is told to whom began it:
        # https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
        return action.endswith("/locations/operations/read") or (
            address.group is not None and address.group.lower() == str(self.group).lower()
        )


class Tokens:
    """Hands out tokens and knows them again."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._settings = settings
        self._limits = limits
        self._principals = {
            settings.contributor: Principal(settings.contributor, "Contributor"),
            settings.reader: Principal(settings.reader, "Reader"),
            settings.group_contributor: Principal(
                settings.group_contributor, "Contributor", settings.resource_group
            ),
        }
        self._known: dict[str, tuple[Principal, float]] = {}

    def answer(self, path: str, base: str, body: bytes) -> Answer | None:
        """The answer of the login endpoint, or None where the path is not its own."""
        found = PATHS.fullmatch(path)
        if found is None:
            return None
        tenant = found["tenant"]
        if tenant != self._settings.tenant:
            return _refused(
                400,
                "invalid_request",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID "
                "and are signing into the correct cloud.",
            )
        if found["known"]:
            return Answer(200, _configuration(f"{base}/{tenant}"))
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return self._token(asked)

    def _token(self, asked: Mapping[str, str]) -> Answer:
        client = asked.get("client_id", "")
        principal = self._principals.get(client)
        if principal is None:
            return _refused(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client}' was not found in the directory. This can "
                "happen if the application has not been installed by the administrator of the "
                "tenant. You may have sent your authentication request to the wrong tenant.",
            )
        if asked.get("grant_type") != "client_credentials" or "scope" not in asked:
            return _refused(400, "invalid_request", 900144, "The request body lacks a parameter.")
        if asked.get("client_secret") != self._settings.secret:
            return _refused(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is "
                f"the client secret value, not the client secret ID, for '{client}'.",
            )
        token = secrets.token_urlsafe(32)
        lifetime = self._limits.token_seconds
        self._known[token] = (principal, time.monotonic() + lifetime)
        return Answer(
            200,
            {
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            },
        )

    def forget(self) -> None:
        """Every token handed out so far is worth nothing any more."""
        self._known.clear()

    def principal(self, authorization: str) -> Principal:
        """Who calls; ArmError 401 where the token is missing, unknown or over."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise self._unauthorised(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        if token not in self._known:
            raise self._unauthorised(
                "InvalidAuthenticationToken", "The access token is invalid.", "invalid_token"
            )
        principal, until = self._known[token]
        if time.monotonic() > until:
            raise self._unauthorised(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time is earlier than current UTC time '{stamp()}'.",
                "invalid_token",
            )
        return principal

    def _unauthorised(self, code: str, message: str, error: str = "") -> ArmError:
        challenge = f'Bearer authorization_uri="{self._settings.endpoint}/{self._settings.tenant}"'
        if error:
            challenge += f', error="{error}", error_description="{message}"'
        return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})


def _configuration(tenant: str) -> dict[str, Any]:
    return {
        "issuer": f"{tenant}/v2.0",
        "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{tenant}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
    }


def _refused(status: int, error: str, number: int, description: str) -> Answer:
    trace = str(uuid.uuid4())
    return Answer(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{number}: {description} Trace ID: {trace}",
            "error_codes": [number],
            "timestamp": stamp(),
            "trace_id": trace,
            "correlation_id": str(uuid.uuid4()),
        },
    )
