"""Judgements that depend on governance: each entry by the rules of its own `rules_at`, cases fact by fact."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from ledger.projections import deadlines, promises
from ledger.projections.projection import Table
from ledger.rules.calendar.periods import Period, first_moment_after, last_day
from tests.unit.aggregates.stated_cases import TOLD_EVERYTHING
from tests.unit.recording.governed_logs import CONTROLLERS, GovernedLog
from tests.unit.recording.logs import LogBuilder, split
from tests.unit.recording.memory_store import MemoryStore, recorded

ALICE, BOB, NOBODY = UUID(int=1), UUID(int=3), UUID(int=11)
CONTROLLER = CONTROLLERS[0]
HOUR = 3_600_000_000


class Told:
    """A log of one controller, told fact by fact."""

    def __init__(self) -> None:
        self.builder = LogBuilder()

    def adopted(self, *entries: dict[str, Any], at: int = 0) -> None:
        """A pack of these entries is adopted."""
        log = GovernedLog()
        log.builder = self.builder
        log.adopt_entries(entries, CONTROLLER, occurred_at=at)

    def governance(self, event_type: str, at: int, **fields: Any) -> None:
        """A governance fact, in the stream of its case."""
        stream = self.builder.governance_stream(event_type, CONTROLLER, fields)
        self._fact(stream, event_type, at, fields)

    def person(
        self, event_type: str, at: int, rules_at: int | None = None, *, stream: UUID = ALICE, **changes: Any
    ) -> None:
        """A fact of a person, by the newest rules unless said otherwise."""
        fields = changes.pop("fields", {})
        known = self.builder.next_offset(0)
        self._fact(
            stream, event_type, at, fields, rules_at=known if rules_at is None else rules_at, **changes
        )

    def _fact(self, stream: UUID, event_type: str, at: int, fields: dict[str, Any], **changes: Any) -> None:
        self.builder.fact(
            stream,
            event_id=f"event-{len(self.builder.records)}",
            event_type=event_type,
            occurred_at=at,
            controller=CONTROLLER,
            open_fields=json.dumps(fields),
            **changes,
        )

    def stores(self) -> Iterator[MemoryStore]:
        """Recorded in one batch, one by one, and in threes: a judgement must not depend on it."""
        count = len(self.builder.records)
        for cuts in (set[int](), set(range(count)), set(range(0, count, 3))):
            yield recorded(split(self.builder.records, cuts))

    def judgements(self) -> Sequence[tuple[Any, ...]]:
        """Partition, offset, code, rule, judged by, state of each."""
        results = [
            [
                (row.partition, row.offset, row.code, row.rule, row.judged_by, row.state)
                for row in store.judgements(unknown_controllers=True)
            ]
            for store in self.stores()
        ]
        assert results[0] == results[1] == results[2]
        return results[0]

    def rows(self, table: Table, *columns: str) -> list[tuple[object, ...]]:
        """Some columns of a table's rows."""
        places = [table.column_names.index(column) for column in columns]
        results = [
            [tuple(row[place] for place in places) for row in store.rows.get(table.name, [])]
            for store in self.stores()
        ]
        assert results[0] == results[1] == results[2]
        return results[0]


PURPOSES = {"id": "A", "kind": "purposes", "purposes": ["telephony"]}
OUTSIDE = ("purpose_outside_promise", "pack:A")


def test_entry_is_judged_by_the_rules_of_its_own_offset() -> None:
    """A sealer that was behind sealed under the earlier rules, whatever is recorded by now."""
    told = Told()
    told.adopted(PURPOSES)
    told.adopted({**PURPOSES, "purposes": ["telephony", "profiling"]}, at=1)
    told.person("call.completed", 5, rules_at=1, purpose="profiling")
    told.person("call.completed", 5, rules_at=2, purpose="profiling")
    assert told.judgements() == [(1, 0, *OUTSIDE, 0, "open")]


def test_business_time_decides_within_what_is_known() -> None:
    """The second pack is known, and had not been adopted when the call was made."""
    told = Told()
    told.adopted(PURPOSES)
    told.adopted({**PURPOSES, "purposes": ["profiling"]}, at=5)
    told.person("call.completed", 4, purpose="profiling")
    told.person("call.completed", 5, purpose="profiling")
    assert told.judgements() == [(1, 0, *OUTSIDE, 0, "open")]


def test_unknown_controller_is_found_on_the_first_entry_of_each_stream() -> None:
    """And nothing else that depends on governance; until something binds it."""
    told = Told()
    told.person("call.completed", 5, processors=["Nobody"], storage_country="US")
    told.person("call.completed", 5, processors=["Nobody"])
    told.person("call.completed", 5, stream=BOB)
    told.person("call.completed", 5, stream=NOBODY)
    told.adopted(PURPOSES)
    told.person("call.completed", 5, rules_at=0)
    told.person("call.completed", 5, purpose="profiling")
    unknown = ("controller_unknown", "")
    assert sorted(told.judgements()) == [
        (1, 0, *unknown, 0, "open"),
        (1, 3, *OUTSIDE, 3, "open"),
        (2, 0, *unknown, 0, "open"),
        (2, 1, *unknown, 1, "open"),
    ]


def test_class_without_an_end_is_found_on_the_first_entry_only() -> None:
    """GDPR Art. 13(2)(a)."""
    told = Told()
    told.adopted({"id": "A", "kind": "retention", "class": "recording", "period": "P1Y"})
    for _ in range(2):
        told.person("call.recorded", 5, sealed_classes=["recording", "voicemail"])
    assert told.judgements() == [(1, 0, "retention_undefined", "", 0, "open")]
    evidence = told.rows(promises.TABLE, "mark", "rule", "detail")
    assert ("retention_due", "pack:A", "recording") in evidence


def test_several_promises_broken_the_same_way_are_several_findings() -> None:
    """A finding is known by its entry, code and promise."""
    told = Told()
    told.adopted(PURPOSES, {**PURPOSES, "id": "B"})
    told.person("call.completed", 5, purpose="profiling")
    assert [each[2:4] for each in told.judgements()] == [OUTSIDE, ("purpose_outside_promise", "pack:B")]


NOTICE = {"id": "N", "kind": "breach_notice", "within": "PT72H", "recipient": "controller"}


def breach(phase: str) -> dict[str, Any]:
    """What a fact of a breach states."""
    said: dict[str, dict[str, Any]] = {
        "discovered": {"breach_began_at": None, "kind": "confidentiality", "discovered_by": "x"},
        "notified": {
            **TOLD_EVERYTHING,
            "recipient": "controller",
            "delay_reasons": None,
            "more_follows": False,
        },
    }
    return {"breach_id": "b", **said[phase]}


def deadline_rows(told: Told) -> list[tuple[object, ...]]:
    """Offset of the cause, name, and state of each change of a deadline."""
    return told.rows(deadlines.TABLE, "ledger_offset", "name", "state")


def test_deadline_starts_with_its_case_and_is_met() -> None:
    """CD-19: each change is a row, caused by the fact that brought it about."""
    told = Told()
    told.adopted(NOTICE)
    told.governance("breach.discovered", 0, **breach("discovered"))
    told.governance("breach.notified", HOUR, **breach("notified"))
    to_controller = [each for each in deadline_rows(told) if each[1] == "notify_controller"]
    assert to_controller == [(1, "notify_controller", "open"), (2, "notify_controller", "met")]
    assert all(code != "breach_notified_late" for _, _, code, *_ in told.judgements())


def test_deadline_that_passed_is_missed_until_a_fact_in_time_is_heard_of() -> None:
    """A late fact about something in time resolves what was found, and the deadline was met after all."""
    told = Told()
    told.adopted(NOTICE)
    told.governance("breach.discovered", 0, **breach("discovered"))
    (passed,) = [
        row for row in told.rows(deadlines.TABLE, "name", "rule", "ends_at") if row[0] == "notify_controller"
    ]
    ends_at = passed[2]
    assert isinstance(ends_at, int)
    told.governance(
        "deadline.passed",
        ends_at,
        case_kind="breach",
        case_id="b",
        deadline="notify_controller",
        rule="pack:N",
        ends_at=ends_at,
        calendar=None,
    )
    told.governance("breach.notified", HOUR, **breach("notified"))
    assert [each for each in deadline_rows(told) if each[1] == "notify_controller"] == [
        (1, "notify_controller", "open"),
        (2, "notify_controller", "missed"),
        (3, "notify_controller", "met"),
    ]
    late = [each for each in told.judgements() if each[2] == "breach_notified_late"]
    assert late == [
        (0, 2, "breach_notified_late", "pack:N", 2, "open"),
        (0, 2, "breach_notified_late", "pack:N", 3, "resolved"),
    ]


def audit(number: int, at: int) -> dict[str, Any]:
    """An extra audit because of a breach, announced at a moment."""
    return {
        "audit_id": f"a-{number}",
        "kind": "extra",
        "ground": "breach",
        "ground_reference": "b",
        "scope": "x",
        "auditor": "x",
        "qualifications": "x",
        "independent": True,
        "bound_to_secrecy": True,
        "in_writing": True,
        "begins_at": at,
        "ends_at": at + HOUR,
    }


def test_late_breach_justifies_an_audit() -> None:
    """CD-25: the ground was there, and reached the ledger after the audit was announced."""
    told = Told()
    told.adopted({"id": "F", "kind": "audit_frequency"})
    told.governance("audit.announced", 10 * HOUR, **audit(1, 20 * HOUR))
    told.governance("breach.discovered", HOUR, **breach("discovered"))
    told.governance("audit.begun", 20 * HOUR, audit_id="a-1")
    unfounded = [each for each in told.judgements() if each[2] == "audit_ground_unfounded"]
    assert unfounded == [
        (0, 1, "audit_ground_unfounded", "pack:F", 1, "open"),
        (0, 1, "audit_ground_unfounded", "pack:F", 2, "resolved"),
    ]
    for store in told.stores():
        rows = [row for row in store.judgements() if row.code == "audit_ground_unfounded"]
        assert {row.stream for row in rows} == {told.builder.records[1].record.stream}, "the audit's own"


def test_minors_data_is_judged_by_the_promises_when_it_was_found() -> None:
    """MB-45: a pack adopted afterwards promises nothing of what was found before."""
    told = Told()
    told.adopted({"id": "M", "kind": "minors", "within": "P0D"})
    found = {"how": "told_by_parent", "parental_consent": False}
    told.person("call.completed", 8)
    told.person("minor.found", 5, fields=found)
    told.adopted({"id": "X", "kind": "minors", "within": "P0D"}, at=6)
    told.person("call.completed", 5)
    told.person("call.completed", 9)
    told.person("minor.found", 4, fields={**found, "parental_consent": True})
    told.person("minor.found", 7, fields={**found, "parental_consent": True})
    kept = ("minor_data_kept", "pack:M")
    assert [each for each in told.judgements() if each[2:4] == kept] == [
        (1, 0, *kept, 1, "open"),
        (1, 3, *kept, 3, "open"),
        (1, 0, *kept, 5, "resolved"),
        (1, 3, *kept, 5, "resolved"),
    ]


RECEIVED: dict[str, Any] = {
    "request_id": "r",
    "right": "access",
    "channel": "email",
    "requester": "end_user",
    "received_by": "controller",
    "purposes": [],
    "bulk_id": None,
}
ANSWERED = {
    "request_id": "r",
    "outcome": "fulfilled",
    "kept": [],
    "confirmation_sent": True,
    "charged_to": "nobody",
    "charge_ground": None,
    "recipients_informed": [],
}


def test_request_is_owed_an_answer_also_when_nobody_was_identified() -> None:
    """GDPR Art. 12(3): in the person's stream, or in that of facts about nobody."""
    columns = ("ledger_partition", "ledger_offset", "name", "state")
    for stream, partition in ((ALICE, 1), (NOBODY, 2)):
        told = Told()
        told.adopted(PURPOSES)
        told.person("request.received", 5, fields=RECEIVED, stream=stream)
        told.person("request.answered", 9, fields=ANSWERED, stream=stream)
        assert told.rows(deadlines.TABLE, *columns)[:2] == [
            (partition, 0, "answer", "open"),
            (partition, 1, "answer", "met"),
        ]


def test_measures_and_ends_of_periods_are_shown() -> None:
    """CD-06, CF-07: what the customer set itself ended under the promise that it may."""
    told = Told()
    told.adopted(
        {"id": "R", "kind": "retention", "class": "recording", "period": "P1Y", "customer_set": True}
    )
    told.governance("measures.described", 5, measures=[], description="x", requested_by_controller=True)
    ended = {"retention_class": "recording", "epoch_day": 0, "ended_at": 0, "held_by": None}
    told.governance("retention.ended", 5, rule="pack:R", **ended)
    told.governance("retention.ended", 6, rule="customer", **{**ended, "held_by": "hold-1"})
    assert told.rows(promises.TABLE, "ledger_offset", "mark", "rule") == [
        (1, "measures_described", ""),
        (2, "retention_ended", "pack:R"),
    ]


def test_late_end_of_a_period_breaks_the_promise_it_belongs_to() -> None:
    """A period the customer set is owed under the promise that it may set it."""
    told = Told()
    told.adopted(
        {"id": "R", "kind": "retention", "class": "recording", "period": "P1Y", "customer_set": True}
    )
    ended = {"retention_class": "recording", "epoch_day": 0, "ended_at": -49 * HOUR, "held_by": None}
    for rule in ("customer", "pack:R", "ledger:agreement-end"):
        told.governance("retention.ended", 5, rule=rule, **ended)
    assert [each[:4] for each in told.judgements()] == [
        (0, 1, "retention_overrun", "pack:R"),
        (0, 2, "retention_overrun", "pack:R"),
        (0, 3, "retention_overrun", ""),
    ]


KEPT_FOR = {"id": "R", "kind": "retention", "class": "recording", "period": "P7D"}


def test_end_keeps_every_promise_about_the_same_data() -> None:
    """MB-29, MB-30: the looser ceiling is kept as well; one that had passed two days before is not."""
    told = Told()
    told.adopted(KEPT_FOR, {**KEPT_FOR, "id": "L", "period": "P1Y"}, {**KEPT_FOR, "id": "F", "class": "fax"})
    week = first_moment_after(7)
    ended = {"retention_class": "recording", "epoch_day": 0, "ended_at": week, "held_by": None}
    told.governance("retention.ended", week, rule="pack:R", **ended)
    late = {**ended, "ended_at": -49 * HOUR}
    told.governance("retention.ended", week, rule="pack:R", **late)
    assert told.rows(promises.TABLE, "ledger_offset", "mark", "rule") == [
        (1, "retention_ended", "pack:R"),
        (1, "retention_ended", "pack:L"),
    ]
    assert [each[:4] for each in told.judgements()] == [(0, 2, "retention_overrun", "pack:R")]


LEAVING = {
    "id": "E",
    "kind": "retention",
    "class": "*",
    "period": "P0D",
    "starts": "agreement_end",
    "on_choice": True,
}


@pytest.mark.parametrize(
    ("choice", "at", "export", "kept"),
    [
        ("return", 50, {}, True),
        ("return_and_delete", 50, {}, True),
        ("return", 49, {}, False),
        ("delete", 50, {}, False),
        ("silent", 50, {}, False),
        ("return", 50, {"reason": "customer_export"}, False),
        ("return", 50, {"subject_pseudonym": str(ALICE)}, False),
    ],
)
def test_cd_31_return_shows_that_the_choice_was_followed(
    choice: str, at: int, export: dict[str, Any], kept: bool
) -> None:
    """All of the controller's data, for that reason, when the agreement had ended."""
    told = Told()
    told.adopted(LEAVING)
    told.governance("agreement.terminated", 5, agreement_id="a", ends_at=50, choice=choice)
    told.governance("export.made", at, **{"reason": "end_of_agreement", **export})
    shown = told.rows(promises.TABLE, "ledger_offset", "mark", "rule")
    assert ((2, "retention_ended", "pack:E") in shown) is kept


def test_end_of_an_agreement_shows_what_is_owed_once() -> None:
    """CB-31: of data nobody judged since; a later fact of the agreement does not show it again."""
    told = Told()
    told.adopted({**LEAVING, "period": "P30D", "on_choice": False}, LEAVING | {"id": "C"})
    told.governance("agreement.terminated", 5, agreement_id="a", ends_at=50, choice="silent")
    told.governance("instruction.received", 6, agreement_id="a", instruction="i", form="written")
    due = [row for row in told.rows(promises.TABLE, *DUE) if row[1] == "retention_due"]
    assert due == [(1, "retention_due", "pack:E", "agreement", first_moment_after(30))]


DUE = ("ledger_offset", "mark", "rule", "detail", "due_at")
PROOF = {"id": "P", "kind": "retention", "class": "consent_proof", "period": "P5Y", "starts": "consent_end"}
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([("given", 0, None)], [], id="relied on"),
        pytest.param([("given", 0, None), ("withdrawn", 10, None)], [(1, 10)], id="withdrawn"),
        pytest.param([("refused", 10, None)], [(0, 10)], id="refused"),
        pytest.param([("given", 0, 20 * DAY)], [(0, 20)], id="with an expiry"),
        pytest.param([("given", 0, None), ("given", 10, None)], [(1, 10)], id="given anew"),
        pytest.param(
            [("withdrawn", 10, None), ("given", 0, None)], [(0, 10)], id="the withdrawal came first"
        ),
    ],
)
def test_mb_34_proof_is_owed_once_its_clock_has_started(
    changes: list[tuple[str, int, int | None]], expected: list[tuple[int, int]]
) -> None:
    """Five years after the consent stopped being relied on, shown by the fact it stopped with."""
    told = Told()
    told.adopted(PROOF)
    for state, day, expires_at in changes:
        told.person(f"consent.{state}", day * DAY, fields={"expires_at": expires_at})
    due = [row for row in told.rows(promises.TABLE, *DUE) if row[1] == "retention_due"]
    assert due == [
        (
            offset,
            "retention_due",
            "pack:P",
            "consent_proof",
            first_moment_after(last_day(day, Period(years=5))),
        )
        for offset, day in expected
    ]
