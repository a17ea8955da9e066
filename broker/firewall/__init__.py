"""What firewalls let through, as sets of packets: compared, translated and proved.

from broker import find, firewall

lab, web = find("lab/web-1")
guard = firewall.guard(lab, web)                   # reads; all else is pure
firewall.can(guard, firewall.Packet.parse("tcp/443 from 203.0.113.7"))
"""

from broker.firewall.can import Answer, can
from broker.firewall.carry import carry
from broker.firewall.change import Change, Do, change, drift
from broker.firewall.divide import Edge, neighbours
from broker.firewall.effective import Around, Layer, connections
from broker.firewall.explain import Explained, explain
from broker.firewall.guard import Difference, Guard, diff, guard
from broker.firewall.packet import Packet
from broker.firewall.proof import Proof, Verdict, compare, told
from broker.firewall.space import Known, Space, in_order, names_in, peer_name
from broker.firewall.translate import Translation, translate
from broker.firewall.wording import in_words

__all__ = [
    "Answer",
    "Around",
    "Change",
    "Difference",
    "Do",
    "Edge",
    "Explained",
    "Guard",
    "Known",
    "Layer",
    "Packet",
    "Proof",
    "Space",
    "Translation",
    "Verdict",
    "can",
    "carry",
    "change",
    "compare",
    "connections",
    "diff",
    "drift",
    "explain",
    "guard",
    "in_order",
    "in_words",
    "names_in",
    "neighbours",
    "peer_name",
    "told",
    "translate",
]
