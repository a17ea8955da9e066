"""Translation of a wish to what a target accepts, losing nothing in silence. Pure functions."""

from broker.fit.instance import fit
from broker.fit.labels import fit_labels
from broker.fit.names import fit_name
from broker.fit.offers import Choice, choose_offer, named_offer

__all__ = ["Choice", "choose_offer", "fit", "fit_labels", "fit_name", "named_offer"]
