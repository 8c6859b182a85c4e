"""Reason codes: stable, and each explained to publishers."""

import re
from pathlib import Path

from ledger.contract.unreadable import RejectionReason, Unreadable
from ledger.errors import DataError

_PAGE = Path(__file__).parents[3] / "docs" / "rejections.md"


def test_every_reason_documented() -> None:
    """The page for publishers lists exactly the codes there are, in their order."""
    listed = re.findall(r"^\| `(\w+)` \|", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [reason.value for reason in RejectionReason] == listed


def test_reason_codes_unchanged() -> None:
    """The codes written so far keep their spelling: old ledger records hold them."""
    expected = (
        "value_missing magic_unknown fingerprint_unknown schema_id_unknown schema_refused truncated "
        "trailing_bytes header_missing header_invalid header_contradiction type_unknown json_invalid "
        "field_missing field_unknown field_wrong_type field_invalid undecodable too_large attempts_exhausted "
        "topic_wrong not_the_ledger"
    )
    assert expected.split() == [reason.value for reason in RejectionReason]


def test_refusal_is_a_data_error_that_says_what_to_do() -> None:
    """A refusal exits with 6, is not retried as it is, and names reason and place."""
    error = Unreadable(RejectionReason.FIELD_INVALID, "caller_number")
    assert isinstance(error, DataError)
    assert (error.exit_code, error.retriable) == (6, False)
    assert "field_invalid" in str(error)
    assert "caller_number" in str(error)
    assert "docs/rejections.md" in str(error)
