"""``interop providers``: which kinds of account there can be."""

from __future__ import annotations

from broker.cli.run import Run


def providers(run: Run) -> None:
    """List the kinds of account there can be, and whether each is installed."""
    from broker import config, registry
    from broker.cli.output import print_json, print_table
    from broker.errors import ConfigError

    known = registry.providers()
    try:
        accounts = list(config.accounts(run.config).values())
    except ConfigError:
        if run.config:
            raise
        accounts = []  # the kinds are worth knowing before the first account is written
    uses = {kind: [account.name for account in accounts if account.kind == kind] for kind in known}
    missing = {kind: provider.missing() for kind, provider in known.items()}
    if run.json:
        print_json(
            [
                {
                    "kind": kind,
                    "package": provider.distribution,
                    "missing": list(missing[kind]),
                    "accounts": list(uses[kind]),
                }
                for kind, provider in known.items()
            ]
        )
        return
    print_table(
        run,
        ("KIND", "PACKAGE", "READY", "ACCOUNTS"),
        [
            (
                kind,
                provider.distribution,
                f"no: {provider.install}" if missing[kind] else "yes",
                ", ".join(uses[kind]),
            )
            for kind, provider in known.items()
        ],
    )
