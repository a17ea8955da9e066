"""What machines cost, now and elsewhere. What nobody knows is a lower bound, never nothing."""

from broker.cost.bill import Bill, Line, Sum
from broker.cost.compare import compare
from broker.cost.machine import Disk, Machine, of_instance, of_listings
from broker.cost.report import Column, Report

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
