"""Names a target accepts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from broker.model import Fidelity, Loss

if TYPE_CHECKING:
    from broker.adapter import NameRule


def fit_name(name: str, rule: NameRule, field: str = "name") -> tuple[str, tuple[Loss, ...]]:
    """Return ``name``, or the nearest name that ``rule`` accepts and the loss that tells of it."""
    for candidate in _nearest_first(name, rule.max_length):
        if len(candidate) <= rule.max_length and re.fullmatch(rule.pattern, candidate):
            if candidate == name:
                return name, ()
            reason = "the target does not accept the name as it is; give another with --name"
            return candidate, (_loss(field, name, candidate, reason, blocking=False),)
    reason = f"the target wants {rule.pattern}, at most {rule.max_length} long; use --name"
    return name, (_loss(field, name, "", reason, blocking=True),)


def _loss(field: str, before: str, after: str, reason: str, *, blocking: bool) -> Loss:
    fidelity = Fidelity.DROPPED if blocking else Fidelity.APPROXIMATED
    return Loss(
        field=field,
        fidelity=fidelity,
        before=before,
        after=after,
        reason=reason,
        blocking=blocking,
    )


def _nearest_first(name: str, length: int) -> Iterator[str]:
    """Yield rewritings of ``name``, each plainer than the one before.

    A rule is a pattern nobody can invert in general, so they are tried in turn. Where a name is
    cut, it must not end in a separator: many grammars forbid that.
    """
    yield name
    yield name[:length]
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    for unwanted in (r"[^A-Za-z0-9._ -]+", r"[^A-Za-z0-9._-]+", r"[^A-Za-z0-9-]+"):
        plain = re.sub(r"-{2,}", "-", re.sub(unwanted, "-", folded)).strip("-._ ")
        if not plain:
            continue
        for form in (plain, plain.lower(), f"vm-{plain}", f"vm-{plain}".lower()):
            yield form[:length].rstrip("-._ ")
