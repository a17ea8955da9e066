"""Making one machine from images, networks and a size that people name in their own words."""

from __future__ import annotations

from collections.abc import Sequence

from broker.adapter import Adapter, ClosedSizes
from broker.errors import ConfigError, NotFound
from broker.fit.offers import choose_offer, named_offer
from broker.model import Firmware, Image, InstanceSpec, Network, Strict, VolumeSpec
from broker.nearest import did_you_mean


class Launch(Strict):
    """A machine that can be made as it is: every name is an id, and the size is chosen."""

    spec: InstanceSpec
    images: tuple[str, ...]
    offer: str | None
    reason: str


def prepare(
    adapter: Adapter,
    spec: InstanceSpec,
    images: Sequence[str],
    *,
    offer: str | None = None,
    disk_size: int | None = None,
) -> Launch:
    """Return ``spec`` with ids for the names of images and networks, and the offer to take.

    A spec without volumes gets one for each image, of the image's size or ``disk_size``. The offer
    starts with the spec's firmware, or with the first image's where the spec names none.
    ConfigError when a name fits two things, NotFound when it fits none, and ConfigError when no
    offer is large enough. Nothing is made.
    """
    found = [_image(adapter, wanted) for wanted in images]
    volumes = spec.volumes or tuple(
        _volume(spec.name, index, image, disk_size if index == 0 else None)
        for index, image in enumerate(found)
    )
    networks = adapter.networks() if spec.nics else []
    nics = tuple(
        nic.model_copy(update={"network": _network(networks, nic.network).id}) for nic in spec.nics
    )
    spec = spec.model_copy(update={"volumes": volumes, "nics": nics})
    firmware = spec.firmware
    if firmware is Firmware.UNKNOWN and found:
        firmware = found[0].firmware
    offer, reason = _offer(adapter, spec, firmware, offer)
    return Launch(spec=spec, images=tuple(image.id for image in found), offer=offer, reason=reason)


def _image(adapter: Adapter, wanted: str) -> Image:
    own = adapter.images()
    named = [image for image in own if wanted in (image.id, image.name)]
    if len(named) > 1:
        raise ConfigError(
            f"{len(named)} images are called {wanted}",
            hint=f"Say which: {', '.join(image.id for image in named)}",
        )
    if named:
        return named[0]
    try:
        return adapter.image(wanted)  # a public one is known by its id only
    except NotFound as error:
        raise NotFound(
            f"there is no image {wanted} in {adapter.name}",
            hint=did_you_mean(wanted, {image.name for image in own}),
        ) from error


def _network(networks: Sequence[Network], wanted: str) -> Network:
    named = [each for each in networks if wanted == each.id] or [
        each for each in networks if wanted == each.spec.name
    ]
    if not named:
        raise NotFound(
            f"there is no network {wanted}",
            hint=did_you_mean(wanted, {each.spec.name for each in networks}),
        )
    if len(named) > 1:
        raise ConfigError(
            f"{len(named)} networks are called {wanted}",
            hint=f"Say which: {', '.join(each.id for each in named)}",
        )
    return named[0]


def _volume(machine: str, index: int, image: Image, size: int | None) -> VolumeSpec:
    size = size or image.size
    if not size:
        raise ConfigError(
            f"nobody says how large a disk of image {image.id} must be", hint="Say --disk-size"
        )
    return VolumeSpec(name=f"{machine}-{index}", size=size, boot=index == 0)


def _offer(
    adapter: Adapter, spec: InstanceSpec, firmware: Firmware, offer: str | None
) -> tuple[str | None, str]:
    if adapter.limits.any_size:
        return None, "any size can be had"
    offers = adapter.sizes()
    if offer is not None:
        closed = adapter.closed_sizes() if isinstance(adapter, ClosedSizes) else {}
        return named_offer(offer, offers, closed).id, "asked for"
    choice = choose_offer(
        spec.size,
        offers,
        firmware=firmware,
        disks=len(spec.volumes),
        nics=max(1, len(spec.nics)),
    )
    if choice.offer is None:
        raise ConfigError(choice.reason, hint="Ask for less, or name one with --offer")
    return choice.offer.id, choice.reason
