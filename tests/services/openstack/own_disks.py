"""Servers as people make them with other tools: from an image, with a disk that is no volume."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import Any

from adapters.openstack import marks
from adapters.openstack.adapter import OpenStackAdapter


def flavor_with_a_disk(admin: Any, stack: ExitStack, **about: object) -> str:
    """Return the id of a flavor with a disk of 1 GiB, which is there until ``stack`` ends.

    It is larger than what other tests look for: the smallest that fits is never this one.
    """
    wish = {"name": f"disk-{secrets.token_hex(3)}", "vcpus": 1, "ram": 1536, "disk": 1, **about}
    flavor = admin.compute.create_flavor(**wish)
    stack.callback(admin.compute.delete_flavor, flavor)
    return str(flavor.id)


def made_of(
    adapter: OpenStackAdapter, image: str, flavor: str, *, token: str, **about: object
) -> str:
    """Return the id of a running server made from an image; ``made(token)`` finds it."""
    wish = {
        "name": f"own-{secrets.token_hex(3)}",
        "imageRef": image,
        "flavorRef": flavor,
        "metadata": {marks.TOKEN: token},
        "networks": "none",
        **about,
    }
    if zone := adapter._session.settings.zone:
        wish["availability_zone"] = zone
    made = adapter._session.post("compute", "/servers", {"server": wish})
    server = str(made["server"]["id"])
    adapter._settled(server, lambda told: told["status"] == "ACTIVE", f"starting {server}")
    return server
