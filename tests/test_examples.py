"""Every example runs as its first lines say, without a network and without an account."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEMO = (ROOT / "examples" / "demo.sh").read_text()
EXAMPLES = [
    path for path in sorted((ROOT / "examples").glob("*.py")) if f"examples/{path.name}" not in DEMO
]
"""All but those the demo runs on real services."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
    }
    ran = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} >= {"migrate", "list_everything", "write_an_adapter"}
