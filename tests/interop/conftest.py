"""The marker of the tests that need other languages' tools."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker, since an unknown one is an error."""
    config.addinivalue_line("markers", "interop: clients in Node and Java; needs LEDGER_INTEROP=1")
