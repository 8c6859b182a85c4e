"""The kinds of promises there are, and that the rules know nothing else."""

import re

import pytest

from ledger.rules.calendar.hours import Hours
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.packs.rule_kinds import LAW_CODES, RULE_KINDS, RuleKind, Shape, deadlines_of
from tests.unit.rules.codes_in_use import codes, texts

REPEATED_IDS = "event_id_reused"
"""Of facts themselves, not of what they say (`ledger.recording.repeats`)."""

KINDS = list(RULE_KINDS.values())


def names(kind: RuleKind) -> frozenset[str]:
    """Everything a kind counts."""
    return kind.breaks | kind.shows | kind.deadlines


def test_every_code_is_of_a_kind_or_of_the_law() -> None:
    """A finding that no promise and no reason knows would break nothing and explain nothing."""
    of_kinds = frozenset[str]().union(*(kind.breaks for kind in KINDS))
    assert set() == codes() - of_kinds - LAW_CODES.keys() - {REPEATED_IDS}
    assert frozenset() == of_kinds & LAW_CODES.keys()


def test_every_name_is_used_by_a_rule() -> None:
    """A code, mark or deadline that no rule ever gives would make a promise look judged."""
    used = texts()
    # the deadlines of a breach are named after who is told
    used |= {f"notify_{recipient}" for recipient in ("controller", "authority", "people")}
    assert set() == {name for kind in KINDS for name in names(kind)} - used
    assert set() == LAW_CODES.keys() - used


@pytest.mark.parametrize("kind", KINDS, ids=list(RULE_KINDS))
def test_kind_is_whole(kind: RuleKind) -> None:
    """A kind is a name, a sentence and parameters that differ; choices are there where they are needed."""
    assert re.fullmatch(r"[a-z_]+", kind.name)
    assert re.fullmatch(r"[A-Z].*\.", kind.says)
    assert len({one.name for one in kind.parameters}) == len(kind.parameters)
    assert kind.any_of <= {one.name for one in kind.parameters if not one.required}
    for one in kind.parameters:
        assert bool(one.choices) == (one.shape in {Shape.CHOICE, Shape.CHOICES})
        assert one.name not in {"id", "kind", "promise", "article", "text", "states"}


@pytest.mark.parametrize("kind", KINDS, ids=list(RULE_KINDS))
def test_kind_that_judges_shows_too(kind: RuleKind) -> None:
    """What can be broken can be shown to be kept: else a promise could never be more than not broken."""
    if kind.breaks:
        assert kind.shows
    if kind.setting or kind.name in {"duty", "text_only"}:
        assert not names(kind)


def entry(kind: str, **parameters: object) -> PackEntry:
    """An entry of a kind."""
    return PackEntry(
        id="E-1", promise="E-1", kind=kind, article="art. 1", text="A promise.", parameters=parameters
    )


def test_deadline_of_a_breach_is_its_own_recipient_s() -> None:
    """A processor that told its controller in time is not late because the authority was told late."""
    told = entry("breach_notice", within=Hours(48), recipient="controller", strict=False)
    assert deadlines_of(told) == {"notify_controller"}
    assert deadlines_of(entry("request_answer")) == {"answer"}
    assert deadlines_of(entry("role", role="processor")) == frozenset()
