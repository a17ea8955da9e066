"""What a shell and a terminal get: completion, tables, colours, and none of them in a pipe."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import World

INTEROP = [str(Path(sys.executable).parent / "interop")]


def completed(interop: World, *words: str) -> list[str]:
    """Return what bash is offered after ``words``."""
    done = subprocess.run(
        INTEROP,
        env=os.environ
        | {
            "_INTEROP_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("interop", *words)),
            "COMP_CWORD": str(len(words)),
            "INTEROP_CONFIG": str(interop.accounts),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def on_a_terminal(interop: World, *words: str, width: int) -> str:
    """Return what a terminal of ``width`` columns gets."""
    ours, theirs = pty.openpty()
    surroundings = {"INTEROP_CONFIG": str(interop.accounts), "COLUMNS": str(width)}
    process = subprocess.Popen(
        [*INTEROP, *words], stdin=theirs, stdout=theirs, env=os.environ | surroundings
    )
    os.close(theirs)
    told = b""
    try:
        while piece := os.read(ours, 65536):
            told += piece
    except OSError:  # Linux ends a terminal nobody writes to any more with EIO
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0
    return told.decode()


def test_the_shell_completes_commands_accounts_and_options(interop: World) -> None:
    assert completed(interop, "inv") == ["inventory"]
    assert completed(interop, "show", "l") == ["lab/"]
    assert completed(interop, "inventory", "e") == ["eu"]
    assert "--dry-run" in completed(interop, "delete", "--d")


def test_a_broken_accounts_file_completes_to_nothing(interop: World) -> None:
    interop.accounts.write_text("[")
    assert completed(interop, "show", "l") == []


def test_a_wide_terminal_gets_a_table_and_a_narrow_one_blocks(interop: World) -> None:
    web = interop.machine("web-1")
    wide = on_a_terminal(interop, "inventory", "--no-color", width=200)
    assert "─" in wide
    assert any("web-1" in line and web.id in line for line in wide.splitlines())
    narrow = on_a_terminal(interop, "inventory", "--no-color", width=60)
    assert "…" not in narrow
    assert any(line.split() == ["ID", web.id] for line in plain(narrow).splitlines())


def plain(told: str) -> str:
    """Return what is read, without what sets bold and dim."""
    return re.sub(r"\x1b\[[0-9;]*m", "", told)


@pytest.mark.parametrize("words", [("--help",), ("inventory", "--help"), ("migrate", "--help")])
def test_help_in_a_pipe_has_no_boxes(words: tuple[str, ...]) -> None:
    done = subprocess.run([*INTEROP, *words], capture_output=True, text=True, check=True)
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout


def test_no_color_means_no_colour(interop: World) -> None:
    assert "\x1b[3" not in on_a_terminal(interop, "inventory", "--no-color", width=100)
