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

from broker.catalog.values import Plan

LINUX = "linux"
SNAPSHOT = "snapshot:gib"
ADDRESS = "address:ipv4"
EGRESS = "egress:internet:"
BLOCKS = "migration:blocks"


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
