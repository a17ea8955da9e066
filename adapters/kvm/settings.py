"""What an account of kind kvm may say in the accounts file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from broker.model import Strict


class Settings(Strict):
    """``uri`` is libvirt's own, as ``virsh -c`` takes it.

    New volumes go into ``pool``, a running pool of type dir, fs or netfs. ``accelerator`` overrules
    the probe. ``backup_sockets`` is a folder, on the host, that QEMU's user may create sockets in;
    without it one is made where the account's user may do that.
    """

    uri: str = "qemu:///system"
    pool: str = "default"
    accelerator: Literal["probe", "kvm", "qemu"] = "probe"
    shutdown_timeout_s: Annotated[float, Field(gt=0)] = 120
    backup_sockets: Path | None = None
