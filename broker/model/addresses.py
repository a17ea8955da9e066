"""Addresses and ranges of them, of either family, written as text."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BeforeValidator
from pydantic.networks import IPvAnyAddress, IPvAnyNetwork

Given = TypeVar("Given")


def _no_number(value: Given) -> Given:
    """Refuse what the standard library reads as an address, and no person means as one."""
    if isinstance(value, int):
        # pydantic collects ValueErrors only
        raise ValueError("write it as text, like 10.0.0.0/24 or 10.0.0.7")  # noqa: TRY004
    return value


Address = Annotated[IPvAnyAddress, BeforeValidator(_no_number)]
Cidr = Annotated[IPvAnyNetwork, BeforeValidator(_no_number)]
