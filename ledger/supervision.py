"""Starting the loops as processes and starting them again when they die: crash-only needs a supervisor.

In production this is systemd's or Kubernetes' work; `ledger up`, the demo and the tests use this one.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from consumers.lifecycle import SUPERVISOR_VARIABLE, StopRequest
from ledger.config import Settings

RESTART_DELAY_S = 0.5
"""Between a death and the next start: long enough not to spin, short enough to be back within 5 s."""
RESTART_DELAY_MAX_S = 10.0
STEADY_AFTER_S = 30.0
"""A process that lived this long starts again with the shortest delay."""
WATCH_EVERY_S = 0.1
STOP_TIMEOUT_S = 10.0

log = structlog.get_logger()


class Supervised:
    """One command kept running."""

    def __init__(self, command: str, environment: Mapping[str, str], log_file: Path | None) -> None:
        self._command = command
        self._environment = dict(environment)
        self._log_file = log_file
        self._delay = RESTART_DELAY_S
        self._start_at = 0.0
        self._started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Starts the process when it is not running and its delay is over."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._noted_death(now)
        if self.process is None and now >= self._start_at:
            self._started_at = now
            self.process = self._spawn()

    def stop(self) -> None:
        """Asks the process to end, and ends it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # Crash-only: a kill leaves nothing that the next start does not repair.
            self.process.kill()
            self.process.wait()

    def _noted_death(self, now: float) -> None:
        assert self.process is not None  # noqa: S101 # the caller looked
        lived = now - self._started_at
        self._delay = RESTART_DELAY_S if lived > STEADY_AFTER_S else min(self._delay * 2, RESTART_DELAY_MAX_S)
        log.warning("supervisor.process.ended", command=self._command, exit_code=self.process.returncode)
        self.process = None
        self._start_at = now + self._delay

    def _spawn(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "ledger.cli", self._command]
        if self._log_file is None:
            return subprocess.Popen(arguments, env=self._environment, stdout=subprocess.DEVNULL)
        with self._log_file.open("ab") as output:
            return subprocess.Popen(arguments, env=self._environment, stdout=output, stderr=output)


class Supervisor:
    """Keeps one process per command running while in its context.

    Args:
        settings: as this process has them; children read the same environment.
        commands: `ledger` subcommands that run until stopped.
        log_dir: where each process's output goes, one file per command; None shares our stderr.
    """

    def __init__(self, settings: Settings, commands: Sequence[str], log_dir: Path | None = None) -> None:
        environment = {**settings.child_environment(), SUPERVISOR_VARIABLE: str(os.getpid())}
        self.supervised = {
            command: Supervised(command, environment, log_dir / f"{command}.log" if log_dir else None)
            for command in commands
        }

    def tend(self) -> None:
        """Starts whatever is not running; to be called every now and then."""
        for supervised in self.supervised.values():
            supervised.tend()

    def watch(self, stop: StopRequest) -> None:
        """Keeps everything running until asked to stop."""
        while not stop:
            self.tend()
            time.sleep(WATCH_EVERY_S)

    def __enter__(self) -> Self:
        self.tend()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for supervised in self.supervised.values():
            supervised.stop()
