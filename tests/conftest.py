"""Fixtures for every test: a ledger of its own on real services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, verify_whole_log


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerHome]:
    """A ledger whose services run for the whole module; the whole log is verified at its end."""
    made = LedgerHome(Path(tmp_path_factory.mktemp("ledger")))
    with made.parts() as parts:
        yield made
        verify_whole_log(parts)


@pytest.fixture
def parts(home: LedgerHome) -> Iterator[Runtime]:
    """The composition root on the module's ledger."""
    with home.parts() as connected:
        yield connected
