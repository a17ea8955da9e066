"""What machines cost, now and elsewhere. What nobody knows is a lower bound, never nothing."""

from broker.cost.bill import Bill, Line, Sum
from broker.cost.compare import Column, Report, compare
from broker.cost.machine import Disk, Machine, of_instance, of_listings

__all__ = [
    "Bill",
    "Column",
    "Disk",
    "Line",
    "Machine",
    "Report",
    "Sum",
    "compare",
    "of_instance",
    "of_listings",
]
