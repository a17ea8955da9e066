"""``interop firewall show``: the packets that reach a machine and leave it."""

from __future__ import annotations

from broker.cli.arguments import MachineName
from broker.cli.firewall.guarded import guarded
from broker.cli.run import Run


def show(run: Run, machine: MachineName) -> None:
    """Show which connections can be opened to a machine and from it, all its rules together."""
    from broker.cli.output import print_json, print_table
    from broker.firewall import Space, names_in, told

    guard = guarded(run, machine)
    space = Space(names_in(guard.rules), guard.known)
    lines = told(space, guard.connections(space))
    platform = [traffic.name for traffic in guard.platform]
    if run.json:
        print_json(
            {
                "machine": guard.machine,
                "lets": list(lines),
                "platform": [*platform],
                "firewalls": [one.model_dump(mode="json") for one in guard.firewalls],
            }
        )
        return
    rows = [("rules", line) for line in lines] or [("rules", "nothing")]
    rows += [("platform, unasked", name) for name in platform]
    print_table(run, ("BY", "LETS THROUGH"), rows)
