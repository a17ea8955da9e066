"""``interop size map``: the sizes of several places that carry what one machine needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import machine_names
from broker.cli.run import LOSSES, Run

if TYPE_CHECKING:
    from pydantic import JsonValue

    from broker.catalog import Market, Plan, Price
    from broker.fit.need import Need
    from broker.sizing import Mapped


def map_(
    run: Run,
    machine: Annotated[
        str,
        typer.Argument(
            metavar="MACHINE",
            help="4x16 (vCPU x GiB), PROVIDER/SIZE, ACCOUNT/NAME, or a name in the inventory.",
            autocompletion=machine_names,
        ),
    ],
    to: Annotated[
        list[str],
        typer.Option(
            help="A place it may go to: PROVIDER/REGION, or an ACCOUNT, within its quota.",
            metavar="PLACE",
        ),
    ],
    inventory: Annotated[
        Path | None,
        typer.Option(
            "--inventory", "-i", metavar="FILE", help="A .csv or .json MACHINE is a name in."
        ),
    ] = None,
    arch: Annotated[str | None, typer.Option(help="x86_64 or aarch64.")] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs it needs.", min=0)] = None,
    disks: Annotated[int | None, typer.Option(help="Disks it has.", min=0)] = None,
    nics: Annotated[int | None, typer.Option(help="Network cards it has.", min=0)] = None,
    local_disk: Annotated[
        int | None, typer.Option(help="GiB of local disk it needs.", min=0)
    ] = None,
    firmware: Annotated[str | None, typer.Option(help="bios, uefi or uefi_secure.")] = None,
    driver: Annotated[
        list[str] | None, typer.Option(help="A device the guest has a driver for; none: not known.")
    ] = None,
    burstable: Annotated[
        bool, typer.Option("--burstable", help="A share of each vCPU for long is enough.")
    ] = False,
    old: Annotated[
        bool, typer.Option("--old", help="Generations that are being retired will do.")
    ] = False,
    zone: Annotated[str | None, typer.Option(help="Only what this zone has.")] = None,
    vcpu_quota: Annotated[
        int | None,
        typer.Option(
            help="vCPUs still to be had; else what the quota of an ACCOUNT leaves.", min=0
        ),
    ] = None,
    cpu_p95: Annotated[
        float | None, typer.Option(help="95th percentile of CPU, as a share.", min=0, max=1)
    ] = None,
    memory_p95: Annotated[
        float | None, typer.Option(help="The same of memory; never 0.", min=0.001, max=1)
    ] = None,
    headroom: Annotated[float, typer.Option(help="Beyond what was measured.", min=0, max=10)] = 0.2,
    closest: Annotated[
        bool, typer.Option("--closest", help="The closest in kind, not the cheapest.")
    ] = False,
    allow_smaller: Annotated[
        bool, typer.Option("--allow-smaller", help="Take less where nothing is large enough.")
    ] = False,
    plan: Annotated[
        str, typer.Option(help="on_demand, reserved_1y, reserved_3y or spot.")
    ] = "on_demand",
    system: Annotated[str, typer.Option("--os", help="linux, windows, rhel or suse.")] = "linux",
    account: Annotated[str, typer.Option(help="With this account's prices.")] = "",
    currency: Annotated[str, typer.Option(help="Prices in this currency.")] = "USD",
) -> None:
    """Show the cheapest size of each place that has all a machine needs, and why that one.

    Of a machine, live or in a file, the need is what it has; options say what else it needs, or
    needs instead. The exit code is 3 when a place has nothing that fits.
    """
    from broker.catalog import Catalogue, Market, Plan
    from broker.catalog.systems import system_named
    from broker.cli.choices import choice
    from broker.cli.output import note, print_json
    from broker.fit.match import Prefer
    from broker.fit.need import measured
    from broker.model import GIB, Arch, Firmware
    from broker.needed import needed as meant_by
    from broker.sizing import map_size, staleness
    from broker.target import target

    targets = [target(each, vcpu_quota=vcpu_quota, config=run.config) for each in to]
    with Catalogue() as catalogue:
        system = system_named(system, catalogue)
        meant = meant_by(machine, catalogue, inventory=inventory, config=run.config)
        need = meant.need
        size = _given(arch=choice(Arch, arch) if arch else None, gpus=gpus)
        needed = measured(
            need.size.model_copy(update=size),
            cpu_p95=cpu_p95,
            memory_p95=memory_p95,
            headroom=headroom,
        )
        changes = _given(
            size=needed,
            firmware=choice(Firmware, firmware) if firmware else None,
            disks=disks,
            nics=nics,
            local_disk=None if local_disk is None else local_disk * GIB,
            drivers=frozenset(driver) if driver else None,
            burstable=burstable or None,
            old_generations=old or None,
            zone=zone,
        )
        need = need.model_copy(update=changes)
        markets = [
            Market(catalogue, each.place, account=account or each.account, currency=currency)
            for each in targets
        ]
    found = [
        map_size(
            need.model_copy(update={"vcpu_quota": each.vcpus_left}),
            market,
            prefer=Prefer.CLOSEST if closest else Prefer.CHEAPEST,
            plan=choice(Plan, plan),
            system=system,
            allow_smaller=allow_smaller,
        )
        for each, market in zip(targets, markets, strict=True)
    ]
    used = [
        _prices(each, market, choice(Plan, plan), system)
        for each, market in zip(found, markets, strict=True)
    ]
    if run.json:
        print_json(
            [
                _told(each, prices, meant.not_offered)
                for each, prices in zip(found, used, strict=True)
            ]
        )
    else:
        _show(run, need, found)
    if meant.not_offered:
        note(f"interop: {meant.not_offered}")
    for market in markets:
        if others := ", ".join(market.other_currencies()):
            note(f"interop: prices of {market.place} in {others} were not used (--currency)")
    for prices in used:
        if warning := staleness(prices):
            note(f"interop: {warning}")
    if any(each.match.offer is None for each in found):
        raise typer.Exit(LOSSES)


def _given(**values: object) -> dict[str, object]:
    """Return the values somebody gave."""
    return {name: value for name, value in values.items() if value is not None}


def _prices(mapped: Mapped, market: Market, plan: Plan, system: str) -> list[Price]:
    """Return what the price of the size taken consists of."""
    offer = mapped.match.offer
    parts = market.compute(offer, plan, system) if offer else []
    return [part.price for part in parts if part.price is not None]


def _told(mapped: Mapped, prices: list[Price], not_offered: str) -> JsonValue:
    """Return a mapping with where each part of its price is from, and what is odd of the need."""
    told: dict[str, JsonValue] = mapped.model_dump(mode="json")
    told["prices"] = [price.model_dump(mode="json") for price in prices]
    told["not_offered"] = not_offered or None
    return told


def _show(run: Run, need: Need, found: list[Mapped]) -> None:
    from broker.cli import words
    from broker.cli.output import note, print_table

    note(f"Needed: {words.size(need.size)} ({need.size.arch})")
    print_table(
        run,
        ("PLACE", "SIZE", "HAS", "AN HOUR", "WHY", "RUNNER-UP", "UNCHECKED"),
        [
            (
                str(each.place),
                each.match.offer.id if each.match.offer else "-",
                words.size(each.match.offer.size) if each.match.offer else "",
                words.money(each.match.offer.price_per_hour if each.match.offer else None),
                each.match.reason,
                f"{each.match.runner_up.id}: {each.match.lost_by}" if each.match.runner_up else "",
                ", ".join(each.match.unchecked),
            )
            for each in found
        ],
        blocks=True,
    )
    if run.verbose:
        for each in found:
            for what, count in each.match.lacked.items():
                note(f"{each.place}: {count} have {what}, as {each.match.examples[what]}")
