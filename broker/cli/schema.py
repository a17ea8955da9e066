"""``interop schema``: the canonical model for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.run import Run


def schema(
    run: Run,
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="One model, for instance InstanceSpec.")
    ] = "",
) -> None:
    """Print the canonical model, or one part of it, as a JSON schema."""
    from broker.cli.output import print_json
    from broker.errors import ConfigError
    from broker.model.schema import models
    from broker.model.schema import schema as whole
    from broker.nearest import did_you_mean

    if not name:
        print_json(whole())
    elif (known := models()) and name in known:
        print_json(known[name].model_json_schema(mode="serialization"))
    else:
        raise ConfigError(f"there is no model {name}", hint=did_you_mean(name, known))
