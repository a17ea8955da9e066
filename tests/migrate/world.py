"""Two clouds in folders, a machine with two disks in the first, and how a test looks at them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.memory.adapter import MemoryAdapter
from adapters.memory.settings import Settings
from broker import migrate
from broker.adapter import Adapter
from broker.adapter.retry import Budget, retrying
from broker.disks.copy import copy
from broker.disks.files import FileSource
from broker.migrate import Plan, Report
from broker.model import (
    MIB,
    CidrPeer,
    FirewallRule,
    FirewallSpec,
    GroupPeer,
    Instance,
    InstanceSpec,
    NetworkSpec,
    NicSpec,
    Power,
    System,
    SystemKind,
    VolumeSpec,
)

ROOT_SIZE, DATA_SIZE = 4 * MIB, 3 * MIB


def any_peer() -> CidrPeer:
    return CidrPeer.model_validate({"cidr": "0.0.0.0/0"})


class World:
    """``lab`` has web-1 and ``cloud`` is empty. What a test shall not see again is retried."""

    def __init__(self, folder: Path, **cloud: Any) -> None:
        self.folder = folder
        self.lab = MemoryAdapter("lab", Settings(path=folder / "lab"))
        self.state = folder / "state"
        self.settle(**cloud)
        self.web = self._web()

    def settle(self, **cloud: Any) -> None:
        """Open the target anew with other settings; what is in it stays."""
        settings = {"path": self.folder / "cloud", **cloud}
        self.cloud = MemoryAdapter("cloud", Settings.model_validate(settings))

    @property
    def opened(self) -> Mapping[str, Adapter]:
        budget = Budget(sleep=lambda _: None)
        return {"lab": retrying(self.lab, budget), "cloud": retrying(self.cloud, budget)}

    def plan(self, machine: str = "lab/web-1", target: str = "cloud", **options: Any) -> Plan:
        return migrate.plan(machine, target, opened=self.opened, **options)

    def apply(self, plan: Plan, **more: Any) -> Report:
        return migrate.apply(plan, **{"opened": self.opened, "state": self.state, **more})

    def undo(self, plan: Plan) -> Report:
        return migrate.undo(plan, opened=self.opened, state=self.state)

    def accounts_file(self) -> Path:
        """Return an accounts file that opens the same two clouds in another process."""
        path = self.folder / "accounts.toml"
        with path.open("w") as file:
            for name in ("lab", "cloud"):
                folder = json.dumps(str(self.folder / name))
                file.write(f'[accounts.{name}]\nkind = "memory"\npath = {folder}\n')
        return path

    @property
    def source_power(self) -> Power:
        return self.lab.instance(self.web.id).state.power

    def content(self, adapter: Adapter, disk: str) -> bytes:
        source = adapter.open_source(disk)
        held = bytearray(source.size)
        source.pread_into(memoryview(held), 0)
        source.close()
        return bytes(held)

    def assert_moved(self) -> Instance:
        """The cloud has one machine, and its disks read as the lab's."""
        (there,) = self.cloud.instances()
        here = self.lab.instance(self.web.id)
        for mine, theirs in zip(here.volumes, there.volumes, strict=True):
            assert self.content(self.cloud, theirs) == self.content(self.lab, mine)
        return there

    def assert_target_clean(self, *, disks: int = 0) -> None:
        """Nothing was left in the cloud but so many disks, whole or in part."""
        assert self.cloud.instances() == []
        assert self.cloud.networks() == []
        assert self.cloud.firewalls() == []
        assert len(list((self.folder / "cloud" / "disks").iterdir())) == disks

    def write_to_root(self, offset: int, data: bytes) -> None:
        """Do what the guest does: change a block of the boot disk."""
        path = self.folder / "lab" / "disks" / f"{self.web.volumes[0]}.raw"
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def fill(self, name: str, content: bytes) -> str:
        image = self.folder / f"{name}.img"
        image.write_bytes(content)
        sink = self.lab.open_sink(len(content), name=name, token=name)
        return copy(FileSource(image), sink, journal=self.folder / f"{name}.journal").id

    def _web(self) -> Instance:
        if self.lab.instances():
            return self.lab.instances()[0]
        chance = random.Random(7)
        root = self.fill("root", chance.randbytes(2 * MIB) + bytes(ROOT_SIZE - 2 * MIB))
        data = self.fill("data", bytes(MIB) + chance.randbytes(DATA_SIZE - MIB))
        lan = NetworkSpec.model_validate({"name": "lan", "subnets": [{"cidr": "10.0.0.0/24"}]})
        network = self.lab.create_network(lan, token="lan")
        allow = FirewallRule.model_validate(
            {"direction": "ingress", "family": "ipv4", "peer": any_peer(), "protocol": 6}
        ).model_copy(update={"priority": 100})
        firewall = self.lab.create_firewall(
            FirewallSpec(name="web", network=network.id, rules=(allow,)), token="web"
        )
        own = allow.model_copy(
            update={"peer": GroupPeer(firewall=firewall.id), "protocol": 17, "priority": 110}
        )
        self.lab.replace_rules(firewall.id, (allow, own))
        spec = InstanceSpec(
            name="web-1",
            size=self.lab.sizes()[0].size,
            firmware=sorted(self.lab.sizes()[0].firmware)[0],
            system=System(kind=SystemKind.LINUX, distribution="debian"),
            volumes=(
                VolumeSpec(name="root", size=ROOT_SIZE, boot=True),
                VolumeSpec(name="data", size=DATA_SIZE),
            ),
            nics=(NicSpec(network=network.id, firewalls=(firewall.id,)),),
            user_data="#cloud-config\n",
            labels={"team": "web"},
        )
        return self.lab.create_instance(spec, [root, data], token="web-1")
