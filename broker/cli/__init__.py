"""The command ``interop``: each command parses, calls the library and prints."""


def main() -> None:
    """Run the command line; the process ends with 0, 1, 2 or 3 (see ``broker.cli.run``)."""
    from broker.cli.app import app

    app()
