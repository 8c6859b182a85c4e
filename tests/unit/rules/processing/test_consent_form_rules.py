"""How a consent was given, whether that can be shown, and which notice a fact names."""

from typing import Any

import pytest

from tests.unit.aggregates.case_facts import DAY
from tests.unit.aggregates.stated_cases import published
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, codes, governed, held, marks, processed

PROOF: dict[str, Any] = {"notice_version": "1"}


def given(**fields: Any) -> Any:
    """A consent with its proof, but for the changes."""
    return processed("consent.given", fields=fields, **PROOF)


@pytest.mark.parametrize(
    ("requires", "fields", "kept"),
    [
        ("explicit", {"explicit": True}, True),
        ("explicit", {"explicit": False}, False),
        ("unambiguous", {"explicit": False, "method": "banner"}, True),
        ("unambiguous", {"explicit": False, "method": "spoken"}, True),
        ("unambiguous", {"method": "browser_signal"}, False),
        ("prior", {"prior": True}, True),
        ("prior", {"prior": False}, False),
    ],
)
def test_consent_as_the_text_asks(requires: str, fields: dict[str, Any], kept: bool) -> None:
    """CB-19 explicit, CB-20 unambiguous, CB-21 prior."""
    state = governed(promise("CB-19", "consent", category="marketing", requires=requires))
    found = held(given(**fields), state)
    assert codes(found) == ([] if kept else [("consent_not_as_promised", "pack:CB-19")])
    assert (("consent_as_promised", "pack:CB-19") in marks(found)) is kept


def test_consent_of_another_category() -> None:
    """A promise about one category says nothing of others."""
    state = governed(promise("CB-19", "consent", category="analytical", requires="explicit"))
    found = held(given(explicit=False, prior=False), state)
    assert (codes(found), marks(found)) == ([], [("consent_proved", "")])


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, None),
        ({"notice_version": None}, "the version of the notice"),
        ({"notice_version": ""}, "the version of the notice"),
        ({"fields": {"notice_hash": None}}, "the hash of what was shown"),
        ({"fields": {"language": None}}, "its language"),
        ({"fields": {"language": None, "notice_hash": ""}}, "the hash of what was shown and its language"),
    ],
)
def test_proof_of_consent(changes: dict[str, Any], missing: str | None) -> None:
    """GDPR Art. 7(1), X10: version, hash and language, on the server and not in a browser."""
    found = held(processed("consent.given", **{**PROOF, **changes}), governed())
    assert [finding.found for finding in found.findings] == (
        [] if missing is None else [f"a consent on record without {missing}"]
    )
    assert marks(found) == ([("consent_proved", "")] if missing is None else [])


def test_withdrawal_is_recorded() -> None:
    """MB-39: to show that it was acted on."""
    assert marks(held(processed("consent.withdrawn"), governed())) == [("withdrawal_recorded", "")]


def notice(version: str | None, at: int = NOW, event_type: str = "call.completed") -> list[tuple[str, str]]:
    """What a fact that names a version comes to; one is replaced by two on the fifth day."""
    state = governed(facts=[published(DAY, "1"), published(2 * DAY, "2", effective_at=5 * DAY)])
    found = held(processed(event_type, at=at, notice_version=version), state)
    return [each for each in codes(found) + marks(found) if each[0].startswith("notice")]


PINNED, NOT_IN_FORCE = [("notice_pinned", "")], [("notice_not_in_force", "")]


@pytest.mark.parametrize(
    ("version", "at", "expected"),
    [
        ("2", NOW, PINNED),
        ("1", NOW, NOT_IN_FORCE),
        ("1", 5 * DAY - 1, PINNED),
        ("2", 5 * DAY - 1, NOT_IN_FORCE),
        ("2", 5 * DAY, PINNED),
        ("1", DAY - 1, NOT_IN_FORCE),
        ("1", DAY, PINNED),
        (None, NOW, []),
    ],
)
def test_version_in_force(version: str | None, at: int, expected: list[tuple[str, str]]) -> None:
    """CB-41, X17: the version that was in force, to the moment it changes."""
    assert notice(version, at) == expected


def test_consent_names_a_version() -> None:
    """Other facts may leave it out; what somebody agreed to has a version."""
    assert notice(None, event_type="consent.given") == NOT_IN_FORCE
    assert notice("2", event_type="consent.given") == PINNED


def test_nothing_is_asked_while_no_notice_is_known() -> None:
    """A controller that publishes none elsewhere is found by other rules."""
    assert held(processed(notice_version="7"), governed()) == ((), ())
