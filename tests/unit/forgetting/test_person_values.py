"""What a search for a person looks for: worth finding, in every usual spelling, and never printed. Pure."""

import pytest

from ledger.forgetting.person_values import VALUES_MAX, PersonValues, contract_words
from tests.acceptance.canary import EMAIL, NAME, NUMBER_SPELLINGS
from tests.ledger_home import CATALOGUE

NUMBER = NUMBER_SPELLINGS[0]


def values(*texts: object, words: frozenset[str] = frozenset()) -> PersonValues:
    """The values of one record with these fields."""
    made = PersonValues(words)
    made.add({str(place): text for place, text in enumerate(texts)})
    return made


@pytest.mark.parametrize("known", NUMBER_SPELLINGS[:3])
@pytest.mark.parametrize("written", [*NUMBER_SPELLINGS, "+31 970 10987654", "sip:+3197010987654@example.com"])
def test_number_is_found_in_every_usual_spelling(known: str, written: str) -> None:
    """Whichever way the publisher gave it, and whichever way it stands somewhere."""
    assert values(known).needles().found_in(f"…{written}…".encode())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(EMAIL.encode(), id="as it is"),
        pytest.param(EMAIL.upper().encode(), id="in capitals"),
        pytest.param(b"\x30" + EMAIL.encode() + b"\x30", id="between bytes that look like letters"),
    ],
)
def test_address_is_found_whatever_stands_around_it(content: bytes) -> None:
    """In binary formats anything may stand before a text, a length among them."""
    assert values(EMAIL).needles().found_in(content)


@pytest.mark.parametrize("encoded", [NAME, NAME.upper(), NAME.lower(), "Zo\\u00eb Kanarie-Testvogel"])
def test_name_is_found_in_any_case_and_in_json_escapes(encoded: str) -> None:
    """Letters beyond ASCII too."""
    assert values(NAME).needles().found_in(encoded.encode())
    assert values(NAME).needles().found_in(NAME.encode("latin-1"))


def test_texts_within_lists_and_records_are_looked_for() -> None:
    """Personal fields hold more than plain texts."""
    found = values({"who": ["somebody", {"mail": EMAIL}]}).needles()
    assert found.found_in(b"somebody")
    assert found.found_in(EMAIL.encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Ann", id="short text"),
        pytest.param("201", id="extension"),
        pytest.param("17746092", id="eight digits"),
        pytest.param(42, id="no text"),
        pytest.param(None, id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("     ", id="blank"),
        pytest.param("call_history", id="a word of the contract"),
        pytest.param("INBOUND", id="a symbol of the contract"),
        pytest.param("dentist-example", id="the controller"),
    ],
)
def test_value_that_stands_everywhere_is_not_looked_for(text: object) -> None:
    """It tells of nobody, and would be found by chance in any table."""
    found = values(text, words=contract_words(CATALOGUE, "dentist-example"))
    assert len(found) == 0
    assert not found.needles().found_in(b"Ann 201 17746092 42 call_history inbound dentist-example     ")


def test_long_text_is_found_by_its_beginning() -> None:
    """A copy that was cut short is a copy."""
    text = "I would like to have my garden done before the summer, if that is possible at all. " * 10
    assert values(text).needles().found_in(text[:70].encode())


def test_number_of_somebody_else_is_not_found() -> None:
    """One digit apart is another person."""
    assert not values(NUMBER).needles().found_in(b"+3197010987655 0970-10987655")


@pytest.mark.parametrize(
    "written",
    ["0612345678", "+31612345678", "0031612345678", "31612345678", "+31 (0)6 12 34 56 78", "06-12345678"],
)
def test_mobile_number_is_found_with_and_without_its_prefixes(written: str) -> None:
    """A length of one byte that looks like a digit may stand before and behind it."""
    assert values("+31612345678").needles().found_in(f"4{written}4".encode())


@pytest.mark.parametrize("moment", ["1774612345678000", "1761234567800000", "1700612345678123"])
def test_time_that_holds_a_number_is_not_that_number(moment: str) -> None:
    """Sixteen digits hold eight runs of nine; a ledger is full of them, and a find in it blocks an erasure for good."""
    assert not values("+31612345678", "0612345678").needles().found_in(f'{{"at":{moment}}}'.encode())


def test_account_of_digits_is_found_whole() -> None:
    """An account number is as personal as a telephone number."""
    assert values("9876543210").needles().found_in(b"account 9876543210.")
    assert not values("9876543210").needles().found_in(b"1798765432101234")


def test_values_are_bounded_and_the_ones_repeated_most_stay() -> None:
    """Identifiers stand on every record, what was said on one."""
    made = PersonValues()
    for place in range(VALUES_MAX + 50):
        made.add({"number": NUMBER, "said": f"something else, number {place}"})
    assert len(made) == VALUES_MAX
    assert made.needles().found_in(NUMBER.encode())


def test_no_value_shows_in_a_repr() -> None:
    """They are in memory only, for one search."""
    made = values(NUMBER, EMAIL, NAME)
    shown = repr(made) + repr(made.needles())
    assert all(text not in shown for text in (NUMBER, EMAIL, NAME, "97010987654"))
