"""Listing 1,000 Azure machines: what the adapter costs beside the SDK calls it has to make anyway.

The server's answers are made beforehand. Both sides make the same calls, to the last page; CPU time
of this process counts.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from adapters.azure import connect
from tests.services.azure.canned import SKUS, machines
from tests.services.azure.settings import Settings

MACHINES, PAGE = 1000, 100
ROUNDS = 7
GOAL = 1.2
STATE = Path(__file__).parents[2] / ".state" / "bench" / "azure"


def cpu(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    known = Settings(folder=STATE)
    os.environ |= {
        "AZURE_TENANT_ID": known.tenant,
        "AZURE_CLIENT_ID": known.contributor,
        "AZURE_CLIENT_SECRET": known.secret,
    }
    with machines(MACHINES, PAGE, STATE) as account:
        endpoint, group = str(account.settings["endpoint"]), known.resource_group
        credential = ClientSecretCredential(
            known.tenant,
            known.contributor,
            known.secret,
            authority=endpoint,
            disable_instance_discovery=True,
            connection_verify=str(known.certificate),
        )

        def ours() -> None:
            adapter = connect(account)
            assert len(adapter.instances()) == MACHINES
            adapter.close()

        def bare() -> None:
            here = f"location eq '{known.location}'"
            trust = str(known.certificate)
            compute = ComputeManagementClient(
                credential, known.subscription, endpoint, connection_verify=trust
            )
            network = NetworkManagementClient(
                credential, known.subscription, endpoint, connection_verify=trust
            )
            assert len(list(compute.virtual_machines.list(group))) == MACHINES
            assert len(list(compute.virtual_machines.list_all(status_only="true"))) == MACHINES
            assert len(list(compute.disks.list_by_resource_group(group))) == 2 * MACHINES
            assert len(list(network.network_interfaces.list(group))) == MACHINES
            assert list(network.public_ip_addresses.list(group)) == []
            assert len(list(compute.resource_skus.list(filter=here))) == SKUS
            compute.close()
            network.close()

        ours()
        bare()
        rounds = [(cpu(ours), cpu(bare)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / theirs for mine, theirs in rounds)
    print(
        json.dumps(
            {
                "bench": f"Client CPU of listing {MACHINES} Azure machines, beside the bare SDK",
                "goal": {"of the same SDK calls without translation, <=": GOAL},
                "held": ratio <= GOAL,
                "times_the_sdk": round(ratio, 3),
                "ours_seconds": round(statistics.median(mine for mine, _ in rounds), 3),
                "sdk_seconds": round(statistics.median(theirs for _, theirs in rounds), 3),
            }
        )
    )


if __name__ == "__main__":
    main()
