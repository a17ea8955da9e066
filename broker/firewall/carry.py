"""A machine's firewalls in the form of another account."""

from __future__ import annotations

from broker.adapter import FirewallLimits
from broker.firewall.effective import Around, Layer, shared
from broker.firewall.guard import Guard
from broker.firewall.translate import Translation, translate
from broker.model import AttachPoint


def carry(guard: Guard, limits: FirewallLimits) -> tuple[Translation, ...]:
    """Return what each firewall that a machine wears becomes on a target with ``limits``.

    The groups among them are on the target with this machine only; what stands around the subnets
    is part of each. The network there is taken to speak the families of the machine's own.
    """
    barriers = [barrier for card in guard.cards for barrier in card.barriers]
    worn = {
        firewall.id: firewall
        for barrier in barriers
        if barrier.point is AttachPoint.NIC
        for firewall in barrier.firewalls
    }
    around = {
        firewall.id: firewall
        for barrier in barriers
        if barrier.point is AttachPoint.SUBNET
        for firewall in barrier.firewalls
    }
    behind = Around(
        layers=tuple(
            Layer(firewalls=(firewall.spec,), defaults=guard.defaults)
            for firewall in around.values()
        ),
        policy=shared(card.policy for card in guard.cards),
    )
    return tuple(
        translate(
            firewall.spec,
            limits,
            behind=behind,
            defaults=guard.defaults,
            partly={f"group {group}" for group in worn},
            known=guard.known,
            families=guard.families,
        )
        for firewall in worn.values()
    )
