"""An adapter of your own, in one file: a folder of disk images as an account whose machines move.

    python examples/write_an_adapter.py

Each ``NAME.raw`` in the folder is a machine that is switched off. It can be listed like any other,
and moved to any other account; what this "provider" cannot do raises Unsupported. As a package of
its own it would need only this in its pyproject.toml to be found by `interop`:

    [project.entry-points."interop_broker.adapters"]
    shelf = "interop_shelf:connect"
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, cast

import broker
from broker.adapter import Account, Adapter, FirewallLimits, LabelRule, Limits, Made, NameRule
from broker.disks.contract import Source
from broker.disks.files import FileSource
from broker.errors import ConfigError, NotFound, Unsupported
from broker.model import (
    GIB,
    MIB,
    Arch,
    Firmware,
    Instance,
    InstanceSpec,
    Network,
    Power,
    Size,
    State,
    StopMode,
    Strict,
    Volume,
    VolumeSpec,
)


class Settings(Strict):
    """The keys of ``[accounts.NAME]`` beside ``kind``. A wrong one is told with file and line."""

    folder: Path


def connect(account: Account) -> Adapter:
    """Open an account; an adapter for a real provider imports its SDK in here."""
    # `refusing` fills in the rest of the contract, which the type checker cannot see.
    return cast(Adapter, Shelf(account.name, account.read(Settings).folder))


def refusing(adapter: type) -> type:
    """Give a class each call of the contract that it has not, as one that says so."""

    def refuse(name: str) -> Callable[..., NoReturn]:
        def call(self: Any, *_: object, **__: object) -> NoReturn:
            raise Unsupported(f"a shelf cannot {name.replace('_', ' ')}", provider=self.name)

        call.__name__ = name
        return call

    for name in dir(Adapter):
        if not name.startswith("_") and not hasattr(adapter, name):
            setattr(adapter, name, refuse(name))
    return adapter


@refusing
class Shelf:
    """The Adapter: translate what the provider says, and nothing clever."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.limits = Limits(
            architectures=frozenset({Arch.X86_64}),
            firmware=frozenset({Firmware.UNKNOWN}),
            volume_step=1,
            volume_min=1,
            volume_max=8192 * GIB,
            disks_per_instance=1,
            nics_per_instance=0,
            instance_name=NameRule(),
            labels=LabelRule(max_count=0, max_key=0, max_value=0),
            firewall=FirewallLimits(denies=False),
            user_data_max=0,
            any_size=True,
            sets_mac=False,
            private_addresses=None,
            public_addresses=False,
        )

    def check(self) -> str:
        """Say where we are, or what is wrong with the account."""
        if not self.folder.is_dir():
            raise ConfigError(f"there is no folder {self.folder}", provider=self.name)
        return f"{self.name}: {len(self.instances())} machines in {self.folder}"

    def close(self) -> None:
        """Nothing is held open."""

    def made(self, token: str) -> list[Made]:
        """Nothing is ever made."""
        return []

    def instances(self) -> list[Instance]:
        """Return every machine; complete, or an error is raised."""
        return [translate(path) for path in sorted(self.folder.glob("*.raw"))]

    def instance(self, id: str) -> Instance:
        """Return one machine; NotFound when there is none."""
        for instance in self.instances():
            if instance.id == id:
                return instance
        raise NotFound(f"there is no machine {id}", provider=self.name)

    def volumes(self) -> list[Volume]:
        """Return every disk."""
        return [
            Volume(id=one.id, spec=one.spec.volumes[0], instance=one.id) for one in self.instances()
        ]

    def networks(self) -> list[Network]:
        """A shelf has no networks; an empty listing is an answer, not an error."""
        return []

    def stop_instance(self, id: str, mode: StopMode = StopMode.SHUTDOWN) -> None:
        """Stop; quiet when it is stopped, which here it always is."""
        self.instance(id)

    def open_source(self, id: str) -> Source:
        """Open a disk for reading."""
        return FileSource(self.folder / self.instance(id).id)


def translate(path: Path) -> Instance:
    """Provider's words -> canonical model. What a file does not say is UNKNOWN, never guessed."""
    disk = VolumeSpec(name=f"{path.stem}-disk", size=path.stat().st_size, boot=True)
    return Instance(
        id=path.name,
        spec=InstanceSpec(name=path.stem, size=Size(vcpus=1, memory=512), volumes=(disk,)),
        state=State(
            power=Power.STOPPED, allocated=False, native="file", observed_at=datetime.now(UTC)
        ),
        volumes=(path.name,),
    )


def main(folder: Path) -> None:
    """Move a machine from the shelf to a cloud in memory, and show that it arrived unharmed."""
    (folder / "shelf").mkdir()
    (folder / "shelf" / "old-web.raw").write_bytes(b"a very small system" + bytes(MIB - 19))

    shelf = connect(Account(name="shelf", kind="shelf", settings={"folder": str(folder / "shelf")}))
    cloud = broker.open(
        Account(name="cloud", kind="memory", settings={"path": str(folder / "cloud")})
    )
    opened = {"shelf": shelf, "cloud": cloud}

    plan = broker.migrate.plan("shelf/old-web", "cloud", opened=opened)
    for loss in plan.losses:
        print(f"loss: {loss.field} {loss.fidelity}: {loss.reason}")
    report = broker.migrate.apply(plan, opened=opened, state=folder / "state")
    print(report.text)
    assert [machine.name for machine in cloud.instances()] == ["old-web"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
