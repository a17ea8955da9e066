"""What we keep in a domain's metadata: one JSON text, because XML cannot hold every character."""

from __future__ import annotations

import json

from pydantic import Field, ValidationError

from adapters.kvm.translate.reservation import Reservation
from adapters.kvm.translate.xml import OURS, Element, ours
from broker.model import Labels, Strict, System


class Kept(Strict):
    """Of a machine's spec, what libvirt has no place for; and the token that made the machine."""

    name: str
    token: str
    key_pair: str | None = None
    system: System = System()
    labels: Labels = Field(default_factory=dict)
    reserved: tuple[Reservation, ...] = ()
    """What networks keep for its cards because it was made, and forget when it goes."""


def write(kept: Kept) -> Element:
    """Return the metadata's element."""
    return ours("instance", text=json.dumps(kept.model_dump(mode="json"), sort_keys=True))


def read(domain: Element) -> Kept | None:
    """Return what is kept of a domain; None for others' domains, and where it was garbled."""
    try:
        return Kept.model_validate_json(domain.findtext(f"metadata/{{{OURS}}}instance") or "")
    except ValidationError:
        return None
