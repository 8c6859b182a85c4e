"""How the loops stop: between batches when asked, at once when a batch hangs. Both are crash-only."""

import gc
import os
import signal
import threading
from types import FrameType

ABANDON_AFTER_S = 8.0
"""A stop that takes longer than this leaves the batch where it is: recovery is the normal code path."""


GC_THRESHOLDS = (100_000, 50, 100)
"""A batch makes some 100,000 objects without cycles and drops them; looking for cycles in them at Python's default
of every 700 costs a fifth of a recorder's time. Cycles are still found, once a batch or so."""


def tune_garbage_collection() -> None:
    """Sets the collector for loops over batches; what was imported is never looked at again."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


class StopRequest:
    """Set by SIGTERM or SIGINT; asked for between batches."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Asks the loop to end after the batch in hand."""
        self._event.set()

    def listen(self) -> None:
        """Installs the signal handlers; from then on the process ends with exit code 0 when asked to."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()
        # A batch can hang on a dead broker for longer than a supervisor waits. Nothing is lost by leaving it.
        abandon = threading.Timer(ABANDON_AFTER_S, os._exit, args=(0,))
        abandon.daemon = True
        abandon.start()


def in_slot(number: int, slot: tuple[int, int]) -> bool:
    """Whether a partition belongs to slot (i, n), 1 <= i <= n: scale-out without consumer groups."""
    index, of = slot
    return number % of == index - 1
