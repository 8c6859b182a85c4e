"""A publisher's repeat is known by its source and id within its stream; other content under them is found."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.recording.repeats import EVENT_ID_REUSED, fact_key, judge_repeat
from tests.unit.aggregates.facts import make_entry

FIRST, OTHER = b"1" * 32, b"2" * 32
TEXTS = st.text("ab", max_size=3)
KEYED = st.tuples(st.sampled_from((UUID(int=1), UUID(int=2))), TEXTS, TEXTS)


def test_fact_key_is_for_ever() -> None:
    """Keys stand in databases; SHA-256 over the parts and their lengths, worked out by hand."""
    assert UUID("dc4c8d3e-a29b-f796-0dd8-c2501d373043") == fact_key(UUID(int=1), "urn:test:pbx", "call-1")


@settings(deadline=None)
@given(KEYED, KEYED)
def test_facts_share_a_key_only_when_stream_source_and_id_are_the_same(
    one: tuple[UUID, str, str], other: tuple[UUID, str, str]
) -> None:
    """No source and id run together into those of another fact."""
    assert (one == other) == (fact_key(*one) == fact_key(*other))


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(FIRST, FIRST, id="the same content"),
        pytest.param(None, FIRST, id="the first's keys were gone"),
        pytest.param(FIRST, None, id="the repeat's keys are gone"),
        pytest.param(None, None, id="nothing can be compared"),
    ],
)
def test_repeat_without_finding(first: bytes | None, again: bytes | None) -> None:
    """A repeat of the same content is no fault, and nobody is accused without proof."""
    assert judge_repeat(make_entry(content_mac=again), first) is None


def test_other_content_under_the_same_id_found() -> None:
    """The finding names the event type and nothing of the content."""
    finding = judge_repeat(make_entry(content_mac=OTHER), FIRST)
    assert finding is not None
    assert finding.code == EVENT_ID_REUSED
    assert finding.found == "another call.completed with the same source and id and other content"
