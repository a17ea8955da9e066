"""Plain threads over the blocks of a disk: one buffer each, no queue, the first error ends all."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable, Iterator

from broker.disks.blocks import Block
from broker.disks.contract import Source
from broker.disks.manifest import MANIFEST_BLOCK
from broker.disks.progress import INTERVAL_S, Callback, Meter, Tally

GRACE_S = 0.5
"""How long the caller waits, after an error or Ctrl-C, for calls that are under way. A thread that
is still inside one then is left alone with its buffer, and ends with that call.
"""

Work = Callable[[Block, memoryview, Tally], None]


class Workers:
    """``count`` threads that do ``work`` on each of ``blocks``, and stop at the first error."""

    def __init__(self, count: int, blocks: Iterator[Block], work: Work) -> None:
        self.tallies = [Tally() for _ in range(count)]
        self._blocks = blocks
        self._work = work
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._running = 0
        self._at_end: Callable[[], None] | None = None

    def run(self, source: Source, progress: Callback | None) -> None:
        """Do all the work; raise the first error, after the other threads have stopped."""
        meter = Meter(progress, self.tallies) if progress else None
        threads: list[threading.Thread] = []
        try:
            for tally in self.tallies:
                thread = threading.Thread(target=self._run, args=(tally,), daemon=True)
                with self._lock:
                    self._running += 1
                thread.start()
                threads.append(thread)
            if meter:
                meter.count(source, self._stop.is_set)
            for thread in threads:
                while thread.is_alive() and not self._stop.is_set():
                    thread.join(INTERVAL_S)
                    if meter:
                        meter.tick()
        finally:
            self._stop.set()
            end = time.monotonic() + GRACE_S
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
        if self._error is not None:
            raise self._error
        if meter:
            meter.tell()

    def at_end(self, do: Callable[[], None]) -> None:
        """Call ``do`` when the last thread has ended: now, or in that thread."""
        with self._lock:
            if self._running:
                self._at_end = do
                return
        do()

    def _run(self, tally: Tally) -> None:
        # Whole pages: the kernel copies from and to unaligned memory at a quarter of the speed.
        buffer = memoryview(mmap.mmap(-1, MANIFEST_BLOCK))
        try:
            while (block := self._take()) is not None:
                self._work(block, buffer, tally)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            with self._lock:
                self._error = self._error or error
            self._stop.set()
        with self._lock:
            self._running -= 1
            last = self._at_end if not self._running else None
        if last:
            last()

    def _take(self) -> Block | None:
        with self._lock:
            return None if self._stop.is_set() else next(self._blocks, None)
