"""A rotation that SIGKILLs itself at a given moment: `killed_rotation.py DSN SCHEMA FILE STEP DONE`."""

import os
import signal
import sys
from pathlib import Path

from ledger.vault import rotation
from ledger.vault.rotation import Step, rotate


def main() -> None:
    """Rotates in batches of a few rows, and dies when STEP has DONE rows behind it."""
    dsn, schema, file, step, done = sys.argv[1:]
    rotation.ROWS_PER_BATCH = 7

    def die(at: Step, so_far: int, _of: int) -> None:
        if at == step and so_far >= int(done):
            os.kill(os.getpid(), signal.SIGKILL)

    rotate(dsn, Path(file), schema=schema, on_step=die)


if __name__ == "__main__":
    main()
