"""What a request may say. A property nobody knows is refused, as the real service does.

``read`` returns the value cleaned: read-only properties gone, words in the service's own case.
It raises SchemaError, which the front words as the provider in question does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass
class SchemaError(Exception):
    """``path`` is properties.addressSpace and the like; ``unknown`` a property nobody knows."""

    path: str
    problem: str
    unknown: str | None = None
    within: str = ""
    code: str | None = None


class Rule(Protocol):
    """One kind of value."""

    def read(self, value: Any, path: str) -> Any: ...


@dataclass(frozen=True)
class Text:
    """A string; with ``choices`` one of these in any case, with ``pattern`` of that form."""

    choices: tuple[str, ...] = ()
    pattern: str | None = None
    longest: int | None = None

    def read(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise SchemaError(path, f"Error converting value {value!r} to type 'System.String'.")
        if self.choices:
            for choice in self.choices:
                if choice.lower() == value.lower():
                    return choice
            raise SchemaError(path, f"Value '{value}' is not one of: {', '.join(self.choices)}.")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise SchemaError(path, f"Value '{value}' is not of the form {self.pattern}.")
        if self.longest is not None and len(value) > self.longest:
            raise SchemaError(path, f"Value is longer than {self.longest} characters.")
        return value


TEXT = Text()


@dataclass(frozen=True)
class Number:
    """A whole number within bounds, both included."""

    least: int | None = None
    most: int | None = None

    def read(self, value: Any, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise SchemaError(path, f"Error converting value {value!r} to type 'System.Int32'.")
        if (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            raise SchemaError(path, f"Value {value} is not within {self.least} and {self.most}.")
        return value


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def read(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise SchemaError(path, f"Error converting value {value!r} to type 'System.Boolean'.")
        return value


@dataclass(frozen=True)
class Anything:
    """Kept as it comes: for what the emulator gives back and never looks into."""

    def read(self, value: Any, _path: str) -> Any:
        return value


@dataclass(frozen=True)
class Items:
    """A list."""

    of: Rule
    most: int | None = None

    def read(self, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise SchemaError(path, "Cannot deserialize the current JSON object into a list.")
        if self.most is not None and len(value) > self.most:
            raise SchemaError(path, f"At most {self.most} elements are allowed.")
        return [self.of.read(each, f"{path}[{index}]") for index, each in enumerate(value)]


@dataclass(frozen=True)
class Words:
    """An object whose names are the user's: tags."""

    def read(self, value: Any, path: str) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise SchemaError(path, "Cannot deserialize the current JSON into a dictionary.")
        return dict(value)


@dataclass(frozen=True)
class Shape:
    """An object. ``read_only`` may be said and is ignored; null counts as not said."""

    properties: Mapping[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    name: str = ""

    def read(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise SchemaError(path, f"Cannot deserialize the current JSON into '{self.name}'.")
        known = {name.lower(): name for name in self.properties}
        ignored = {name.lower() for name in self.read_only}
        clean: dict[str, Any] = {}
        for name, each in value.items():
            inner = f"{path}.{name}" if path else name
            if name.lower() in known:
                if each is not None:
                    canonical = known[name.lower()]
                    clean[canonical] = self.properties[canonical].read(each, inner)
            elif name.lower() not in ignored:
                raise SchemaError(inner, "", unknown=name, within=self.name)
        for name in self.required:
            if name not in clean:
                inner = f"{path}.{name}" if path else name
                raise SchemaError(inner, f"Required property '{name}' not found in JSON.")
        return clean

    def also(self, **more: Rule) -> Shape:
        """This shape with further properties."""
        return Shape({**self.properties, **more}, self.required, self.read_only, self.name)


@dataclass(frozen=True)
class Reference:
    """{"id": …} of a resource of one type, which may or may not exist."""

    type: str
    also: Mapping[str, Rule] = field(default_factory=dict)

    def read(self, value: Any, path: str) -> dict[str, Any]:
        clean = Shape({"id": TEXT, **self.also}, required=("id",), name=self.type).read(value, path)
        parts = clean["id"].strip("/").split("/")
        expected = self.type.split("/")
        kinds = [part.lower() for part in parts[-2 * len(expected) :: 2]]
        if parts[0].lower() != "subscriptions" or kinds != [kind.lower() for kind in expected]:
            raise SchemaError(
                path,
                f"Reference Id {clean['id']} is not formatted correctly. The Id is expected to "
                f"reference resources of type {expected[-1]}.",
                code="InvalidJsonReferenceFormat",
            )
        return clean


NUMBER, FLAG, ANYTHING = Number(), Flag(), Anything()
# a reference to a resource of whatever type
REFERENCE = Shape({"id": TEXT}, required=("id",), name="SubResource")
