"""``interop show``: everything about one machine, or about one account."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import machine_names
from broker.cli.run import Run

if TYPE_CHECKING:
    from broker.adapter import Adapter
    from broker.model import Instance


def show(
    run: Run,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT/NAME",
            help="A machine by name or id, or an account for what it accepts.",
            autocompletion=machine_names,
        ),
    ],
) -> None:
    """Show everything about one machine. With -v also in the provider's own words."""
    import broker

    account = what.removesuffix("/")
    if account and "/" not in account:
        with contextlib.closing(broker.open(account, config=run.config)) as adapter:
            _show_account(run, adapter)
        return
    adapter, instance = broker.find(what, config=run.config)
    adapter.close()
    _show_machine(run, what.partition("/")[0], instance)


def _show_account(run: Run, adapter: Adapter) -> None:
    from broker.cli.output import print_json, print_table
    from broker.cli.tree import flatten

    limits = adapter.limits.model_dump(mode="json")
    if run.json:
        print_json(limits)
    else:
        print_table(run, ("LIMIT", "VALUE"), flatten(limits))


def _show_machine(run: Run, account: str, instance: Instance) -> None:
    from broker.cli import words
    from broker.cli.output import print_json, print_table
    from broker.cli.tree import flatten
    from broker.units import readable

    everything = instance.model_dump(mode="json")
    if run.json:
        print_json(everything)
        return
    native = everything.pop("native")
    rows = [
        ("account", account),
        ("name", instance.name),
        ("id", instance.id),
        ("state", words.state(instance.state)),
        ("native state", instance.state.native),
        ("reason", instance.state.reason or ""),
        ("size", words.size(instance.spec.size, instance.offer)),
        ("firmware", str(instance.spec.firmware)),
        ("system", str(instance.spec.system)),
        ("billed as", instance.billed_as or ""),
        ("zone", instance.zone or ""),
        ("created", str(instance.created_at or "")),
        ("key pair", instance.spec.key_pair or ""),
        ("labels", words.labels(instance.spec.labels)),
    ]
    for index, volume in enumerate(instance.spec.volumes):
        parts = [volume.name, readable(volume.size), volume.bus, volume.kind or ""]
        parts.append(volume.performance)
        parts += instance.volumes[index : index + 1]
        rows.append((f"disk {index}", ", ".join(part for part in parts if part)))
    for index, nic in enumerate(instance.nics):
        parts = [nic.spec.network, nic.spec.mac or "", *map(str, nic.spec.addresses)]
        parts += [f"{address} (public)" for address in nic.public_addresses]
        parts += [f"firewall {firewall}" for firewall in nic.spec.firewalls]
        rows.append((f"nic {index}", ", ".join(part for part in parts if part)))
    if run.verbose:
        rows += [(f"native {path}", value) for path, value in flatten(native)]
    print_table(run, ("FIELD", "VALUE"), [row for row in rows if row[1]])
