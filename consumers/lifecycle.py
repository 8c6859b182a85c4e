"""How the loops stop: between batches when asked, at once when a batch hangs. Both are crash-only."""

import gc
import os
import signal
import threading
import time
from types import FrameType

ABANDON_AFTER_S = 8.0
"""A stop that takes longer than this leaves the batch where it is: recovery is the normal code path."""
SUPERVISOR_VARIABLE = "LEDGER_SUPERVISOR"
"""The environment variable that holds the pid of the supervisor that started a process, if one did."""
SUPERVISOR_WATCH_S = 1.0
GC_THRESHOLDS = (100_000, 50, 100)
"""A batch makes some 100,000 objects without cycles and drops them; looking for cycles in them at Python's default
of every 700 costs a fifth of a recorder's time. Cycles are still found, once a batch or so."""


def tune_garbage_collection() -> None:
    """Sets the collector for loops over batches; what was imported is never looked at again."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


class StopRequest:
    """Set by SIGTERM or SIGINT, and by the death of the supervisor; asked for between batches."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Asks the loop to end after the batch in hand."""
        self._event.set()

    def listen(self) -> None:
        """Installs the signal handlers; from then on the process ends with exit code 0 when asked to.

        Under a supervisor that names itself in `SUPERVISOR_VARIABLE` it also ends when the supervisor is gone: one
        that was killed could not stop it, and the next starts processes of its own, which are never wrong beside
        it but for ever in each other's way.
        """
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        supervisor = os.environ.get(SUPERVISOR_VARIABLE)
        if supervisor is not None:
            threading.Thread(target=self._watch, args=(int(supervisor),), daemon=True).start()

    def _watch(self, supervisor: int) -> None:
        while os.getppid() == supervisor:
            time.sleep(SUPERVISOR_WATCH_S)
        self._end_soon()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._end_soon()

    def _end_soon(self) -> None:
        self.set()
        # A batch can hang on a dead broker for longer than a supervisor waits. Nothing is lost by leaving it.
        abandon = threading.Timer(ABANDON_AFTER_S, os._exit, args=(0,))
        abandon.daemon = True
        abandon.start()


def in_slot(number: int, slot: tuple[int, int]) -> bool:
    """Whether a partition belongs to slot (i, n), 1 <= i <= n: scale-out without consumer groups."""
    index, of = slot
    return number % of == index - 1
