"""Addresses and ranges of them, of either family, written as text."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.networks import IPvAnyAddress, IPvAnyNetwork

Given = TypeVar("Given")


def _no_number(value: Given) -> Given:
    """Refuse what the standard library reads as an address, and no person means as one."""
    if isinstance(value, int):
        # pydantic collects ValueErrors only
        raise ValueError("write it as text, like 10.0.0.0/24 or 10.0.0.7")  # noqa: TRY004
    return value


def _read(value: Given, reader: ValidatorFunctionWrapHandler) -> Given | IPv4Network | IPv6Network:
    """Take a network as it is: pydantic would write it as text and read that again."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    network: IPv4Network | IPv6Network = reader(value)
    return network


Address = Annotated[IPvAnyAddress, BeforeValidator(_no_number)]
Cidr = Annotated[IPvAnyNetwork, WrapValidator(_read), BeforeValidator(_no_number)]
