"""The SDK's clients and credentials of one account."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError, NoRegionError
from botocore.utils import parse_timestamp

from adapters.aws.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ebs import EBSClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sts import STSClient

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""EC2 answers a full page of a large account in well under a minute."""

CONNECTIONS = 32
"""As many as the broker has threads at most; more would only wait in the pool."""


class Session:
    """Clients made once, when they are first used. Safe to use from many threads.

    The SDK's own retries are off: the broker tries again, once, in one place.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._core = _core()
        self._boto: boto3.Session | None = None
        self._ec2: EC2Client | None = None
        self._ebs: EBSClient | None = None
        self._sts: STSClient | None = None

    @property
    def config(self) -> Config:
        """What all clients share."""
        return Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            user_agent_extra="interop-broker",
        )

    @property
    def boto(self) -> boto3.Session:
        """The SDK's session: profile, region and the credential chain, untouched."""
        with self._lock:
            if self._boto is None:
                self._boto = boto3.Session(
                    profile_name=self.settings.profile,
                    region_name=self.settings.region,
                    botocore_session=self._core,
                )
            return self._boto

    @property
    def ca_bundle(self) -> str | None:
        """The file of trusted certificates, where the SDK's settings name one."""
        with self._lock:
            bundle: str | None = self._core.get_config_variable("ca_bundle")
            return bundle

    @property
    def region(self) -> str:
        """The region; the SDK's NoRegionError where nothing tells it."""
        region: str | None = self.boto.region_name
        if region is None:
            raise NoRegionError
        return region

    @property
    def ec2(self) -> EC2Client:
        """Machines and all that is around them."""
        with self._lock:
            if self._ec2 is None:
                self._ec2 = self.boto.client(
                    "ec2", endpoint_url=self.settings.endpoint, config=self.config
                )
            return self._ec2

    @property
    def ebs(self) -> EBSClient:
        """Snapshots, block by block."""
        with self._lock:
            if self._ebs is None:
                self._ebs = self.boto.client(
                    "ebs", endpoint_url=self.settings.endpoint, config=self.config
                )
            return self._ebs

    @property
    def sts(self) -> STSClient:
        """Who we are."""
        with self._lock:
            if self._sts is None:
                self._sts = self.boto.client(
                    "sts", endpoint_url=self.settings.endpoint, config=self.config
                )
            return self._sts

    def credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of this moment; the SDK renews them when they are about to end."""
        found = self.boto.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found.get_frozen_credentials()

    def renew(self, refused: ReadOnlyCredentials) -> bool:
        """Read the credentials anew; True when they are others than those the service refused."""
        with self._lock:
            if self.credentials() == refused:
                self.close()
            return self.credentials() != refused

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        with self._lock:
            for client in (self._ec2, self._ebs, self._sts):
                if client is not None:
                    client.close()
            self._boto = self._ec2 = self._ebs = self._sts = None
            self._core = _core()


def _core() -> botocore.session.Session:
    """The SDK's inner session, with a quick reader of times.

    Its own reader takes half of the time in which it reads a listing.
    """
    core = botocore.session.Session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    return core


def _timestamp(value: str) -> datetime:
    """Read a time as listings write it, and leave other forms to the SDK."""
    if str(value).endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    return parse_timestamp(value)
