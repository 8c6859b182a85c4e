"""The published header constants are those of the schemas."""

import json
import shutil
from pathlib import Path

import pytest

from ledger.contract.fingerprints import main, rendered, schema_headers
from ledger.contract.schema_files import default_directory
from ledger.errors import DataError
from tests.unit.contract.samples import catalogue

_RABIN_EMPTY = 0xC15D213AA4D7A795


def rabin(canonical: bytes) -> bytes:
    """Return the CRC-64-AVRO of a text as the specification's own pseudo-code computes it, little-endian."""
    value = _RABIN_EMPTY
    for byte in canonical:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (_RABIN_EMPTY & -(value & 1))
    return value.to_bytes(8, "little")


def test_committed_file_is_current() -> None:
    """The file in the repository is what the schemas give."""
    assert main(["--check"]) == 0


def test_headers_equal_those_of_the_catalogue() -> None:
    """Producers prepend the very bytes the reader looks up."""
    for name, entry in schema_headers().items():
        assert entry.header == f"c301{entry.fingerprint}"
        if not name.startswith("ledger."):
            found = catalogue().find(entry.type, entry.version)
            assert found is not None
            assert entry.header == found.header.hex()


def test_ledger_records_included() -> None:
    """Whoever reads the log needs the headers of the ledger's own records too."""
    assert {"ledger.entry.v1.avsc", "ledger.rejected.v1.avsc"} <= schema_headers().keys()


def test_fingerprint_is_that_of_the_specification(tmp_path: Path) -> None:
    """An independent computation over a canonical form written by hand gives the same eight bytes."""
    schema = {
        "doc": "Left out of the canonical form, like the logical type.",
        "type": "record",
        "name": "R",
        "namespace": "ledger.v1",
        "fields": [{"name": "t", "type": {"type": "long", "logicalType": "timestamp-micros"}, "doc": "T."}],
    }
    (tmp_path / "a.b.v1.avsc").write_text(json.dumps(schema), encoding="utf-8")
    canonical = b'{"name":"ledger.v1.R","type":"record","fields":[{"name":"t","type":"long"}]}'
    assert rabin(canonical).hex() == schema_headers(tmp_path)["a.b.v1.avsc"].fingerprint


def test_stale_file_found_and_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema added without generating fails the check; writing repairs it."""
    for name in ("call.completed.v1.avsc", "call.recorded.v1.avsc"):
        shutil.copy(default_directory() / name, tmp_path)
    arguments = ["--directory", str(tmp_path)]
    assert main(["--check", *arguments]) == 6
    assert "stale" in capsys.readouterr().err
    assert main(["--write", *arguments]) == 0
    assert main(["--check", *arguments]) == 0
    (tmp_path / "call.recorded.v1.avsc").unlink()
    assert main(["--check", *arguments]) == 6


def test_rendered_file_ends_with_one_line_end() -> None:
    """The file is text that editors leave alone."""
    assert rendered().endswith(b"}\n")


def test_misnamed_schema_refused(tmp_path: Path) -> None:
    """A file without a version in its name has no place in the table."""
    (tmp_path / "call.avsc").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="misnamed"):
        schema_headers(tmp_path)
