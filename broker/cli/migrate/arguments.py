"""The argument that names a plan."""

from __future__ import annotations

from typing import Annotated

import typer

PlanName = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan's file, or the id of one applied here.")
]
