"""The ledger's own records: written as fastavro would, read back whole, and damage never passed over."""

import uuid
from io import BytesIO

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.ledger_record import decode_record, encode_entry, encode_rejected
from ledger.contract.schema_files import (
    default_directory,
    parse_plain,
    read_schema_file,
    single_object_header,
)
from ledger.entry import Dropped, Entry, LedgerRecord, Rejected, Sealed
from ledger.errors import IntegrityError

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
_LONG = st.integers(-(1 << 63), (1 << 63) - 1)
_INT = st.integers(-(1 << 31), (1 << 31) - 1)
_32 = st.binary(min_size=32, max_size=32)
_SEALED = st.lists(
    st.builds(Sealed, field=_TEXT, retention_class=_TEXT, commitment=_32, ciphertext=st.binary(max_size=200)),
    max_size=3,
)
_COORDINATES = {
    "source_topic": _TEXT,
    "source_partition": _INT,
    "source_offset": _LONG,
    "part": _INT,
    "parts": _INT,
    "previous_offset": st.none() | _LONG,
    "previous_part": st.none() | _INT,
    "sealed_at": _LONG,
    "rules_at": _LONG,
    "stream": st.uuids(),
    "stream_kind": st.sampled_from(["subject", "governance", "unattributed", "rejected"]),
    "occurred_day": _INT,
    "salt": _32,
    "sealed": _SEALED,
}
ENTRIES = st.builds(
    Entry,
    **_COORDINATES,
    event_id=_TEXT,
    event_source=_TEXT,
    event_type=_TEXT,
    event_version=_INT,
    occurred_at=_LONG,
    controller=_TEXT,
    role=_TEXT,
    purpose=_TEXT,
    lawful_basis=_TEXT,
    data_categories=st.lists(_TEXT, max_size=3),
    processors=st.lists(_TEXT, max_size=3),
    storage_country=_TEXT,
    instruction_id=st.none() | _TEXT,
    notice_version=st.none() | _TEXT,
    retry_of=st.none() | _TEXT,
    subject_roles=st.lists(_TEXT, max_size=3),
    open_fields=_TEXT,
    content_mac=st.none() | _32,
    dropped=st.lists(st.builds(Dropped, field=_TEXT, reason=_TEXT), max_size=2),
)
REJECTIONS = st.builds(Rejected, **_COORDINATES, reason=_TEXT, detail=_TEXT, attempts=_INT)


def plain(record: LedgerRecord) -> dict[str, object]:
    """Return a record as the dict fastavro takes."""
    fields: dict[str, object] = {
        name: getattr(record, name) for name in type(record).__struct_fields__ if name != "stream"
    }
    fields["stream"] = record.stream.bytes
    for name in ("sealed", "dropped"):
        if name in fields:
            fields[name] = [msgspec.structs.asdict(each) for each in getattr(record, name)]
    return fields


def by_fastavro(record: LedgerRecord, name: str) -> bytes:
    """Return what fastavro writes for a record, header and all."""
    raw = read_schema_file(default_directory() / f"ledger.{name}.v1.avsc")
    out = BytesIO(single_object_header(raw))
    out.seek(10)
    fastavro.schemaless_writer(out, parse_plain(raw), plain(record))
    return out.getvalue()


@given(entry=ENTRIES)
def test_entry_survives_and_equals_fastavro(entry: Entry) -> None:
    """Any entry comes back equal, and its bytes are those of an independent writer."""
    content = encode_entry(entry)
    assert by_fastavro(entry, "entry") == content
    assert entry == decode_record(content)


@given(rejected=REJECTIONS)
def test_rejected_survives_and_equals_fastavro(rejected: Rejected) -> None:
    """Any rejected record comes back equal, and its bytes are those of an independent writer."""
    content = encode_rejected(rejected)
    assert by_fastavro(rejected, "rejected") == content
    assert rejected == decode_record(content)


SAMPLE = Rejected(
    source_topic="inbox.processing",
    source_partition=0,
    source_offset=7,
    part=0,
    parts=1,
    previous_offset=None,
    previous_part=None,
    sealed_at=1_774_596_716_000_000,
    rules_at=0,
    stream=uuid.UUID(int=7),
    stream_kind="rejected",
    reason="truncated",
    detail="controller",
    occurred_day=20_539,
    attempts=1,
    salt=bytes(32),
    sealed=[],
)
CONTENT = encode_rejected(SAMPLE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        CONTENT[:9],
        CONTENT[:10],
        CONTENT[:-1],
        CONTENT + b"\x00",
        CONTENT + CONTENT,
        b"\xc3\x01" + bytes(8) + CONTENT[10:],
        b"{}",
        encode_rejected(SAMPLE).replace(CONTENT[:10], by_fastavro(SAMPLE, "rejected")[:2] + bytes(8)),
    ],
)
def test_damaged_record_refused(content: bytes) -> None:
    """An unknown header, an early end or bytes after it stop the reader."""
    with pytest.raises(IntegrityError):
        decode_record(content)


@given(content=st.binary(max_size=200))
def test_noise_after_header_never_raises_anything_else(content: bytes) -> None:
    """Bad bytes are damage, whatever fastavro thinks of them."""
    with pytest.raises(IntegrityError):
        decode_record(CONTENT[:10] + b"\xff" + content)


def test_refusal_holds_no_content() -> None:
    """The error says what is wrong with the bytes, not what they hold."""
    with pytest.raises(IntegrityError) as caught:
        decode_record(CONTENT + b"+3197010000099")
    assert "97010" not in str(caught.value)
    assert "14 bytes more" in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"salt": b"short"}, ValueError),
        ({"stream_kind": "other"}, KeyError),
        ({"source_offset": 1 << 63}, OverflowError),
        ({"detail": "\ud800"}, UnicodeEncodeError),
    ],
)
def test_value_that_does_not_fit_not_encoded(changed: dict[str, object], error: type[Exception]) -> None:
    """A record that could not be read back is never written."""
    with pytest.raises(error):
        encode_rejected(msgspec.structs.replace(SAMPLE, **changed))
