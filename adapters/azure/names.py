"""Names of new things: what people said, as far as the service can, and a mark of the token.

The service has no other id than the name, and a create under a taken name changes what is there. So
two tokens never make one name, and the same token makes the same. The true name is in a tag.
"""

from __future__ import annotations

import hashlib
import re

MOST = 80
"""Characters of a name of anything but a machine (64), a network (64) or a resource group:
https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

NETWORK_MOST = 64

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]+")
_MARK_LENGTH = 10


def mark(token: str) -> str:
    """Return a short word that is as unique as the token."""
    return hashlib.blake2b(token.encode(), digest_size=8).hexdigest()[:_MARK_LENGTH]


def named(name: str, token: str, most: int = MOST) -> str:
    """Return a name that any kind of resource may have and that only this token gives."""
    start = _FORBIDDEN.sub("-", name).strip("-_")[: most - _MARK_LENGTH - 1].rstrip("-_")
    return f"{start}-{mark(token)}" if start else f"x-{mark(token)}"
