"""A table of which size each machine gets elsewhere, and why. No account is needed.

    python examples/size_map.py [SIZE]...

Sizes are written 4x16 (vCPU x GiB) or PROVIDER/SIZE.
"""

from __future__ import annotations

import sys

from broker.catalog import Catalogue, Market, Place
from broker.fit.need import Need
from broker.sizing import map_size, wanted

PLACES = ("aws/eu-central-1", "azure/westeurope")


def main(sizes: list[str]) -> None:
    """Print what each size becomes at each place."""
    with Catalogue() as catalogue:
        markets = [Market(catalogue, Place.parse(place)) for place in PLACES]
        for size in sizes or ["2x4", "4x32", "aws/m5.2xlarge", "azure/Standard_E8s_v5"]:
            meant = wanted(size, catalogue)
            need = Need(size=meant.size, character=meant.character)
            for market in markets:
                found = map_size(need, market).match
                if found.offer is None:
                    print(f"{size:24} {market.place!s:18} {found.reason}")
                    continue
                price = found.offer.price_per_hour
                cost = f"{price.amount:f} {price.currency}/h" if price else "price unknown"
                print(f"{size:24} {market.place!s:18} {found.offer.id:22} {cost:18} {found.reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
