"""Fixtures for a user's stories."""

from collections.abc import Iterator

import pytest

from tests.ledger_home import LedgerHome, await_recorded


@pytest.fixture(scope="module")
def served(home: LedgerHome) -> Iterator[None]:
    """Sealer and recorder run beside the commands, as in production: a command that waits for them waits briefly."""
    with home.process("up"):
        await_recorded(home)
        yield
