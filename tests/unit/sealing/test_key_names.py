"""Which subject key seals a field: the person's for its class, or the fact's own."""

from uuid import UUID

import pytest

from ledger.contract.retention_classes import KEY_PER_FACT, RETENTION_CLASSES
from ledger.recording.repeats import fact_key
from ledger.sealing.key_names import fact_class, record_key_class, subject_key_class
from tests.unit.aggregates.facts import make_entry, make_rejected

ALICE, BORIS = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("name", sorted(RETENTION_CLASSES.keys() - KEY_PER_FACT))
def test_most_classes_have_one_key_per_person(name: str) -> None:
    """Whatever the fact: the name is the class."""
    assert name == subject_key_class(name, ALICE, "urn:example:banner", "evt-1")


def test_proof_of_consent_has_a_key_per_fact() -> None:
    """The class, and the key by which a repeat of the fact is known."""
    expected = f"consent_proof:{fact_key(ALICE, 'urn:example:banner', 'evt-1')}"
    assert expected == subject_key_class("consent_proof", ALICE, "urn:example:banner", "evt-1")
    assert expected == fact_class("consent_proof", fact_key(ALICE, "urn:example:banner", "evt-1"))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((BORIS, "urn:example:banner", "evt-1"), id="another person"),
        pytest.param((ALICE, "urn:example:other", "evt-1"), id="another publisher"),
        pytest.param((ALICE, "urn:example:banner", "evt-2"), id="another id"),
    ],
)
def test_proofs_of_two_facts_end_apart(other: tuple[UUID, str, str]) -> None:
    """No two facts share a key."""
    one = subject_key_class("consent_proof", ALICE, "urn:example:banner", "evt-1")
    assert one != subject_key_class("consent_proof", *other)


def test_record_names_the_key_it_was_sealed_under() -> None:
    """Whoever opens an entry finds the name from the entry alone."""
    entry = make_entry()
    expected = subject_key_class("consent_proof", entry.stream, entry.event_source, entry.event_id)
    assert expected == record_key_class(entry, "consent_proof")


def test_rejected_input_states_no_fact() -> None:
    """It has no source and id to make a name from."""
    assert record_key_class(make_rejected(), "rejected_input") == "rejected_input"
