"""Commands that change something: create, start, stop, delete. Each asks, and can be tried dry."""

from __future__ import annotations

import json

import pytest

from broker.adapter import PublicAddresses
from broker.model import Power
from tests.cli.conftest import World


def power(interop: World, id: str) -> Power:
    return interop.open().instance(id).state.power


def test_stop_and_start(interop: World) -> None:
    web = interop.machine("web-1")
    stopped = interop("stop", "lab/web-1", "--mode", "deallocate", "--yes")
    assert stopped.out == "lab/web-1 is stopped, not billed\n"
    assert power(interop, web.id) is Power.STOPPED
    assert interop("start", "lab/web-1").out == "lab/web-1 is running, billed\n"
    assert interop("start", "lab/web-1").code == 0


@pytest.mark.parametrize("words", [("stop",), ("delete",)])
def test_without_a_terminal_yes_must_be_said(interop: World, words: tuple[str, ...]) -> None:
    web = interop.machine("web-1")
    answer = interop(*words, "lab/web-1", typed="y\n")
    assert answer.code == 2
    assert "no terminal to ask on. Say --yes" in answer.err
    assert power(interop, web.id) is Power.RUNNING


@pytest.mark.parametrize("words", [("stop",), ("delete",)])
def test_no_means_no(
    interop: World, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    web = interop.machine("web-1")
    monkeypatch.setattr("typer.confirm", lambda question, err: False)
    monkeypatch.setattr("broker.cli.run._can_ask", lambda: True)
    assert interop(*words, "lab/web-1").code == 1
    assert power(interop, web.id) is Power.RUNNING


@pytest.mark.parametrize("words", [("stop",), ("delete",), ("start",)])
def test_a_dry_run_changes_nothing(interop: World, words: tuple[str, ...]) -> None:
    web = interop.machine("web-1")
    answer = interop(*words, "lab/web-1", "--dry-run")
    assert answer.code == 0
    assert answer.out.startswith(f"would {words[0]} lab/web-1")
    assert power(interop, web.id) is Power.RUNNING


def test_delete(interop: World) -> None:
    interop.machine("web-1")
    assert interop("delete", "lab/web-1", "-y").code == 0
    assert interop("inventory").rows == []
    assert interop.open().volumes() == []


def test_delete_can_keep_the_disks(interop: World) -> None:
    interop.machine("web-1")
    assert interop("delete", "lab/web-1", "-y", "--keep-volumes").code == 0
    assert len(interop.open().volumes()) == 1


def test_delete_tells_of_an_address_that_stays(interop: World) -> None:
    web = interop.machine("web-1")
    lab = interop.open()
    assert isinstance(lab, PublicAddresses)
    address = lab.create_public_address(token="address")
    lab.attach_public_address(address.id, web.id)
    answer = interop("delete", "lab/web-1", "-y")
    assert answer.out == "lab/web-1 is deleted\n"
    assert f"public address {address.address} ({address.id}) is kept" in answer.err
    assert lab.public_addresses()[0].instance is None


def test_create_from_flags(interop: World) -> None:
    image = interop.image("base")
    words = (
        "create", "lab", "new", "--image", "base", "--network", "front", "--vcpus", "2",
        "--memory", "600", "--label", "team=rot", "--json", "--token", "once",
    )  # fmt: skip
    dry = interop(*words, "--dry-run")
    assert dry.json["offer"] == "large"
    assert dry.json["images"] == [image.id]
    assert interop("inventory").rows == []
    made = interop(*words, "--yes")
    assert made.code == 0, made.err
    assert made.json["spec"]["labels"] == {"team": "rot"}
    assert interop(*words, "--yes").json["id"] == made.json["id"]
    assert len(interop("inventory").rows) == 1


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_create_from_a_spec_file(interop: World, suffix: str) -> None:
    interop.image("base")
    file = interop.folder / f"spec.{suffix}"
    values = {"name": "fröhlich", "size": {"vcpus": 1, "memory": 256}, "firmware": "bios"}
    file.write_text(
        json.dumps(values)
        if suffix == "json"
        else 'name = "fröhlich"\nfirmware = "bios"\n[size]\nvcpus = 1\nmemory = 256\n',
        "utf-8",
    )
    answer = interop("create", "lab", "--spec", str(file), "--image", "base", "-y")
    assert answer.code == 0, answer.err
    assert "lab/fröhlich" in answer.out
    assert interop("inventory").rows[0][4] == "1 vCPU, 512 MiB (small)"


def test_create_takes_a_size_that_starts_the_image(interop: World) -> None:
    small = '{ id = "efi", size = { vcpus = 1, memory = 256 }, firmware = ["uefi"] }'
    interop.write(
        f'[accounts.mixed]\nkind = "memory"\npath = "{interop.folder / "lab"}"\n'
        f'sizes = [{small}, {{ id = "any", size = {{ vcpus = 1, memory = 512 }},'
        ' firmware = ["bios", "uefi"] }]\n'
    )
    image = interop.image("base")
    words = ("create", "mixed", "new", "--image", image.id, "--memory", "256", "--dry-run")
    assert image.firmware == "bios"
    assert interop(*words).json["offer"] == "any"
    assert interop(*words, "--firmware", "uefi").json["offer"] == "efi"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--image", "bose"), "there is no image bose in lab. Did you mean base?"),
        (("--image", "base", "--network", "frnt"), "no network frnt. Did you mean front?"),
        (("--image", "base", "--offer", "smal"), "there is no size smal. Did you mean small?"),
        (("--image", "base", "--vcpus", "99"), "no size on offer has 99 vCPU"),
        ((), "no image is named, and a machine boots from one. Say --image"),
        (("--image", "base", "--firmware", "efi"), "the request: firmware: Input should be"),
        (("--spec", "nowhere.toml"), "cannot read nowhere.toml"),
    ],
)
def test_a_wrong_wish_is_told_before_anything_is_made(
    interop: World, words: tuple[str, ...], told: str
) -> None:
    interop.image("base")
    answer = interop("create", "lab", "new", *words, "-y")
    assert answer.code == 2
    assert told in answer.err
    assert interop("inventory").rows == []


def test_a_spec_with_a_wrong_key_names_it(interop: World) -> None:
    file = interop.folder / "spec.toml"
    file.write_text('name = "x"\nsize = { vcpus = 1, memry = 5 }\n')
    answer = interop("create", "lab", "--spec", str(file), "-y")
    assert answer.code == 2
    assert f"{file}: size.memory: Field required" in answer.err


def test_what_the_provider_refuses_is_a_failure(interop: World) -> None:
    interop.write(
        f'[accounts.full]\nkind = "memory"\npath = "{interop.folder / "lab"}"\n'
        "quotas = { instances = 0 }\n"
    )
    image = interop.image("base")
    answer = interop("create", "full", "new", "--image", image.id, "--network", "front", "-y")
    assert answer.code == 1
    assert "Traceback" not in answer.err
