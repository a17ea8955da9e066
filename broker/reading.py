"""Turning a document people wrote into one of our values, telling the key that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, JsonValue, ValidationError

from broker.errors import ConfigError
from broker.nearest import did_you_mean

Value = TypeVar("Value", bound=BaseModel)


def validated(model: type[Value], document: JsonValue, where: str) -> Value:
    """Return ``document`` as ``model``; ConfigError names ``where`` and the key of a fault.

    An unknown key comes before all other faults: often it is the misspelling of a missing one.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        unknown = [each for each in faults if each["type"] == "extra_forbidden"]
        first = (unknown or faults)[0]
        key = ".".join(str(part) for part in first["loc"])
        if unknown:
            fields = _model_at(model, first["loc"][:-1]).model_fields
            hint = did_you_mean(str(first["loc"][-1]), fields)
            raise ConfigError(f'{where}: unknown key "{key}"', hint=hint) from error
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{where}: {key}: {message}" if key else f"{where}: {message}") from error


def _model_at(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """Return the model of the value at a path inside ``model``."""
    for part in path:
        if field := model.model_fields.get(str(part)):
            model = _inner(field.annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _inner(each))), None)
