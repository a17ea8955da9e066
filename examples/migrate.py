"""Move a machine between two accounts: plan it, look at the losses, apply, prove, and go back.

    python examples/migrate.py [ACCOUNTS_FILE ACCOUNT/MACHINE ACCOUNT]

Without arguments a machine moves between two pretended clouds in a temporary folder.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

import broker
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.migrate import Event, StepFinished
from broker.model import MIB, InstanceSpec, NetworkSpec, NicSpec, Size, SubnetSpec, VolumeSpec


def pretend(folder: Path) -> Path:
    """Write an accounts file with two clouds in memory and put a machine in the first."""
    accounts = folder / "accounts.toml"
    accounts.write_text(
        f'[accounts.lab]\nkind = "memory"\npath = "{folder / "lab"}"\n'
        f'[accounts.eu]\nkind = "memory"\npath = "{folder / "eu"}"\n'
        "limits = { sets_mac = false }\n"
    )
    lab = broker.open("lab", config=accounts)
    network = lab.create_network(
        NetworkSpec(name="front", subnets=(SubnetSpec.model_validate({"cidr": "10.0.0.0/24"}),)),
        token="front",
    )
    (folder / "disk.raw").write_bytes(secrets.token_bytes(2 * MIB) + bytes(6 * MIB))
    sink = lab.open_sink(8 * MIB, name="web-1", token="web-1-disk")
    disk = copy(FileSource(folder / "disk.raw"), sink, journal=folder / "disk.journal")
    lab.create_instance(
        InstanceSpec(
            name="web-1",
            size=Size(vcpus=1, memory=2048),
            volumes=(VolumeSpec(name="web-1", size=8 * MIB, boot=True),),
            nics=(NicSpec(network=network.id, mac="52:54:00:12:34:56"),),
        ),
        [disk.id],
        offer="small",
        token="web-1",
    )
    return accounts


def main(accounts: Path, machine: str, target: str) -> None:
    """Plan, show what is lost, and move; nothing changes before ``apply``."""
    plan = broker.migrate.plan(machine, target, config=accounts)
    for loss in plan.losses:
        print(f"loss: {loss.field} {loss.fidelity}: {loss.reason}")
    if plan.blocking:
        sys.exit("it cannot be moved as it is")
    plan.save(accounts.with_name("plan.json"))

    # A plan is a file: another program, on another day, may apply it, and apply it again after
    # a failure or a kill. What was copied is not copied twice.
    plan = broker.migrate.load(accounts.with_name("plan.json"))
    report = broker.migrate.apply(plan, config=accounts, progress=show)
    print(report.text)
    for disk in report.disks:
        assert disk.target_root == disk.source_root, "the report would not say done"


def show(event: Event) -> None:
    """Print each finished step. The events of copies carry bytes, rate and time left."""
    if isinstance(event, StepFinished):
        print(f"[{event.number}/{event.total}] {event.step.title}")


def go_back(accounts: Path) -> None:
    """Delete all the plan made, and start the source again: it was stopped, never changed."""
    plan = broker.migrate.load(accounts.with_name("plan.json"))
    report = broker.migrate.undo(plan, config=accounts)
    print(f"{report.status}; {report.source} is {report.source_power}")


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    else:
        with tempfile.TemporaryDirectory() as folder:
            pretended = pretend(Path(folder))
            main(pretended, "lab/web-1", "eu")
            go_back(pretended)
