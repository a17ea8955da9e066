"""The names of what can be priced: one grammar, so that every reader and every bill agree.

compute:PLAN:OS:SIZE        a machine of that size, an hour; OS is linux for a bare system
compute:PLAN:OS:vcpu|gib    a vCPU / a GiB of memory, an hour, where sizes are free
licence:OS:vcpu             what the system costs on top of linux, a vCPU an hour
licence:OS:upto:VCPUS       the same, for a whole machine of at most so many vCPUs, an hour
disk:KIND:gib|iops|throughput   a GiB, an I/O a second, a MiB/s beyond what is included; a month
disk:KIND:upto:GIB          a whole disk of at most so many GiB, a month
snapshot:gib                a GiB kept, a month
address:ipv4                a public address, an hour
egress:internet:FROM        a GiB sent, from so many GiB a month on
migration:blocks            writing disk blocks through the service's interface, 1,000 requests
"""

from __future__ import annotations

import re

from broker.catalog.values import Plan

FORMS = {
    "compute:PLAN:OS:SIZE": "hour",
    "compute:PLAN:OS:vcpu": "hour",
    "compute:PLAN:OS:gib": "GiB-hour",
    "licence:OS:vcpu": "hour",
    "licence:OS:upto:VCPUS": "hour",
    "disk:KIND:gib": "GiB-month",
    "disk:KIND:iops": "IOPS-month",
    "disk:KIND:throughput": "MiBps-month",
    "disk:KIND:upto:GIB": "disk-month",
    "snapshot:gib": "GiB-month",
    "address:ipv4": "hour",
    "egress:internet:FROM": "GiB",
    "migration:blocks": "1000 requests",
}
"""How each is written, and the one unit it is priced in."""

WORDS = {
    "PLAN": f"(?:{'|'.join(Plan)})",
    "OS": "[a-z]+",
    "SIZE": r"(?!vcpu$|gib$)\S+",
    "KIND": r"[\w-]+",
    "GIB": r"\d+",
    "VCPUS": r"\d+",
    "FROM": r"\d+",
}
"""What stands for a word in capitals."""

LINUX = "linux"
SNAPSHOT = "snapshot:gib"
ADDRESS = "address:ipv4"
EGRESS = "egress:internet:"
BLOCKS = "migration:blocks"


_PATTERNS = [
    (re.compile(":".join(WORDS.get(word, word) for word in form.split(":"))), unit)
    for form, unit in FORMS.items()
]


def unit(item: str) -> str:
    """Return the unit an item is priced in; ValueError tells how such items are written."""
    for pattern, found in _PATTERNS:
        if pattern.fullmatch(item):
            return found
    first = item.partition(":")[0]
    alike = [form for form in FORMS if form.partition(":")[0] == first] or list(FORMS)
    raise ValueError(f'unknown item "{item}". Write {", ".join(alike)}')


def compute(size: str, plan: Plan = Plan.ON_DEMAND, system: str = LINUX) -> str:
    """Name a machine of one size."""
    return f"compute:{plan}:{system}:{size}"


def licence(system: str) -> str:
    """Name what a system costs for each vCPU on top of the machine."""
    return f"licence:{system}:vcpu"


def licences(system: str) -> str:
    """Return what the names of a system's licences for whole machines begin with; vCPUs follow."""
    return f"licence:{system}:upto:"


def disk(kind: str, what: str) -> str:
    """Name a measure of one kind of disk."""
    return f"disk:{kind}:{what}"


def steps(kind: str) -> str:
    """Return what the names of whole disks of one kind begin with; a size in GiB follows."""
    return f"disk:{kind}:upto:"
