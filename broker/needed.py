"""What a machine needs of a size, wherever people tell of it: a size, a live machine, a file."""

from __future__ import annotations

import contextlib
from pathlib import Path

from broker.catalog import Catalogue
from broker.errors import ConfigError, NotFound
from broker.fit.need import Need
from broker.model import Offer, Strict
from broker.nearest import did_you_mean
from broker.offered import not_offered_there
from broker.sizing import wanted

# Inventories and accounts are imported where one is read: a size alone shall not wait for them.


class Needed(Strict):
    """A need. ``not_offered`` says that its place does not offer the size it comes from."""

    need: Need
    not_offered: str = ""


def needed(
    text: str, catalogue: Catalogue, *, inventory: Path | None = None, config: Path | None = None
) -> Needed:
    """Return what people mean by 4x16, PROVIDER/SIZE, ACCOUNT/NAME, or a NAME of ``inventory``.

    A size may be written PROVIDER/REGION/SIZE. A machine of an account is read now. What a
    catalogue knows as a size is one, whatever accounts are called. ConfigError and NotFound say
    what ``text`` could have been.
    """
    if inventory is not None:
        return _of_file(text, inventory, catalogue, config)
    try:
        meant = wanted(text, catalogue)
    except NotFound:
        if (need := _of_account(text, catalogue, config)) is None:
            raise
        return Needed(need=need)
    burstable = bool(meant.burstable)
    need = Need(size=meant.size, burstable=burstable, character=meant.character)
    return Needed(
        need=_unless_it_uses(meant, need), not_offered=not_offered_there(text, need, catalogue)
    )


def _unless_it_uses(offer: Offer, need: Need) -> Need:
    """Return the need of a machine of an offer: whether it uses its local disk nobody tells."""
    return need.model_copy(update={"local_disk": None}) if offer.local_disk else need


def _of_account(text: str, catalogue: Catalogue, config: Path | None) -> Need | None:
    """Return the need of ACCOUNT/NAME, None where there is no such account."""
    from broker.cost.machine import of_instance
    from broker.machine import find
    from broker.places import places_of

    places = places_of(config)
    account = text.partition("/")[0]
    if account not in places:
        return None
    adapter, instance = find(text, config=config)
    adapter.close()
    machine = of_instance(instance, places[account], account, catalogue)
    with contextlib.suppress(NotFound):  # a size that is no longer sold
        if machine.offer is not None:
            place = machine.place
            offer = catalogue.offer(place.provider, machine.offer, place.region)
            return _unless_it_uses(offer, machine.need())
    return machine.need()


def _of_file(name: str, path: Path, catalogue: Catalogue, config: Path | None) -> Needed:
    from broker.cost import files
    from broker.places import places_of

    machines = files.read(path, catalogue, places_of(config))
    named = [machine for machine in machines if machine.name == name]
    if not named:
        hint = did_you_mean(name, {machine.name for machine in machines})
        raise NotFound(f"there is no machine {name} in {path}", hint=hint)
    if len({machine.need() for machine in named}) > 1:
        raise ConfigError(f"{len(named)} machines in {path} are called {name}, and differ")
    need, machine = named[0].need(), named[0]
    there = f"{machine.place}/{machine.offer}" if machine.offer else ""
    return Needed(need=need, not_offered=not_offered_there(there, need, catalogue))
