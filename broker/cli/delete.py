"""``interop delete``: delete a machine."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from broker.cli.arguments import MachineName
from broker.cli.run import Run


def delete(
    run: Run,
    machine: MachineName,
    keep_volumes: Annotated[
        bool, typer.Option("--keep-volumes", help="Leave its disks behind.")
    ] = False,
) -> None:
    """Delete a machine and its disks. Addresses that can be moved to another one are kept."""
    import broker
    from broker.adapter import PublicAddresses
    from broker.cli import words
    from broker.cli.output import note, say

    adapter, instance = broker.find(machine, config=run.config)
    with contextlib.closing(adapter):
        disks = "keeping" if keep_volumes else "with"
        told = f"{machine} ({instance.id}, {words.state(instance.state)}) {disks} its disks"
        if run.dry_run:
            say(f"would delete {told}")
            return
        if not run.agreed(f"Delete {told}?"):
            raise typer.Abort
        adapter.delete_instance(instance.id, keep_volumes=keep_volumes)
        say(f"{machine} is deleted")
        held = {address for nic in instance.nics for address in nic.public_addresses}
        if held and isinstance(adapter, PublicAddresses):
            for kept in adapter.public_addresses():
                if str(kept.address) in held:
                    note(
                        f"its public address {kept.address} ({kept.id}) is kept, and may be "
                        "billed: give it back at the provider if nothing needs it"
                    )
