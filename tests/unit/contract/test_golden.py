"""Bytes written once stay readable for ever, and mean what they meant.

Each file in `golden/` holds one value in hex and what it says. A file is added with each schema version and
never changed: the log holds such bytes.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.contract.ledger_record import decode_record, encode_entry, encode_rejected
from ledger.contract.reading import read_fact
from ledger.contract.schema_files import schema_paths, type_and_version
from ledger.contract.writing import encode_single_object
from ledger.entry import Entry, Rejected
from tests.unit.contract.samples import catalogue, headers

_DIRECTORY = Path(__file__).parent / "golden"
_PATHS = sorted(_DIRECTORY.glob("*.json"))
_EVENTS = [path for path in _PATHS if not path.name.startswith("ledger.")]
_RECORDS = [path for path in _PATHS if path.name.startswith("ledger.")]


def golden(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes of a golden file and what they say."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return bytes.fromhex(held["value"]), held["says"]


def test_every_schema_version_has_golden_bytes() -> None:
    """A new version comes with bytes of its own."""
    assert [path.stem for path in schema_paths()] == [path.stem for path in _PATHS]


@pytest.mark.parametrize("path", _EVENTS, ids=lambda path: path.stem)
def test_old_event_reads_as_it_was_meant(path: Path) -> None:
    """A value a publisher sent then is the same fact now, and would be written the same."""
    value, says = golden(path)
    event = catalogue().by_fingerprint[value[2:10]]
    fact = read_fact(value, headers(event), catalogue())
    assert says == fact.datum
    assert (fact.event_type, fact.version) == type_and_version(path.with_suffix(".avsc"))
    assert value == encode_single_object(event, fact.datum)


@pytest.mark.parametrize("path", _RECORDS, ids=lambda path: path.stem)
def test_old_ledger_record_reads_as_it_was_meant(path: Path) -> None:
    """A record the sealer wrote then is the same record now."""
    value, says = golden(path)
    record = decode_record(value)
    assert says == msgspec.to_builtins(record)
    assert isinstance(record, Entry | Rejected)


@pytest.mark.parametrize("path", _RECORDS, ids=lambda path: path.stem)
def test_newest_ledger_record_written_alike(path: Path) -> None:
    """The newest version's bytes have not moved: leaves of the tree are made of them."""
    value, _ = golden(path)
    record = decode_record(value)
    assert value == (encode_entry(record) if isinstance(record, Entry) else encode_rejected(record))
