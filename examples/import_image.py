"""Make a machine out of disk images: the first boots, the others are its data disks.

    python examples/import_image.py ACCOUNT NAME IMAGE.qcow2... [--network NAME] [--user-data FILE]

Run it again after an interruption: it goes on where it was, and makes nothing twice.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import broker
from broker.adapter import Adapter
from broker.disks.copy import copy
from broker.disks.nbd import NbdExport
from broker.disks.qemu import QemuNbd
from broker.launch import prepare
from broker.model import Firmware, InstanceSpec, NicSpec, Size, VolumeSpec


def import_disk(adapter: Adapter, image: Path, name: str) -> tuple[str, VolumeSpec]:
    """Return the id of a disk that holds what the image does, and what to ask of a machine."""
    with ExitStack() as stack:
        server = stack.enter_context(QemuNbd(image, "qcow2"))
        source = stack.enter_context(closing(NbdExport(server.address)))
        sink = adapter.open_sink(source.size, name=name, token=f"import-{name}")
        stack.callback(sink.close)
        journal = Path(tempfile.gettempdir()) / f"interop-import-{adapter.name}-{name}.journal"
        copied = copy(source, sink, journal=journal)
        journal.unlink()
        return copied.id, VolumeSpec(name=name, size=sink.size)


def main() -> None:
    """Copy the images, then make and start the machine."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("account")
    ask.add_argument("name")
    ask.add_argument("images", type=Path, nargs="+", metavar="IMAGE.qcow2")
    ask.add_argument("--network")
    ask.add_argument("--user-data", type=Path)
    ask.add_argument("--firmware", type=Firmware, default=Firmware.BIOS)
    asked = ask.parse_args()
    with closing(broker.open(asked.account)) as adapter:
        disks = [
            import_disk(adapter, image, f"{asked.name}-{index}")
            for index, image in enumerate(asked.images)
        ]
        wish = InstanceSpec(
            name=asked.name,
            size=Size(vcpus=1, memory=256),
            firmware=asked.firmware,
            volumes=tuple(
                spec.model_copy(update={"boot": index == 0})
                for index, (_, spec) in enumerate(disks)
            ),
            nics=(NicSpec(network=asked.network),) if asked.network else (),
            user_data=asked.user_data.read_text() if asked.user_data else None,
        )
        launch = prepare(adapter, wish, ())
        made = adapter.create_instance(
            launch.spec,
            [disk for disk, _ in disks],
            offer=launch.offer,
            token=f"import-{asked.name}",
        )
        print(f"{asked.account}/{made.name} ({made.id}) is {made.state.power}")


if __name__ == "__main__":
    main()
