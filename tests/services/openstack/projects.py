"""A project of its own, for what would be in the way of other tests in theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.services.openstack.clouds import CLOUDS

USER = "team-b"


def project(admin: Any, name: str, folder: Path) -> tuple[Any, Path]:
    """Return the project, made once and kept, and a clouds.yaml that leads the user there."""
    identity = admin.identity
    found = identity.find_project(name) or identity.create_project(name=name, domain_id="default")
    identity.assign_project_role_to_user(
        found, identity.find_user(USER), identity.find_role("member")
    )
    clouds = folder / "clouds.yaml"
    mine = f"project_name: {USER}\n"
    clouds.write_text(CLOUDS.read_text().replace(mine, f"project_name: {name}\n"))
    return found, clouds
