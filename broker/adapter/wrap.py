"""Put something around every call to an adapter: the one mechanism its decorators share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, cast

from broker.adapter.contract import Adapter


class Call(NamedTuple):
    """One call on its way to an adapter, or to a disk that the adapter opened."""

    method: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """The method's name in the contract."""
        return self.method.__name__

    def __call__(self) -> Any:
        """Make the call. What it would yield later is fetched now, so that all of it fails here."""
        result = self.method(*self.args, **self.kwargs)
        return iter(list(result)) if isinstance(result, Iterator) else result

    def __str__(self) -> str:
        given = [repr(value) for value in self.args]
        given += [f"{key}={value!r}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join(given)})"


Through = Callable[[Call], Any]
"""What a decorator is: it makes the call, repeats it or refuses it, and returns the result."""


def wrap(adapter: Adapter, through: Through) -> Adapter:
    """Return an adapter whose every call goes through ``through``.

    So do the calls to the sources and sinks it opens. It has the abilities ``adapter`` has.
    """
    return cast(Adapter, _around(adapter, through))


def without(adapter: Adapter, *abilities: type) -> Adapter:
    """Return the adapter as if it had not these abilities, to try what is done in their place."""
    offered = {name for ability in abilities for name in _public(ability)}
    return cast(Adapter, _around(adapter, None, hidden=offered - {*_public(Adapter)}))


def _around(inner: object, through: Through | None, hidden: Collection[str] = ()) -> object:
    """Build a class with the attributes of ``inner``, and make one.

    Real ones: from Python 3.12 on ``isinstance`` of a protocol is blind to ``__getattr__``.
    """
    body = {name: _forward(inner, name, through) for name in _public(inner) if name not in hidden}
    return type(type(inner).__name__, (), body)()


def _public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def _forward(inner: object, name: str, through: Through | None) -> object:
    found = inspect.getattr_static(inner, name)
    if not (callable(found) or isinstance(found, classmethod)):
        return property(lambda _self: getattr(inner, name))
    method = getattr(inner, name)
    if through is None:
        return staticmethod(method)

    @functools.wraps(method)
    def forward(*args: Any, **kwargs: Any) -> Any:
        result = through(Call(method, args, kwargs))
        return _around(result, through) if name.startswith("open_") else result

    return staticmethod(forward)
