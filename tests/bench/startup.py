"""CPU seconds of `interop --help` and of `import broker`. Prints one JSON object."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15
GOAL_HELP_MS = 300

COMMANDS = {
    "interop --help": [str(Path(sys.executable).parent / "interop"), "--help"],
    "interop inventory --help": [str(Path(sys.executable).parent / "interop"), "inventory", "-h"],
    "import broker": [sys.executable, "-c", "import broker"],
    "python alone": [sys.executable, "-c", "pass"],
}


def cpu_ms(command: list[str]) -> float:
    """Return the user and system time of one run, by the kernel's own count."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return (usage.ru_utime + usage.ru_stime) * 1000


def main() -> None:
    measured = {
        name: round(statistics.median(cpu_ms(command) for _ in range(ROUNDS)))
        for name, command in COMMANDS.items()
    }
    report = {
        "bench": f"CPU of starting up, median of {ROUNDS}",
        "cpu_ms": measured,
        "goal": {"interop --help, ms": GOAL_HELP_MS},
        "held": measured["interop --help"] <= GOAL_HELP_MS,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
