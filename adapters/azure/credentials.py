"""Whose token is sent along: the environment's service principal, else the SDK's own chain."""

from __future__ import annotations

import logging
import os
from typing import Any

from azure.core.credentials import AccessToken
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, EnvironmentCredential

from adapters.azure.settings import Settings

CHOICE = "AZURE_TOKEN_CREDENTIALS"
"""With this variable people choose one of the chain themselves."""


_LOG = logging.getLogger("azure.identity")
if _LOG.level == logging.NOTSET:
    # it warns of every way to log in that there is not, and of what it then raises
    _LOG.setLevel(logging.ERROR)


class Credential:
    """Gives tokens, in the tenant the settings name. Safe to use from many threads.

    The environment is asked by itself and first: the chain would hide why its answer failed, and
    with it whether trying again is worth it.
    """

    def __init__(self, settings: Settings) -> None:
        self._tenant = settings.tenant
        shared: dict[str, Any] = {
            "connection_verify": str(settings.ca_file) if settings.ca_file else True,
            "retry_total": 0,
            "additionally_allowed_tenants": [settings.tenant] if settings.tenant else [],
        }
        if settings.authority:
            shared["authority"] = settings.authority
            # otherwise the public cloud is asked whether this host can be trusted
            shared["disable_instance_discovery"] = True
        chosen = bool(os.environ.get(CHOICE))
        self._environment = None if chosen else EnvironmentCredential(**shared)
        self._chain = DefaultAzureCredential(
            **shared,
            **({} if chosen else {"exclude_environment_credential": True}),
            # tools people do not use on the machines a broker runs on, each some seconds slow
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            exclude_broker_credential=True,
        )

    def get_token(self, *scopes: str, **asked: Any) -> AccessToken:
        """Return a token for the scopes; the SDK's ClientAuthenticationError when there is none."""
        if self._tenant:
            asked["tenant_id"] = self._tenant
        if self._environment is not None:
            try:
                found: AccessToken = self._environment.get_token(*scopes, **asked)
            except CredentialUnavailableError:
                pass  # nothing in the environment: ask the others
            else:
                return found
        return self._chain.get_token(*scopes, **asked)

    def close(self) -> None:
        """Let go of connections."""
        if self._environment is not None:
            self._environment.close()
        self._chain.close()
