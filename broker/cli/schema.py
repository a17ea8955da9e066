"""``interop schema``: the canonical model for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from broker.cli.run import Run


def schema(
    run: Run,
    name: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="One model, for instance InstanceSpec.")
    ] = "",
) -> None:
    """Print the canonical model, or one part of it, as a JSON schema."""
    from pydantic.json_schema import models_json_schema

    from broker import model
    from broker.cli.output import print_json
    from broker.errors import ConfigError
    from broker.nearest import did_you_mean

    models = {
        word: found
        for word in model.__all__
        if isinstance(found := getattr(model, word), type) and issubclass(found, model.Strict)
    }
    if name:
        if name not in models:
            raise ConfigError(f"there is no model {name}", hint=did_you_mean(name, models))
        print_json(models[name].model_json_schema(mode="serialization"))
        return
    _, document = models_json_schema(
        [(found, "serialization") for found in models.values()], title="interop-broker"
    )
    print_json(document)
