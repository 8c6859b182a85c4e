"""Why an inbox record could not be read: stable reason codes, and the error that carries one.

`docs/rejections.md` explains each code to a publisher; a test compares the page with the enumeration.
"""

from enum import StrEnum

from ledger.errors import DataError


class RejectionReason(StrEnum):
    """Stable codes: they stay in the ledger for ever, so none is renamed or given another meaning."""

    VALUE_MISSING = "value_missing"
    MAGIC_UNKNOWN = "magic_unknown"
    FINGERPRINT_UNKNOWN = "fingerprint_unknown"
    SCHEMA_ID_UNKNOWN = "schema_id_unknown"
    SCHEMA_REFUSED = "schema_refused"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    HEADER_MISSING = "header_missing"
    HEADER_INVALID = "header_invalid"
    HEADER_CONTRADICTION = "header_contradiction"
    TYPE_UNKNOWN = "type_unknown"
    JSON_INVALID = "json_invalid"
    FIELD_MISSING = "field_missing"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_WRONG_TYPE = "field_wrong_type"
    FIELD_INVALID = "field_invalid"
    UNDECODABLE = "undecodable"
    TOO_LARGE = "too_large"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    TOPIC_WRONG = "topic_wrong"
    NOT_THE_LEDGER = "not_the_ledger"


class Unreadable(DataError):
    """An inbox record that yields no fact; the sealer turns it into a `Rejected` record.

    Args:
        reason: the stable code.
        detail: the field, header or part at fault, by a name of ours: never a value, and never a name the
            publisher made up, which may itself be a phone number.
    """

    def __init__(self, reason: RejectionReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(
            f"inbox record refused: {reason.value}",
            found=detail,
            do="See docs/rejections.md for what the publisher should change.",
        )
