"""Fixtures for a user's stories."""

from collections.abc import Iterator

import pytest

from tests.ledger_home import LedgerHome, await_recorded


@pytest.fixture(scope="module")
def served(home: LedgerHome) -> Iterator[None]:
    """Sealer and recorder run beside the commands."""
    with home.serving():
        await_recorded(home)
        yield
