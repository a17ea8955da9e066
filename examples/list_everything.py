"""List every machine of every account, and say which of them cost money while they are off.

    python examples/list_everything.py [ACCOUNTS_FILE]

Without a file two pretended clouds in a temporary folder are listed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import broker
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.model import (
    MIB,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Power,
    Size,
    StopMode,
    SubnetSpec,
    VolumeSpec,
)


def pretend(folder: Path) -> Path:
    """Write an accounts file with two clouds in memory, put machines in one, break the other."""
    accounts = folder / "accounts.toml"
    accounts.write_text(
        f'[accounts.lab]\nkind = "memory"\npath = "{folder / "lab"}"\n'
        f'[accounts.broken]\nkind = "memory"\npath = "{folder / "broken"}"\n'
        'faults = [{ kind = "wrong_credentials" }]\n'
    )
    lab = broker.open("lab", config=accounts)
    network = lab.create_network(
        NetworkSpec(name="front", subnets=(SubnetSpec.model_validate({"cidr": "10.0.0.0/24"}),)),
        token="front",
    )
    (folder / "empty.raw").write_bytes(bytes(MIB))
    for name in ("web-1", "db-1"):
        sink = lab.open_sink(MIB, name=name, token=f"{name}-disk")
        disk = copy(FileSource(folder / "empty.raw"), sink, journal=folder / f"{name}.journal")
        lab.create_instance(
            InstanceSpec(
                name=name,
                size=Size(vcpus=1, memory=2048),
                volumes=(VolumeSpec(name=name, size=MIB, boot=True),),
                nics=(NicSpec(network=network.id),),
            ),
            [disk.id],
            offer="small",
            token=name,
        )
    (web,) = [machine for machine in lab.instances() if machine.name == "web-1"]
    lab.stop_instance(web.id, StopMode.POWER_OFF)
    return accounts


def main(accounts: Path) -> None:
    """Print one line a machine; an account that cannot be read is told, not left out."""
    for listing in broker.inventory(config=accounts):
        if listing.error:
            print(f"{listing.account}: {listing.error}", file=sys.stderr)
        for machine in listing.instances:
            size = machine.spec.size
            print(f"{listing.account}/{machine.name}: {size.vcpus} vCPU, {size.memory} MiB")
            # Two axes: what the guest does, and what is billed. None means nobody says.
            if machine.state.power is Power.STOPPED and machine.state.allocated is not False:
                print("  is off and may still cost compute")


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(pretend(Path(folder)))
