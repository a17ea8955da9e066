"""``interop create``: make a machine from a spec file or from flags."""

from __future__ import annotations

import contextlib
import json
import tomllib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.cli.arguments import AccountName
from broker.cli.run import Run

if TYPE_CHECKING:
    from broker.model import InstanceSpec


def create(
    run: Run,
    account: AccountName,
    name: Annotated[str, typer.Argument(help="The machine's name; the spec's when left out.")] = "",
    spec: Annotated[
        Path | None,
        typer.Option(
            help="An InstanceSpec as TOML or JSON (see `interop schema`).", metavar="FILE"
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(help="Image by name or id, one for each disk.", metavar="IMAGE"),
    ] = None,
    vcpus: Annotated[int, typer.Option(help="Virtual CPUs.", min=1)] = 1,
    memory: Annotated[int, typer.Option(help="Memory.", metavar="MIB", min=1)] = 1024,
    offer: Annotated[
        str | None, typer.Option(help="A size by its name at the provider.", metavar="NAME")
    ] = None,
    disk_size: Annotated[
        int | None, typer.Option(help="Size of the first disk.", metavar="GIB", min=1)
    ] = None,
    firmware: Annotated[
        str, typer.Option(help="bios, uefi, uefi_secure; else the image's.", metavar="KIND")
    ] = "unknown",
    network: Annotated[
        list[str] | None,
        typer.Option(help="Network by name or id, one for each card.", metavar="NETWORK"),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="A public address on the first card.")
    ] = False,
    key_pair: Annotated[str | None, typer.Option(help="Name of a key pair.")] = None,
    user_data: Annotated[
        Path | None, typer.Option(help="What cloud-init runs at first boot.", metavar="FILE")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="A label.", metavar="KEY=VALUE")] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Same token, same machine: makes a retry harmless.", metavar="TOKEN"),
    ] = None,
) -> None:
    """Make and start a machine. Flags and --spec are two ways to say one thing."""
    import broker
    from broker.cli import words
    from broker.cli.output import note, print_json, say
    from broker.errors import ConfigError
    from broker.launch import prepare
    from broker.model import GIB

    if spec is not None:
        wish = _read(spec, name)
    else:
        wish = _wish(
            {
                "name": name,
                "size": {"vcpus": vcpus, "memory": memory},
                "firmware": firmware,
                "nics": [
                    {"network": each, "public": public and index == 0}
                    for index, each in enumerate(network or ())
                ],
                "key_pair": key_pair,
                "user_data": None if user_data is None else _text(user_data),
                "labels": {
                    key: value for key, _, value in (each.partition("=") for each in label or ())
                },
            },
            "the request",
        )
    if not image:
        raise ConfigError("no image is named, and a machine boots from one", hint="Say --image")
    with contextlib.closing(broker.open(account, config=run.config)) as adapter:
        launch = prepare(
            adapter,
            wish,
            image,
            offer=offer,
            disk_size=None if disk_size is None else disk_size * GIB,
        )
        size = words.size(launch.spec.size, launch.offer)
        if run.dry_run:
            print_json(launch.model_dump(mode="json"))
            return
        if not run.agreed(f"Create {account}/{wish.name} with {size} ({launch.reason})?"):
            raise typer.Abort
        token = token or f"create-{uuid.uuid4().hex}"
        note(f"creating {account}/{wish.name} (token {token})")
        made = adapter.create_instance(launch.spec, launch.images, offer=launch.offer, token=token)
        if run.json:
            print_json(made.model_dump(mode="json"))
        else:
            say(f"{account}/{made.name} ({made.id}) is {words.state(made.state)}")


def _read(file: Path, name: str) -> InstanceSpec:
    from broker.errors import ConfigError

    try:
        text = _text(file)
        values = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    if isinstance(values, dict) and name:
        values["name"] = name
    return _wish(values, str(file))


def _text(file: Path) -> str:
    from broker.errors import ConfigError

    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {error}") from error


def _wish(values: object, where: str) -> InstanceSpec:
    from pydantic import ValidationError

    from broker.errors import ConfigError
    from broker.model import InstanceSpec

    try:
        return InstanceSpec.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where}: {key or 'the spec'}: {first['msg']}") from error
