"""Where up.sh tells how to log in."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CLOUDS = Path(os.environ.get("INTEROP_STATE", REPOSITORY / ".state")) / "openstack" / "clouds.yaml"
