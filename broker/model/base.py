"""What every canonical value is: frozen, exact about its fields, and free of clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Strict(BaseModel):
    """A value that may cross a step, a process or a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


NAME_LENGTH = 255

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
"""What people call a thing. Not its id, and not unique; a provider's own grammar is in Limits."""

Labels = Mapping[str, str]
"""Free key/value marks: tags on some providers, metadata on others."""

Native = Mapping[str, JsonValue]
"""The provider's own words, kept whole for people. broker/ never branches on them."""

Item = TypeVar("Item")

SetOf = Annotated[frozenset[Item], PlainSerializer(sorted, when_used="json-unless-none")]
"""A set whose JSON is sorted: equal values have equal bytes."""

Bytes = Annotated[int, Field(ge=0)]
MiB = Annotated[int, Field(gt=0)]


class Resource(Strict):
    """Something that exists at a provider: its id there and the provider's own words."""

    id: Annotated[str, Field(min_length=1)]
    native: Native = Field(default_factory=dict, repr=False)
