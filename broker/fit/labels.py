"""Labels a target accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from broker.model import Fidelity, Loss

if TYPE_CHECKING:
    from broker.adapter import LabelRule


def fit_labels(
    labels: Mapping[str, str], rule: LabelRule, field: str = "labels"
) -> tuple[dict[str, str], tuple[Loss, ...]]:
    """Return the labels that fit, and a loss for each that does not.

    A label is kept whole or dropped: half a value would be a lie to whoever selects by it.
    """
    kept: dict[str, str] = {}
    losses: list[Loss] = []
    for key in sorted(labels):
        reason = _objection(key, labels[key], kept, rule)
        if reason is None:
            kept[key] = labels[key]
        else:
            losses.append(
                Loss(
                    field=f"{field}.{key}",
                    fidelity=Fidelity.DROPPED,
                    before=labels[key],
                    after="",
                    reason=reason,
                )
            )
    return kept, tuple(losses)


def _objection(key: str, value: str, kept: Mapping[str, str], rule: LabelRule) -> str | None:
    if len(key) > rule.max_key:
        return f"the target's label keys have at most {rule.max_key} characters"
    if len(value) > rule.max_value:
        return f"the target's label values have at most {rule.max_value} characters"
    if not re.fullmatch(rule.key_pattern, key):
        return "the target has no label keys with such characters, or of such a beginning"
    if not re.fullmatch(rule.value_pattern, value):
        return "the target has no label values with such characters"
    if not rule.case_told and key.lower() in map(str.lower, kept):
        return "the target keeps one label of those whose keys differ in case only"
    if len(kept) >= rule.max_count:
        return f"the target keeps at most {rule.max_count} labels"
    return None
