"""The command ``interop``: each command parses, calls the library and prints."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""Objects made before Python looks for circles among them, 700 else. Starting up makes tens of
thousands that stay: `interop size map` took a tenth less of the processor with this."""


def main() -> None:
    """Run the command line; the process ends with 0, 1, 2 or 3 (see ``broker.cli.run``)."""
    gc.set_threshold(YOUNG)
    from broker.cli.app import app

    app()
