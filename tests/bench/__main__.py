"""Run every measurement here and write what it tells to docs/benchmarks.md.

Each file beside this one is a program that prints one JSON object: ``bench`` says what was
measured, ``goal`` what was to be reached, ``held`` whether it was, and the rest are the numbers.
Run as `python -m tests.bench [NAME]...`; with names the file in docs/ is left as it is.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from broker.cli.tree import flatten
from tests.services.require import PROBES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REPORT = ROOT / "docs" / "benchmarks.md"

NEEDS = {"image_upload": "openstack"}
"""Measurements against a service that `make services-up` starts only when asked."""


def run(name: str) -> dict[str, Any]:
    """Return what one measurement printed; its progress goes to standard error."""
    print(f"[bench] {name}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"tests.bench.{name}"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"the benchmark {name} failed")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def machine() -> str:
    """Return the processor, how many of it, memory and kernel of this machine."""
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} x {', '.join(models) or platform.machine()}, {memory_gib:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def page(results: dict[str, dict[str, Any]]) -> str:
    """Return the results as a page: first what was reached, then all numbers."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {machine()}.",
        "Ratios compare two programs in one run on one machine; they carry over, seconds do not.",
        "",
        "| benchmark | goal | reached |",
        "|---|---|---|",
    ]
    for result in results.values():
        goal = ", ".join(f"{key} {value}" for key, value in flatten(result.get("goal", {})) if key)
        held = {True: "yes", False: "**no**", None: ""}[result.get("held")]
        lines.append(f"| {result['bench']} | {goal} | {held} |")
    for name, result in results.items():
        numbers = {k: v for k, v in result.items() if k not in ("bench", "goal", "held")}
        lines += ["", f"## {name}", "", result["bench"] + ".", "", "| | |", "|---|---:|"]
        lines += [f"| {key} | {value} |" for key, value in flatten(numbers)]
    return "\n".join(lines) + "\n"


def main() -> None:
    every = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("__"))
    for name, service in NEEDS.items():
        if problem := PROBES[service]():
            print(f"[bench] {name} is left out: {problem}", file=sys.stderr)
            every.remove(name)
    asked = sys.argv[1:]
    results = {name: run(name) for name in asked or every}
    print(page(results))
    if not asked:
        REPORT.write_text(page(results), "utf-8")
    if not all(result.get("held", True) for result in results.values()):
        raise SystemExit("a goal was not reached (see the table)")


if __name__ == "__main__":
    main()
