"""The encoding under every MAC and AAD says different things about different values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import DataError
from ledger.vault.encoding import encode_tuple

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PARTS = st.tuples(TEXT, st.binary(max_size=8), st.integers(-(2**63), 2**63 - 1), TEXT)


@given(PARTS, PARTS)
def test_equal_encodings_only_of_equal_parts(
    one: tuple[str, bytes, int, str], two: tuple[str, bytes, int, str]
) -> None:
    """No two tuples of the same types share an encoding."""
    assert (encode_tuple(b"label", *one) == encode_tuple(b"label", *two)) == (one == two)


@given(TEXT, TEXT, TEXT)
def test_characters_moved_across_a_border_change_the_encoding(left: str, moved: str, right: str) -> None:
    """What plain concatenation would confuse stays apart."""
    one = encode_tuple(b"label", left + moved, right)
    two = encode_tuple(b"label", left, moved + right)
    assert (one == two) == (moved == "")


def test_labels_keep_uses_apart() -> None:
    """The same parts under another label are other bytes, also when label and part are cut elsewhere."""
    assert len({encode_tuple(b"ab", "c"), encode_tuple(b"a", "bc"), encode_tuple(b"ac", "c")}) == 3


@pytest.mark.parametrize("part", ["\ud800", 2**63, -(2**63) - 1])
def test_what_cannot_be_encoded_is_a_data_error(part: str | int) -> None:
    """A lone surrogate or an oversized integer is refused, and not repeated in the message."""
    with pytest.raises(DataError) as refused:
        encode_tuple(b"label", part)
    assert str(part).encode("utf-8", "replace") not in str(refused.value).encode()
    assert refused.value.__suppress_context__
