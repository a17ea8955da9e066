"""Small JSON files in the pool for what libvirt has no place for: labels, and our own names.

A note is written after the thing it speaks of; a thing without one has no labels. It goes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from adapters.kvm.errors import calling
from broker.errors import Conflict, NotFound
from broker.model import Arch, Firmware, Labels, Strict

if TYPE_CHECKING:
    from adapters.kvm.host import Host

SUFFIX = ".note"


class LabelNote(Strict):
    """What a plain volume says of itself beyond its file name."""

    labels: Labels = Field(default_factory=dict)


class SealNote(Strict):
    """A filled disk is sealed: the root hash of its manifest, its length, and labels it got."""

    root: str
    size: int
    labels: Labels = Field(default_factory=dict)


class SnapshotNote(Strict):
    """A snapshot is complete; ``volume`` is what it was taken from."""

    volume: str


class ImageNote(Strict):
    """An image is complete, and what its machine was."""

    arch: Arch
    firmware: Firmware


class NamedNote(Strict):
    """Name, description and labels of what libvirt gives a stricter name."""

    name: str
    description: str = ""
    network: str | None = None
    labels: Labels = Field(default_factory=dict)


class KeyNote(Strict):
    """A public key and the name it goes by."""

    name: str
    public_key: str


Note = TypeVar("Note", bound=Strict)


def read(host: Host, subject: str, kind: type[Note]) -> Note | None:
    """Return the note about ``subject``, None where there is none or it is only half written."""
    try:
        return kind.model_validate_json(host.read_file(subject + SUFFIX))
    except (NotFound, ValidationError):
        return None


def write(host: Host, subject: str, note: Strict) -> None:
    """Write the note about ``subject``, in place of an older one."""
    delete(host, subject)
    try:
        host.write_file(subject + SUFFIX, note.model_dump_json().encode())
    except Conflict:
        # another thread with the same token writes the same note at this moment
        return


def labels(host: Host, volume: str) -> Labels:
    """Return the labels of a volume, whether it was made empty or is a disk that was filled."""
    note = read(host, volume, LabelNote) or read(host, volume, SealNote)
    return note.labels if note else {}


def label(host: Host, volume: str, wanted: Labels) -> None:
    """Give a volume these labels in place of others. A disk that was filled stays sealed."""
    if labels(host, volume) != wanted:
        seal = read(host, volume, SealNote)
        plain = LabelNote(labels=wanted)
        write(host, volume, seal.model_copy(update={"labels": wanted}) if seal else plain)


def delete(host: Host, subject: str) -> None:
    """Delete the note about ``subject``; quiet when there is none."""
    with calling("delete note"):
        host.delete_file(subject + SUFFIX)
