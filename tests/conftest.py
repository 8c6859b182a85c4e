"""Fixtures for every test: a ledger of its own on real services."""

from collections.abc import Iterator

import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, new_home, verify_whole_log


@pytest.fixture(scope="module")
def home() -> Iterator[LedgerHome]:
    """A ledger whose services run for the whole module; the whole log is verified at its end."""
    with new_home() as made, made.parts() as parts:
        yield made
        verify_whole_log(parts)


@pytest.fixture
def parts(home: LedgerHome) -> Iterator[Runtime]:
    """The composition root on the module's ledger."""
    with home.parts() as connected:
        yield connected
