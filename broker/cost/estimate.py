"""What one machine that does not exist yet would cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationError

from broker.catalog import Catalogue, Market, Place
from broker.cost.bill import Bill, Line, Till, egress_price
from broker.cost.files import disk_of
from broker.cost.machine import Machine
from broker.errors import ConfigError
from broker.sizing import map_size, wanted


def estimate(
    size: str,
    places: Sequence[str],
    *,
    catalogue: Catalogue,
    disks: Sequence[str] = (),
    system: str = "linux",
    plan: str = "on_demand",
    hours: float = 730,
    addresses: int = 0,
    egress_gib: float = 0,
    account: str = "",
    currency: str = "USD",
) -> list[Bill]:
    """Return the bill of a month at each place; ``blocked`` where nothing there fits.

    A size of the place's own provider is taken as it is, any other is mapped to the cheapest that
    is nowhere smaller. ConfigError for what cannot be a machine.
    """
    meant = wanted(size, catalogue)
    bills = []
    for each in places:
        place = Place.parse(each)
        market = Market(catalogue, place, account=account, currency=currency)
        try:
            machine = Machine.model_validate(
                {
                    "name": size,
                    "place": place,
                    "size": meant.size,
                    "os": system,
                    "plan": plan,
                    "hours": Decimal(str(hours)),
                    "disks": tuple(disk_of(text) for text in disks),
                    "addresses": addresses,
                    "egress_gib": Decimal(str(egress_gib)),
                    "snapshots_gib": 0,
                    "burstable": bool(meant.burstable),
                }
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"{key}: {first['msg']}" if key else first["msg"]) from error
        except ValueError as error:
            raise ConfigError(str(error)) from error
        mapped = map_size(machine.need(), market, plan=machine.plan, system=system).match
        own = next(
            (offer for offer in market.offers(machine.plan, system) if offer.id == meant.id), None
        )
        offer = own if size.startswith(f"{place.provider}/") and own else mapped.offer
        if offer is None:
            missing = Line("compute", f"no size at {place}", Decimal(1), "hour", None, None)
            bills.append(Bill(machine, place, None, [missing], blocked=mapped.reason))
            continue
        till = Till(market, egress_price(market, Decimal(str(egress_gib))))
        why = "asked for by name" if offer is own else mapped.reason
        if own is None and size.startswith(f"{place.provider}/"):
            why = f"{place} does not offer {meant.id}; {why}"
        if others := ", ".join(market.other_currencies()):
            why += f"; prices in {others} were not used"
        bills.append(Bill(machine, place, offer, till.lines(machine, offer), why=why))
    return bills
