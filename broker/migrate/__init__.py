"""Moving a machine from any account to any other: planned, proved, and safe to run again.

    plan = broker.migrate.plan("kvm-lab/web-1", "aws-eu")
    report = broker.migrate.apply(plan)

A plan is data. Steps are data too; ``run`` does one and ``undo`` takes one back.
"""

from broker.migrate.document import Plan
from broker.migrate.events import (
    BeganAnew,
    DiskProgress,
    Event,
    PuttingBack,
    StepFinished,
    StepStarted,
)
from broker.migrate.options import Options
from broker.migrate.proving import Drift
from broker.migrate.report import Report
from broker.migrate.request import Request
from broker.migrate.verbs import apply, drift, last_report, load, plan, undo

__all__ = [
    "BeganAnew",
    "DiskProgress",
    "Drift",
    "Event",
    "Options",
    "Plan",
    "PuttingBack",
    "Report",
    "Request",
    "StepFinished",
    "StepStarted",
    "apply",
    "drift",
    "last_report",
    "load",
    "plan",
    "undo",
]
