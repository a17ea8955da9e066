"""What a project may hold and holds: each service is asked for its own part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from adapters.openstack.base import Base
from adapters.openstack.errors import calling
from adapters.openstack.session import Service, Session
from adapters.openstack.translate import quotas as translate
from broker.adapter import Counts, Quotas
from broker.errors import AccessDenied, NotFound


class QuotaCounts(Base):
    """Counts what the quotas are for."""

    def quota_use(self) -> Counts:
        """Return what the project holds now, by each service's own count."""
        with calling("look at quotas"):
            return translate.use(*_told(self._session))


def quotas(session: Session) -> Quotas:
    """Return the most the project may hold."""
    return translate.quotas(*_told(session))


class _Told(NamedTuple):
    compute: Mapping[str, Any]
    storage: Mapping[str, Any]
    network: Mapping[str, Any]
    image: Mapping[str, Any]


def _told(session: Session) -> _Told:
    return _Told(
        session.get("compute", "/limits")["limits"]["absolute"],
        session.get("block_storage", "/limits")["limits"]["absolute"],
        _where_told(session, "network", f"/quotas/{session.project}/details.json", "quota")
        or _where_told(session, "network", f"/quotas/{session.project}", "quota"),
        _where_told(session, "image", "/info/usage", "usage"),
    )


def _where_told(session: Session, service: Service, path: str, member: str) -> Mapping[str, Any]:
    """Return an answer that not every release gives, and not to everyone; empty without one."""
    try:
        found: Mapping[str, Any] = session.get(service, path)[member]
    except (AccessDenied, NotFound):
        return {}
    return found
