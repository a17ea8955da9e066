"""Instance states, on two axes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from broker.model import Power, State


class Meaning(NamedTuple):
    """What a native state says of the power, and whether compute is held."""

    power: Power
    allocated: bool | None


# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html; whether a
# stopping instance is still billed depends on why it stops (hibernation is)
MEANINGS = {
    "pending": Meaning(Power.STARTING, allocated=True),
    "running": Meaning(Power.RUNNING, allocated=True),
    "stopping": Meaning(Power.STOPPING, allocated=None),
    "stopped": Meaning(Power.STOPPED, allocated=False),
    "shutting-down": Meaning(Power.DELETING, allocated=False),
    "terminated": Meaning(Power.DELETING, allocated=False),
}

GONE = "terminated"
"""An instance in this state is only remembered, for about an hour."""


def state(native: str, observed_at: datetime) -> State:
    """Return the canonical state; one nobody knows is UNKNOWN, never a neighbour."""
    meaning = MEANINGS.get(native, Meaning(Power.UNKNOWN, allocated=None))
    return State(
        power=meaning.power,
        allocated=meaning.allocated,
        native=native,
        observed_at=observed_at,
    )
