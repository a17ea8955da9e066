"""What one machine that does not exist yet would cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationError

from broker.catalog import Catalogue, Market, Place
from broker.catalog.systems import system_named
from broker.cost.bill import Bill, Line, Till, egress_price
from broker.cost.machine import Machine
from broker.cost.table import disk_of
from broker.errors import ConfigError
from broker.offered import not_offered
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
    system = system_named(system, catalogue)
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
        named = size.startswith(f"{place.provider}/")
        absent = not_offered(machine.need(), meant.id, market, catalogue) if named else ""
        offer, why = mapped.offer, mapped.reason
        if named and own is not None:
            offer, why = own, "asked for by name"
        elif named:
            why = f"{absent or f'{place} does not offer {meant.id}'}; {why}"
        if offer is None:
            missing = Line("compute", f"no size at {place}", Decimal(1), "hour", None, None)
            bill = Bill(machine, place, None, [missing], blocked=why, not_offered=absent)
            bills.append(bill)
            continue
        till = Till(market, egress_price(market, Decimal(str(egress_gib))))
        if others := ", ".join(market.other_currencies()):
            why += f"; prices in {others} were not used"
        lines = till.lines(machine, offer)
        bills.append(Bill(machine, place, offer, lines, why=why, not_offered=absent))
    return bills
