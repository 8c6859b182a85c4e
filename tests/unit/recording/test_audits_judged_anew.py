"""A fact of a breach or an audit judges the controller's other audits anew: the order of arrival decides nothing."""

from itertools import permutations

import msgspec
import pytest

from ledger.entry import Entry
from ledger.policies import load_pack
from ledger.recording.case_judgements import judge_governance_fact
from ledger.recording.differences import Outcome
from ledger.recording.governance_facts import GovernanceFacts
from ledger.recording.judge import Judge
from ledger.rules.findings import FindingState
from ledger.rules.judged import DeadlineState
from tests.unit.aggregates.case_facts import CONTROLLER
from tests.unit.aggregates.facts import make_entry
from tests.unit.aggregates.stated_cases import HOUR, announced, audit_fact, discovered, moment

DAY = 24 * HOUR
ASKED = moment("2026-06-01T10:00:00+02:00")
FIRST = announced(ASKED, ASKED + 60 * DAY, audit_id="first")
SECOND = announced(ASKED + DAY, ASKED + 90 * DAY, audit_id="second")
FIRST_REFUSED = audit_fact("refused", ASKED + 2 * DAY, "first", ground="disproportionate")
EXTRA = announced(
    ASKED, ASKED + 60 * DAY, audit_id="extra", kind="extra", ground="breach", ground_reference="b-1"
)
BREACH = discovered(ASKED - DAY)


def adoption() -> Entry:
    """The agreement with the rules on audits, adopted before everything."""
    loaded = load_pack("callvoip-dpa")
    fields = {
        "pack": loaded.pack.id,
        "pack_version": loaded.pack.version,
        "content": loaded.content,
        "content_sha256": loaded.sha256,
    }
    return make_entry(
        event_type="policy.adopted",
        controller=CONTROLLER,
        stream_kind="governance",
        open_fields=msgspec.json.encode(fields).decode(),
    )


def outcomes(*facts: Entry) -> list[Outcome]:
    """What each fact decides, recorded in this order after the adoption."""
    governance = GovernanceFacts()
    judge = Judge(governance)
    found = []
    for offset, fact in enumerate([adoption(), *facts]):
        governance.add(offset, fact)
        found.append(judge_governance_fact(judge, fact, offset))
    return found[1:]


def open_findings(*facts: Entry) -> set[tuple[str, str]]:
    """Which findings are open in the end: the audit they are on, and the code."""
    audits = {
        offset: msgspec.json.decode(fact.open_fields).get("audit_id", "")
        for offset, fact in enumerate(facts, 1)
    }
    found: set[tuple[str, str]] = set()
    for outcome in outcomes(*facts):
        for judgement in outcome.judgements:
            key = (audits[judgement.offset], judgement.finding.code)
            if judgement.state is FindingState.OPEN:
                found.add(key)
            else:
                found.discard(key)
    return found


def deadline_states(*facts: Entry) -> dict[str, DeadlineState]:
    """Where the access of each audit stands in the end."""
    return {
        deadline.case_id: deadline.state
        for outcome in outcomes(*facts)
        for deadline in outcome.deadlines
        if deadline.case_kind == "audit"
    }


@pytest.mark.parametrize("facts", list(permutations([FIRST, SECOND])))
def test_second_regular_audit_is_too_often_in_any_order(facts: tuple[Entry, ...]) -> None:
    """Also when the first becomes known last: it is the second that is one too many."""
    assert open_findings(*facts) == {("second", "audit_too_often")}
    assert deadline_states(*facts) == {"first": DeadlineState.OPEN, "second": DeadlineState.VOID}


@pytest.mark.parametrize("facts", list(permutations([FIRST, SECOND, FIRST_REFUSED])))
def test_refusal_of_the_first_leaves_the_year_to_the_second(facts: tuple[Entry, ...]) -> None:
    """What was found on the second is resolved, and access to it is owed again."""
    assert open_findings(*facts) == set()
    assert deadline_states(*facts) == {"first": DeadlineState.VOID, "second": DeadlineState.OPEN}


@pytest.mark.parametrize("facts", list(permutations([BREACH, EXTRA])))
def test_breach_that_becomes_known_late_justifies_an_extra_audit(facts: tuple[Entry, ...]) -> None:
    """It happened before the announcement, whenever it was recorded."""
    assert open_findings(*facts) == set()
    assert deadline_states(*facts) == {"extra": DeadlineState.OPEN}
