"""What firewalls let through, as sets of packets: compared, translated and proved. Pure."""

from broker.firewall.effective import Layer, connections
from broker.firewall.packet import Packet
from broker.firewall.proof import Proof, Verdict, compare
from broker.firewall.space import Known, Space, in_order, names_in, peer_name
from broker.firewall.translate import Translation, translate
from broker.firewall.wording import in_words

__all__ = [
    "Known",
    "Layer",
    "Packet",
    "Proof",
    "Space",
    "Translation",
    "Verdict",
    "compare",
    "connections",
    "in_order",
    "in_words",
    "names_in",
    "peer_name",
    "translate",
]
