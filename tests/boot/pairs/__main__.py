"""Go round and write docs/pairs.md: `python -m tests.boot.pairs`, or `make pairs`."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.__main__ import machine
from tests.boot.conftest import REPOSITORY
from tests.boot.guest import build
from tests.boot.pairs.page import page
from tests.boot.pairs.places import everywhere
from tests.boot.pairs.tour import LEGS, Leg, go_round
from tests.services.aws import fixture as aws
from tests.services.azure import fixture as azure


def main() -> None:
    """Move, print each leg as it is done, and write the page when all were."""
    legs: list[Leg] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        micro = REPOSITORY / ".state" / "guest" / "micro.qcow2"
        build.main(micro)
        services = [folder / "aws", folder / "azure"]
        for each in services:
            each.mkdir()
        places = stack.enter_context(
            everywhere(
                stack.enter_context(aws.running(services[0])),
                stack.enter_context(azure.running(services[1])),
                folder,
            )
        )
        for leg in go_round(places, micro, folder):
            legs.append(leg)
            told = f"[pairs] {len(legs)}/{len(LEGS)} {leg.here} -> {leg.there}: {leg.seconds:.0f} s"
            print(told, file=sys.stderr, flush=True)
    (REPOSITORY / "docs" / "pairs.md").write_text(page(legs, machine()))


if __name__ == "__main__":
    main()
