"""A real guest under UEFI on nova's libvirt driver, and its firmware on the image made of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from broker.model import (
    GIB,
    Arch,
    Firmware,
    InstanceSpec,
    Size,
    StopMode,
    VolumeSpec,
)
from tests.boot.openstack_guests import opened, ready, upload
from tests.conformance.kit import sweep
from tests.services.require import require

pytestmark = [pytest.mark.timeout(900), pytest.mark.service]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    require("openstack")
    with ExitStack() as made:
        yield made


def test_a_uefi_guest_comes_up_and_its_image_says_so(
    stack: ExitStack, micro: Path, tmp_path: Path
) -> None:
    adapter = stack.enter_context(opened("interop-a"))

    def token() -> str:
        made = f"uefi-{secrets.token_hex(4)}"
        stack.callback(sweep, adapter, made)
        return made

    disk = upload(adapter, micro, tmp_path / "journal", token=token()).id
    spec = InstanceSpec(
        name="uefi",
        size=Size(vcpus=1, memory=512),
        firmware=Firmware.UEFI,
        volumes=(VolumeSpec(name="root", size=GIB, boot=True),),
    )
    made = adapter.create_instance(spec, (disk,), offer="small", token=token())
    assert made.spec.firmware is Firmware.UEFI
    assert ready(adapter, made.id, boots=1)["firmware"] == "uefi"

    adapter.stop_instance(made.id, StopMode.POWER_OFF)
    image = adapter.create_image(made.id, "uefi", token=token())
    assert (image.firmware, image.arch) == (Firmware.UEFI, Arch.X86_64)
