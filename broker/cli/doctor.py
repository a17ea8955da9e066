"""``interop doctor``: is everything in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from broker.cli.run import FAILED, Run

if TYPE_CHECKING:
    from broker.doctor import Finding


def doctor(run: Run) -> None:
    """Check the installation and the accounts. The exit code is 1 when something is wrong."""
    from broker.cli.output import print_json, print_table
    from broker.doctor import examine

    findings: list[Finding] = examine(run.config)
    if run.json:
        print_json([finding.model_dump(mode="json") for finding in findings])
    else:
        print_table(
            run,
            ("RESULT", "CHECK", "FOUND"),
            [("ok" if one.ok else "WRONG", one.check, one.found) for one in findings],
        )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)
