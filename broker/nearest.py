"""What the caller may have meant by a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 6
"""More names than this are a listing, not a hint."""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known names most like ``word``, best first; empty when none is near."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=3, cutoff=0.6)
    return [by_folded[name] for name in found]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint in one sentence: the nearest names, or what names there are."""
    names = sorted(known)
    if not names:
        return "There are none"
    if near := nearest(word, names):
        return f"Did you mean {' or '.join(near)}?"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (
        f"There are {', '.join(names[:SHOWN])}{more}" if len(names) > 1 else f"There is {names[0]}"
    )
