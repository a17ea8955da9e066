"""What the accounts file may say of an account of this kind."""

from __future__ import annotations

from pathlib import Path

from broker.model import Arch, Strict


class Settings(Strict):
    """``cloud`` is an entry of clouds.yaml, which the SDK looks for in its usual places.

    ``clouds_file`` names another file. ``zone`` is the availability zone of new servers,
    ``volume_zone`` that of new volumes, ``volume_type`` theirs where a wish names none, and
    ``external_network`` (name or id) the way out; each is the deployment's own choice by default.
    ``architecture`` is that of flavors which do not tell.
    """

    cloud: str
    clouds_file: Path | None = None
    region: str | None = None
    zone: str | None = None
    volume_zone: str | None = None
    volume_type: str | None = None
    external_network: str | None = None
    architecture: Arch = Arch.UNKNOWN
