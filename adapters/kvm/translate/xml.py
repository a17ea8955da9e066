"""Writing and reading XML with as few words as possible."""

from __future__ import annotations

from xml.etree import ElementTree

from broker.errors import BrokerError

Element = ElementTree.Element

OURS = "https://interop-broker.invalid/libvirt/1"
"""Namespace of what we keep in a domain's metadata. Never change it: it is on people's hosts."""

ElementTree.register_namespace("interop", OURS)


def element(
    tag: str, *children: Element, text: str | None = None, **attributes: str | int | None
) -> Element:
    """Return an element; attributes that are None are left out, a trailing ``_`` is dropped."""
    made = Element(
        tag, {_name(key): str(value) for key, value in attributes.items() if value is not None}
    )
    made.text = text
    made.extend(children)
    return made


def ours(
    tag: str, *children: Element, text: str | None = None, **attributes: str | int | None
) -> Element:
    """Return an element in our namespace."""
    return element(f"{{{OURS}}}{tag}", *children, text=text, **attributes)


def dump(root: Element) -> str:
    """Return the XML text."""
    return ElementTree.tostring(root, encoding="unicode")


def parse(text: str) -> Element:
    """Return the root of libvirt's XML."""
    try:
        # the text is our own hypervisor's, and expat bounds entity expansion
        return ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise BrokerError(f"libvirt's XML cannot be read: {error}") from error


def text(root: Element, path: str) -> str | None:
    """Return the text of the element at ``path``, None where there is none."""
    found = root.find(path)
    return None if found is None else found.text


def attribute(root: Element, path: str, name: str) -> str | None:
    """Return an attribute of the element at ``path``, None where there is none."""
    found = root.find(path)
    return None if found is None else found.get(name)


def _name(key: str) -> str:
    return key.rstrip("_").replace("__", "-")
