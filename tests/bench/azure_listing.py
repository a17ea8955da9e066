"""`interop inventory` of 1,000 Azure machines, against a program that makes the same SDK calls.

The server's answers are made beforehand. Each run is a process of its own, theirs and ours in turn,
from start to end: loading, logging in, every page, and printing a line a machine. CPU time counts,
since the server shares this machine; wall time is told beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from broker.adapter import Account
from tests.services.azure.canned import SKUS, machines
from tests.services.azure.settings import Settings

MACHINES, PAGE = 1000, 100
ROUNDS = 7
GOAL = 1.2
STATE = Path(__file__).parents[2] / ".state" / "bench" / "azure"


def bare(endpoint: str) -> None:
    """What an inventory has to ask, and nothing done with it but a line for each machine."""
    from azure.identity import ClientSecretCredential
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient

    known = Settings(folder=STATE)
    trust = str(known.certificate)
    credential = ClientSecretCredential(
        known.tenant,
        known.contributor,
        known.secret,
        authority=endpoint,
        disable_instance_discovery=True,
        connection_verify=trust,
    )
    asked = (credential, known.subscription, endpoint)
    group, here = known.resource_group, f"location eq '{known.location}'"
    with (
        ComputeManagementClient(*asked, connection_verify=trust) as compute,
        NetworkManagementClient(*asked, connection_verify=trust) as network,
    ):
        found = list(compute.virtual_machines.list(group))
        assert len(list(compute.virtual_machines.list_all(status_only="true"))) == MACHINES
        assert len(list(compute.disks.list_by_resource_group(group))) == 2 * MACHINES
        assert len(list(network.network_interfaces.list(group))) == MACHINES
        assert list(network.public_ip_addresses.list(group)) == []
        assert len(list(compute.resource_skus.list(filter=here))) == SKUS
    for machine in found:
        print(machine.name)


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return CPU and wall seconds of one run, which prints a line for each machine."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    assert sum(b"web-" in line for line in lines) == MACHINES
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began


def accounts(account: Account) -> Path:
    """Write an accounts file with this one account."""
    file = STATE / "accounts.toml"
    told = "".join(f'{key} = "{value}"\n' for key, value in account.settings.items())
    file.write_text(f'[accounts.{account.name}]\nkind = "{account.kind}"\n{told}')
    return file


def main() -> None:
    if sys.argv[1:]:
        bare(sys.argv[1])
        return
    known = Settings(folder=STATE)
    with machines(MACHINES, PAGE, STATE) as account:
        environment = os.environ | {
            "INTEROP_CONFIG": str(accounts(account)),
            "AZURE_TENANT_ID": known.tenant,
            "AZURE_CLIENT_ID": known.contributor,
            "AZURE_CLIENT_SECRET": known.secret,
        }
        commands = {
            "ours": [str(Path(sys.executable).parent / "interop"), "inventory", account.name],
            "sdk": [sys.executable, "-m", __spec__.name, str(account.settings["endpoint"])],
        }
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(1 + ROUNDS):
            for name, command in commands.items():
                runs[name].append(measured(command, environment))
    own, sdk = runs["ours"][1:], runs["sdk"][1:]  # the first ones fill the caches of files
    ratio = statistics.median(mine[0] / theirs[0] for mine, theirs in zip(own, sdk, strict=True))
    wall = statistics.median(mine[1] / theirs[1] for mine, theirs in zip(own, sdk, strict=True))
    report = {
        "bench": f"CPU of `interop inventory` of {MACHINES} Azure machines, beside the bare SDK",
        "goal": {"of a program with the same SDK calls, <=": GOAL},
        "held": ratio <= GOAL,
        "times_the_sdk": round(ratio, 2),
        "times_the_sdk_wall": round(wall, 2),
        "ours_seconds": round(statistics.median(cpu for cpu, _ in own), 2),
        "sdk_seconds": round(statistics.median(cpu for cpu, _ in sdk), 2),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
