"""One injective encoding for everything that is authenticated but not encrypted.

A MAC or AAD over concatenated strings says the same for ("ab", "c") and ("a", "bc"); with each part preceded
by its length it does not. Owns: that encoding. Leaves to others: what goes into it, and its label.
Source: NIST SP 800-185 section 2.3 (encode_string, TupleHash) for the idea; lengths here are fixed-width.
"""

from ledger.errors import DataError

INT_BYTES = 8
"""Signed; days since 1970 and the like."""


def encode_tuple(label: bytes, *parts: str | bytes | int) -> bytes:
    """Encodes a label and parts so that no other label or parts give the same bytes.

    Args:
        label: what the bytes are for and the version of their make-up; keeps uses apart.
        parts: as for `encode_part`; a use must keep the types of its parts fixed.

    Raises:
        DataError: as `encode_part`.
    """
    return encode_part(label) + b"".join(map(encode_part, parts))


def encode_part(part: str | bytes | int) -> bytes:
    """One part with its length before it; what `encode_tuple` gives can be continued with further parts.

    Args:
        part: str as UTF-8, int as 8 bytes signed.

    Raises:
        DataError: a string with a lone surrogate, or an integer of more than 64 bits.
    """
    try:
        if isinstance(part, int):
            as_bytes = part.to_bytes(INT_BYTES, "big", signed=True)
        else:
            as_bytes = part.encode() if isinstance(part, str) else part
    except (UnicodeEncodeError, OverflowError):
        # The cause is left out: a UnicodeEncodeError carries the string.
        raise DataError(
            "cannot encode a value for sealing",
            expected="valid Unicode text and integers of 64 bits",
            do="Refuse such a value where the input is read.",
        ) from None
    return len(as_bytes).to_bytes(4, "big") + as_bytes
