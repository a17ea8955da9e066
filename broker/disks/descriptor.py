"""A file descriptor that outlives every call that uses it."""

from __future__ import annotations

import os
from collections.abc import Callable


class Descriptor:
    """Closes ``number`` when the last reference goes.

    A thread that still writes while another closes the file must never find its number given to a
    different file: so a call keeps a reference, and closing means letting go of one.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, _close: Callable[[int], None] = os.close) -> None:
        _close(self.number)
