"""What an account of this kind can say in the accounts file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, PositiveInt, model_validator

from adapters.memory.faults import Fault
from broker.adapter import (
    AddressLimits,
    ConsoleLog,
    FirewallLimits,
    LabelRule,
    Limits,
    NameRule,
    Pausable,
    PublicAddresses,
    Quotas,
    SystemLimits,
)
from broker.model import GIB, KIB, MIB, Arch, Firmware, Offer, Strict, SystemKind

ROOMY = Limits(
    architectures=frozenset({Arch.X86_64, Arch.AARCH64}),
    firmware=frozenset({Firmware.BIOS, Firmware.UEFI}),
    volume_step=MIB,
    volume_min=MIB,
    volume_max=1024 * GIB,
    disks_per_instance=8,
    nics_per_instance=4,
    instance_name=NameRule(pattern=r"[^\x00-\x1f\x7f/]+", max_length=128),
    labels=LabelRule(max_count=50, max_key=128, max_value=256),
    firewall=FirewallLimits(
        denies=True,
        priorities=(100, 4096),
        source_ports=True,
        stateless=True,
        rules_per_direction=200,
        groups_per_nic=5,
    ),
    performance_kinds=frozenset({"rated"}),
    user_data_max=64 * KIB,
    any_size=False,
    sets_mac=True,
    private_addresses=AddressLimits(),
    public_addresses=True,
    system=SystemLimits(
        kinds=frozenset({SystemKind.LINUX, SystemKind.WINDOWS}), distributions=True
    ),
)
"""The limits where an account sets none: near the widest of any real provider's."""

ABILITIES: dict[str, type] = {"pausable": Pausable, "console_log": ConsoleLog}
"""What ``without`` can name. Whether there are public addresses is one of the limits."""


class Settings(Strict):
    """The keys of an account; all but ``path`` change the cloud's shape or make it fail.

    ``limits`` replaces some of ROOMY, ``without`` names abilities it shall not have, ``sizes`` are
    its offers, ``transition_seconds`` is how long a machine takes to start or stop, ``page`` how
    many things a listing brings at once, ``hidden_reads`` how often a new thing is not seen yet.
    """

    path: Path
    limits: Limits = ROOMY
    without: frozenset[str] = frozenset()
    sizes: tuple[Offer, ...] = Field(default_factory=lambda: standard_sizes())
    quotas: Quotas = Quotas()
    faults: tuple[Fault, ...] = ()
    transition_seconds: float = Field(default=0, ge=0)
    guests_obey: bool = True
    page: PositiveInt = 100
    hidden_reads: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _lay_limits_over_roomy(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and isinstance(values.get("limits"), Mapping):
            return {**values, "limits": laid_over(ROOMY, values["limits"])}
        return values

    @model_validator(mode="after")
    def _abilities_are_known(self) -> Self:
        if unknown := self.without - ABILITIES.keys():
            known = ", ".join(ABILITIES)
            raise ValueError(f"no ability is called {min(unknown)}; there are {known}")
        return self

    def hidden_abilities(self) -> list[type]:
        """Return the abilities the adapter shall not have."""
        hidden = [ABILITIES[name] for name in sorted(self.without)]
        return hidden if self.limits.public_addresses else [*hidden, PublicAddresses]


def laid_over(below: BaseModel, above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ``below`` with those of ``above`` in their place, at every depth."""
    fields = dict(below)
    for key, value in above.items():
        inner = fields.get(key)
        if isinstance(inner, BaseModel) and isinstance(value, Mapping):
            value = laid_over(inner, value)
        fields[key] = value
    return fields


def standard_sizes() -> tuple[Offer, ...]:
    """Return the offers of a cloud that names none."""
    table = tomllib.loads(files("adapters.memory").joinpath("sizes.toml").read_text("utf-8"))
    return tuple(Offer.model_validate(offer) for offer in table["offer"])
