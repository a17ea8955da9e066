"""The canonical model as JSON schema, for other programs."""

from __future__ import annotations

from pydantic import JsonValue
from pydantic.json_schema import models_json_schema

from broker.model.base import Strict


def models() -> dict[str, type[Strict]]:
    """Return every model by its name."""
    from broker import model

    exported = {name: getattr(model, name) for name in model.__all__}
    return {
        name: found
        for name, found in exported.items()
        if isinstance(found, type) and issubclass(found, Strict)
    }


def schema() -> dict[str, JsonValue]:
    """Return one JSON schema with every model, as our own JSON output follows it, in ``$defs``."""
    _, document = models_json_schema(
        [(found, "serialization") for found in models().values()], title="interop-broker"
    )
    return document
