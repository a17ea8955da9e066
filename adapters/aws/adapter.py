"""One account in one region of Amazon EC2."""

from __future__ import annotations

from adapters.aws.addresses import Addresses
from adapters.aws.disks import Disks
from adapters.aws.errors import calling
from adapters.aws.firewalls import Firewalls
from adapters.aws.instances import Instances
from adapters.aws.keys import KeyPairs
from adapters.aws.limits import LIMITS
from adapters.aws.made import Makings
from adapters.aws.networks import Networks
from adapters.aws.snapshots import Images
from adapters.aws.spot import SpotPrices
from adapters.aws.volumes import Volumes
from broker.adapter import (
    Adapter,
    AddressSets,
    ConsoleLog,
    LastRun,
    Limits,
    PublicAddresses,
    SpotMarket,
    SubnetFirewalls,
)


class AwsAdapter(
    Instances, Volumes, Disks, Images, Networks, Firewalls, KeyPairs, Addresses, SpotPrices, Makings
):
    """Machines, disks and networks of one account. Safe to use from many threads."""

    @property
    def limits(self) -> Limits:
        """What this account accepts."""
        return LIMITS

    def check(self) -> str:
        """Make one cheap authenticated call and return who and where we are, in one line."""
        with calling("check account"):
            who = self._session.sts.get_caller_identity()
            return f"account {who['Account']} as {who['Arn']} in {self._session.region}"

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._session.close()


_adapter: type[Adapter] = AwsAdapter
_console: type[ConsoleLog] = AwsAdapter
_last_run: type[LastRun] = AwsAdapter
_addresses: type[PublicAddresses] = AwsAdapter
_subnets: type[SubnetFirewalls] = AwsAdapter
_sets: type[AddressSets] = AwsAdapter
_spot: type[SpotMarket] = AwsAdapter
