"""Where a machine may go: a place of the catalogue, or an account with what it may still hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from broker.catalog.values import Place
from broker.errors import ConfigError
from broker.model import Strict
from broker.nearest import did_you_mean

if TYPE_CHECKING:
    from broker.adapter import Adapter


class Target(Strict):
    """``vcpus_left`` is what the account may still start, None where nobody sets or tells that."""

    place: Place
    account: str = ""
    vcpus_left: int | None = None


def target(text: str, *, vcpu_quota: int | None = None, config: Path | None = None) -> Target:
    """Return the target people mean by PROVIDER/REGION or by ACCOUNT.

    An account is asked now what it may still start, unless ``vcpu_quota`` says it. ConfigError for
    one that nobody wrote down names those there are.
    """
    if "/" in text:
        return Target(place=Place.parse(text), vcpus_left=vcpu_quota)
    from broker import registry  # what follows is only needed where an account is asked
    from broker.places import places_of

    places = places_of(config)
    if text not in places:
        hint = did_you_mean(text, places) if places else "Say PROVIDER/REGION"
        raise ConfigError(f'"{text}" is neither a place nor an account', hint=hint)
    if vcpu_quota is not None:
        return Target(place=places[text], account=text, vcpus_left=vcpu_quota)
    adapter = registry.open(text, config=config, patience_s=registry.PROMPT_PATIENCE_S)
    try:
        return Target(place=places[text], account=text, vcpus_left=vcpus_left(adapter))
    finally:
        adapter.close()


def vcpus_left(adapter: Adapter) -> int | None:
    """Return how many vCPUs an account may still start, None where nobody sets or tells a limit.

    Every instance counts, a stopped one too: most providers keep its place.
    """
    quota = adapter.limits.quotas.vcpus
    if quota is None:
        return None
    return max(0, quota - sum(each.spec.size.vcpus for each in adapter.instances()))
