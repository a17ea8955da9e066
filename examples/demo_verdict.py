"""Compare what the demo's guest said before it left and after it came home, and its disks.

    python examples/demo_verdict.py FOLDER

FOLDER has the guest's line of each time (before, after) and the two migrations' reports.
"""

from __future__ import annotations

import sys
from pathlib import Path

from broker.migrate.report import Report


def words(line: str) -> dict[str, str]:
    """Return the name=value words of the guest's line."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def report(file: Path) -> Report:
    """Return a migration's report."""
    return Report.model_validate_json(file.read_text())


def main(folder: Path) -> int:
    """Print one line a comparison; return 1 when any fails."""
    before, after = (words((folder / name).read_text()) for name in ("before", "after"))
    out, home = report(folder / "out-report.json"), report(folder / "home-report.json")
    grown = int(after["boots"]) == int(before["boots"]) + 1
    kept = {name: before[name] == after[name] != "none" for name in ("marker", "data")}
    lines = [(grown, "boot counter", before["boots"], after["boots"])]
    lines += [(kept[name], f"{name} in the guest", before[name], after[name]) for name in kept]
    for there, back in zip(out.disks, home.disks, strict=True):
        roots = [there.source_root, there.target_root, back.source_root, back.target_root]
        lines.append((len(set(roots)) == 1, f"hash of disk {there.name}", roots[0], str(roots[-1])))
    for fine, what, one, other in lines:
        print(f"{'ok ' if fine else 'BAD'} {what}: {one} -> {other}")
    return 0 if all(fine for fine, *_ in lines) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
