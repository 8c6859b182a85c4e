"""Short state directories, and the certainty that a test leaves no service running."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.dev.services import stop_services
from ledger.errors import CallerError


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A fresh state directory; whatever a test left running in it is stopped."""
    path = Path(tempfile.mkdtemp(prefix="ledger-test-"))
    yield path
    with suppress(CallerError):
        stop_services(path)
    shutil.rmtree(path)
