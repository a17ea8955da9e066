"""The marketplace: publishers, their offers, SKUs and versions.

https://learn.microsoft.com/rest/api/compute/virtual-machine-images
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.services.azure.arm.call import Answer, Call
from tests.services.azure.arm.errors import ArmError
from tests.services.azure.arm.front import View
from tests.services.azure.compute.compute_type import COMPUTE_VERSIONS
from tests.services.azure.compute.platform_images import IMAGES, VERSION, PlatformImage

if TYPE_CHECKING:
    from tests.services.azure.arm.front import Arm

_STEPS = (
    ("publishers", "publisher"),
    ("artifacttypes/vmimage/offers", "offer"),
    ("skus", "sku"),
    ("versions", "version"),
)
_PATH = (
    r"locations/(?P<location>[^/]+)/(?P<rest>publishers(/[^/]+(/artifacttypes/vmimage/offers"
    r"(/[^/]+(/skus(/[^/]+(/versions(/[^/]+)?)?)?)?)?)?)?)"
)


def _images(arm: Arm, _call: Call, parts: dict[str, str]) -> Answer:
    """A plain list of what comes next in the path, or the one version it names."""
    location, rest = parts["location"], parts["rest"]
    found, path = list(IMAGES), f"/Subscriptions/{arm.settings.subscription}"
    path += f"/Providers/Microsoft.Compute/Locations/{location}"
    for step, field in _STEPS:
        path += f"/{step}"
        named = re.match(rf"{step}(?:/([^/]+))?/?", rest, re.IGNORECASE)
        assert named is not None
        if named[1] is None:
            names = dict.fromkeys(_name(image, field) for image in found)
            return Answer(200, [_entry(path, name, location) for name in names])
        found = [image for image in found if _name(image, field).lower() == named[1].lower()]
        if not found:
            raise ArmError(404, "NotFound", f"Artifact: VMImage was not found: {named[1]}.")
        path += f"/{named[1]}"
        rest = rest[named.end() :]
    return Answer(200, {**_entry(path.rpartition("/")[0], VERSION, location), **_told(found[0])})


def _entry(path: str, name: str, location: str) -> dict[str, Any]:
    return {"location": location, "name": name, "id": f"{path}/{name}"}


def _told(image: PlatformImage) -> dict[str, Any]:
    return {
        "properties": {
            "osDiskImage": {"operatingSystem": image.os_type, "sizeInBytes": image.size},
            "dataDiskImages": [],
            "hyperVGeneration": image.generation,
            "architecture": image.architecture,
        }
    }


def _name(image: PlatformImage, field: str) -> str:
    return image.reference[field]


VIEWS = (View("Microsoft.Compute", _PATH, COMPUTE_VERSIONS, _images),)
