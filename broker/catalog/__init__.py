"""What providers sell and for how much, each figure with its source and date."""

from broker.catalog.market import Market
from broker.catalog.store import Catalogue
from broker.catalog.values import Confidence, Origin, Place, Plan, Price

__all__ = ["Catalogue", "Confidence", "Market", "Origin", "Place", "Plan", "Price"]
