"""What the person who asks for a migration decides."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from broker.model import Strict


class Options(Strict):
    """``network`` takes all cards to one network of the target; ``networks`` says it per network.

    Networks are named by name or id. ``size`` is the size there, by its name, where it is not to be
    chosen. ``console`` is a pattern the target's console must show.
    """

    name: str | None = None
    network: str | None = None
    networks: Mapping[str, str] = Field(default_factory=dict)
    size: str | None = None
    keep_running: bool = False
    allow_smaller: bool = False
    console: str | None = None
