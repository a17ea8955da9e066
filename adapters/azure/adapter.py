"""One resource group of one Azure subscription."""

from __future__ import annotations

from adapters.azure.errors import calling
from adapters.azure.made import Makings


class AzureAdapter(Makings):
    """Machines, disks and networks of one resource group. Safe to use from many threads."""

    def check(self) -> str:
        """Make one cheap authenticated call and return who and where we are, in one line."""
        with calling("check account"):
            group = self._session.resources.resource_groups.get(self._group)
            return (
                f"subscription {self._session.settings.subscription}, resource group "
                f"{group['name']} in {self._session.location}"
            )

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._session.close()
