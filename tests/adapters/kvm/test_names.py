"""Names, seeds and the probe's sector: what is kept on other people's hosts for years."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("libvirt")

from adapters.kvm import iso9660, probe
from adapters.kvm.naming import Made, VolumeName, is_uuid, mark, uuid_for
from adapters.kvm.seed import host_name, seed, user_data
from broker.errors import Invalid
from tests import strategies


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.sampled_from(Made),
)
def test_a_file_name_tells_what_it_was_made_from(name: str, made: Made) -> None:
    wanted = VolumeName(name, made, mark("token"))
    try:
        file = wanted.file()
    except Invalid:
        assert len(name.encode()) > 60  # it grows when it is quoted
        return
    assert "/" not in file
    assert not file.startswith(".")
    assert file.isprintable() or "\n" not in file
    assert len(file.encode()) <= 255
    assert VolumeName.parse(file) == wanted


@pytest.mark.parametrize("file", ["debian.iso", "web.qcow2", "a.volume-xyz.qcow2", "x.note"])
def test_files_of_others_are_left_their_names(file: str) -> None:
    assert VolumeName.parse(file) == VolumeName(file)


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(Invalid):
        VolumeName("東" * 100, Made.DISK, mark("t")).file()


def test_a_token_makes_the_same_id_for_ever() -> None:
    assert uuid_for("instance", "a") == "d4d07778-f2c0-510d-a075-3a7868a9fc67"
    assert mark("a") == "40f89e395b66422f"
    assert len({uuid_for(kind, "a") for kind in ("instance", "network", "firewall")}) == 3
    assert is_uuid(uuid_for("network", "b"))
    assert not is_uuid("é/../%s")


@given(strategies.text, st.none() | strategies.text)
def test_a_seed_gives_back_what_was_put_in(name: str, script: str | None) -> None:
    disc = seed(instance="i-1", name=name, public_key="ssh-ed25519 AAAA me", user_data=script)
    assert len(disc) % iso9660.SECTOR == 0
    assert (user_data(disc) or "") == (script or "")
    lines = (iso9660.read(disc, "meta-data") or b"").decode().splitlines()
    values = dict(line.split(": ", 1) for line in lines[:2])
    assert json.loads(values["local-hostname"]) == host_name(name)
    assert iso9660.read(disc, "network-config") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web-1", "web-1"),
        ("Web 1 é", "Web-1"),
        ("東", "machine"),
        ("-a-", "a"),
        ("x" * 99, "x" * 63),
    ],
)
def test_a_name_becomes_a_host_name(name: str, expected: str) -> None:
    assert host_name(name) == expected


@pytest.mark.skipif(shutil.which("as") is None, reason="there is no assembler")
def test_the_probe_is_the_source_beside_it(tmp_path: Path) -> None:
    source = Path(probe.__file__).with_name("probe.s")
    subprocess.run(["as", "--64", "-o", "p.o", source], cwd=tmp_path, check=True)
    link = ["ld", "-Ttext", "0x7c00", "--oformat", "binary", "-o", "p.bin", "p.o"]
    subprocess.run(link, cwd=tmp_path, check=True)
    assert (tmp_path / "p.bin").read_bytes() == probe.SECTOR
