"""Projections and questions of rights, contracts and promises, on a real store, from facts published as services do.

The whole log is verified at the end: everything asked here is the same after a replay.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from ledger.policies import load_pack
from ledger.postgres.connection import Connection
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import first_moment_after
from ledger.rules.register.records import RegisterRole, controllers_of, make_register
from ledger.rules.register.register_gaps import missing_from
from ledger.rules.verdicts import Evidence, Source, Verdict
from ledger.store.digest import digested_tables, digests
from ledger.store.findings import judged_findings
from ledger.store.forgetting import ForgettingQueries
from ledger.store.promises import Asked, PromiseQueries
from ledger.store.register import register_facts
from tests.integration.pipeline.looking import check_exactly_once
from tests.ledger_home import MINUTE, NOON, LedgerHome, call, inbox_record, publish, settle

DENTIST, GARAGE = "dentist-example", "garage-example"
ALICE, BORIS = "+3197010000001", "+3197010000002"
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SPEECH = "speech-example"
PACK = load_pack("callvoip-dpa")
NEVER = (1 << 63) - 1


def adopted(name: str, occurred_at: int, **fields: Any) -> Any:
    """An adoption of the agreement's pack."""
    stating = {
        "pack": PACK.pack.id,
        "pack_version": PACK.pack.version,
        "content": PACK.content,
        "content_sha256": PACK.sha256,
        **fields,
    }
    return inbox_record("policy.adopted", name, occurred_at=occurred_at, **stating)


def tell(parts: Runtime) -> None:
    """One of every kind of fact, for two controllers."""
    publish(
        parts,
        *(
            record._replace(key=b"one partition")
            for record in (
                adopted("adopted", NOON),
                adopted("adopted again", NOON + DAY),
                adopted("unreadable", NOON + DAY, content="{}"),
                adopted("dated later", NOON + 400 * DAY, controller=GARAGE),
                inbox_record("agreement.concluded", "a", agreement_id="a1", agreement_kind="terms"),
                inbox_record(
                    "subprocessor.announced", "s", subprocessor=SPEECH, countries=["US"], mechanism="scc"
                ),
                inbox_record(
                    "transfer.mechanism_set",
                    "m",
                    subprocessor=SPEECH.upper(),
                    countries=["US"],
                    mechanism="adequacy",
                    valid_from=NOON + DAY,
                    safeguards="decision 2023/1795",
                    occurred_at=NOON + DAY,
                ),
                inbox_record("breach.discovered", "b", breach_id="b1", discovered_by=SPEECH),
                inbox_record("audit.announced", "u", audit_id="u1"),
                inbox_record("disclosure.demanded", "d", disclosure_id="d1", authority="police-example"),
                inbox_record("notice.published", "n", notice_id="website", notice_version="2026-01"),
                inbox_record(
                    "party.registered",
                    "p1",
                    party="dpo",
                    name="Old office",
                    contact="old@example.com",
                    country="NL",
                ),
                inbox_record(
                    "party.registered",
                    "p2",
                    party="dpo",
                    name="Office",
                    contact="dpo@example.com",
                    country="NL",
                    occurred_at=NOON + DAY,
                ),
                inbox_record(
                    "measures.described", "t", measures=["encrypted_connections"], description="All."
                ),
            )
        ),
    )
    settle(parts)
    publish(
        parts,
        *(
            call(f"call {n}", ALICE, BORIS, processors=[SPEECH], data_categories=["phone_number"])
            for n in range(3)
        ),
        call("garage's", ALICE, BORIS, controller=GARAGE, role="controller", storage_country="US"),
        inbox_record(
            "call.transcribed",
            "speech",
            caller_number=ALICE,
            called_number=BORIS,
            engine_processor=SPEECH,
            processing_country="US",
        ),
        inbox_record("request.received", "q", request_id="q1", subject_phone=ALICE),
        # Processing on the basis of a consent that was withdrawn.
        inbox_record("consent.withdrawn", "no", subject_phone=BORIS, purpose="news"),
        call("news", BORIS, ALICE, purpose="news", lawful_basis="consent", occurred_at=NOON + HOUR),
    )
    settle(parts)


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """The module's ledger with all of it."""
    with home.parts() as parts:
        tell(parts)
        check_exactly_once(parts)
    return home


@contextmanager
def asked_of(home: LedgerHome) -> Iterator[Connection]:
    """A connection whose changes are taken back."""
    with (
        home.parts() as parts,
        parts.store_connection(parts.settings.store_schema) as connection,
        connection.transaction(force_rollback=True),
    ):
        yield connection


def only(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, by coordinates."""
    statement = f"SELECT * FROM {table} ORDER BY ledger_partition, ledger_offset"
    return connection.execute(statement.encode()).fetchall()


def test_every_fact_has_its_row(told: LedgerHome) -> None:
    """In each of the tables, and none is in a digest of nothing."""
    tables = [
        "agreements",
        "audits",
        "breaches",
        "disclosures",
        "notices",
        "rights_requests",
        "register_measures",
        "processing_register",
        "transfers",
        "transfer_mechanisms",
        "subprocessors",
        "register_parties",
    ]
    digested = {table.name for tables in digested_tables().values() for table in tables}
    with asked_of(told) as connection:
        counts = {name: len(only(connection, name)) for name in tables}
    assert counts.keys() <= digested
    assert [name for name, count in counts.items() if count == 0] == []
    assert counts["agreements"] == counts["breaches"] == counts["audits"] == counts["notices"] == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE processing_register SET value = 'voice' WHERE value = 'phone_number'",
        "DELETE FROM transfers",
        "UPDATE breaches SET more_follows = true",
        "UPDATE register_parties SET name = 'Another' WHERE name = 'Office'",
        "INSERT INTO deadlines SELECT 0, 1, 0, 'x', stream, 'breach', 'b', 'n', '', 'a', 1, 1, 2, NULL, NULL, 'open',"
        " '', 1, 1 FROM findings LIMIT 1",
        "INSERT INTO promise_evidence VALUES (1, 1, 0, 'x', 'm', '', '', 1, NULL, 1, 1)",
        "UPDATE findings SET rule = 'p:e'",
    ],
)
def test_change_of_a_row_changes_a_digest(told: LedgerHome, change: str) -> None:
    """Every table is covered, whatever its columns' types."""
    with asked_of(told) as connection:
        before = digests(connection)
        connection.execute(change.encode())
        assert before != digests(connection)


def test_first_entry_of_a_partition_is_kept(told: LedgerHome) -> None:
    """However many calls show the same."""
    with asked_of(told) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT (activity, aspect, value, ledger_partition)) FROM processing_register"
        ).fetchone()
        later = connection.execute(
            "SELECT count(*) FROM processing_register AS r WHERE aspect = 'recipient' AND EXISTS ("
            " SELECT FROM audit_trail AS t WHERE t.ledger_partition = r.ledger_partition"
            " AND t.ledger_offset < r.ledger_offset AND t.controller = r.controller AND t.purpose = r.purpose"
            " AND t.role = r.role AND t.lawful_basis = r.lawful_basis AND r.value = ANY (t.processors))"
        ).fetchone()
    assert rows is not None
    assert rows[0] == rows[1]
    assert later == (0,)


def test_bindings_are_the_latest_adoptions_with_the_first_moment(told: LedgerHome) -> None:
    """An adoption nobody can read binds nobody, nor does one dated later than now; as of a moment, what was known."""
    with asked_of(told) as connection:
        queries = PromiseQueries(connection)
        [bound] = queries.bindings(Asked(now=NOON + 2 * DAY))
        assert queries.bindings(Asked(now=NOON + 2 * DAY, as_of=0)) == []
        assert queries.bindings(Asked(now=NOON - 1)) == []
        assert queries.bindings(Asked(now=NOON + 2 * DAY, controller=GARAGE)) == []
        assert len(queries.bindings(Asked(now=NOON + 400 * DAY))) == 2
    assert (bound.controller, bound.pack, bound.since) == (DENTIST, PACK.pack, NOON)


def evidence(connection: Connection, **asked: Any) -> list[Evidence]:
    """What there is of the dentist's, but for what the rules of the pack make of these few facts."""
    found = PromiseQueries(connection).evidence(Asked(**{"now": NOON + 2 * DAY, **asked}))
    return [each for each in found.get(DENTIST, []) if each.rule in {"", "p:e"}]


def test_evidence_of_findings_is_of_the_period_asked_about(told: LedgerHome) -> None:
    """At its first moment, not at its last; by what was judged then."""
    with asked_of(told) as connection:
        at = NOON + HOUR

        def codes(**asked: Any) -> set[str]:
            found = evidence(connection, **asked)
            return {each.name for each in found if each.source is Source.FINDING}

        assert "processing_after_withdrawal" in codes()
        assert "processing_after_withdrawal" in codes(since=at, until=at + 1)
        assert "processing_after_withdrawal" not in codes(until=at)
        assert "processing_after_withdrawal" not in codes(since=at + 1)
        assert codes(as_of=0) == set()


def test_evidence_of_deadlines_is_their_last_state(told: LedgerHome) -> None:
    """Open is due, missed is broken; what was met is neither, and then it was still open."""
    insert = (
        "INSERT INTO deadlines SELECT 0, %s, 0, %s, %s, 'breach', 'b9', 'notify_controller', 'p:e', 'art. 7', 7, %s,"
        " %s, NULL, NULL, %s, '', %s, %s"
    )
    stream = "00000000-0000-4000-8000-000000000001"
    with asked_of(told) as connection:
        for number, state in enumerate(("open", "missed", "met")):
            seen = NOON + number * HOUR
            connection.execute(insert, (90 + number, DENTIST, stream, NOON, NOON + DAY, state, seen, seen))

        def verdicts(as_of: int, **asked: Any) -> list[tuple[Verdict, int, int | None]]:
            found = evidence(connection, as_of=as_of, **asked)
            return [
                (each.verdict, each.offset, each.until) for each in found if each.source is Source.DEADLINE
            ]

        assert verdicts(NOON) == [(Verdict.DUE, 7, NOON + DAY)]
        assert verdicts(NOON + HOUR) == [(Verdict.BROKEN, 7, NOON + DAY)]
        assert verdicts(NOON + 2 * HOUR) == []
        assert verdicts(NOON, since=NOON + 1) == []
        assert verdicts(NOON, until=NOON) == []


def test_evidence_of_marks_counts_by_month(told: LedgerHome) -> None:
    """A period within the month has the month's first entry; what was owed and has come is no longer owed."""
    month = 2026 * 12 + 2
    with asked_of(told) as connection:
        for item, due_at in enumerate((None, NOON + 10 * DAY)):
            connection.execute(
                "INSERT INTO promise_evidence VALUES (1, 999, %s, %s, 'encrypted', 'p:e', %s, %s, %s, %s, %s)",
                (item, DENTIST, str(item), month, due_at, NOON, NOON),
            )

        def verdicts(**asked: Any) -> list[Verdict]:
            return [each.verdict for each in evidence(connection, **asked) if each.name == "encrypted"]

        assert verdicts() == [Verdict.KEPT, Verdict.DUE]
        assert verdicts(now=NOON + 10 * DAY) == [Verdict.KEPT]
        assert verdicts(since=NOON + DAY, until=NOON + 2 * DAY) == [Verdict.KEPT, Verdict.DUE]
        assert verdicts(since=NOON + 10 * DAY) == []
        assert verdicts(until=NOON - 40 * DAY) == []
        assert verdicts(as_of=NOON - 1) == []


def test_evidence_of_retention_that_is_late_or_waits(told: LedgerHome) -> None:
    """48 hours after its end it is late, as `ledger retention` says."""
    insert = (
        "INSERT INTO retention_ends VALUES (0, 999, 'run', %s, 'recording', 1, NULL, NULL, 'event', 'P7D', %s, 'p:e',"
        " 'destroy', NULL, %s, %s)"
    )
    with asked_of(told) as connection:
        connection.execute(insert, (DENTIST, NOON, NOON, NOON))

        def verdicts(now: int) -> list[Verdict]:
            return [each.verdict for each in evidence(connection, now=now) if each.source is Source.RETENTION]

        assert verdicts(NOON + 2 * DAY) == [Verdict.DUE]
        assert verdicts(NOON + 2 * DAY + 1) == [Verdict.BROKEN]


RECORDING_DUE = (
    "INSERT INTO promise_evidence"
    " VALUES (1, 998, 0, %s, 'retention_due', 'p:e', 'recording', 24314, %s, %s, %s)"
)


def test_evidence_of_data_of_which_nothing_says_that_it_went(told: LedgerHome) -> None:
    """Two days after it was to go the promise is broken, unless its end is recorded, held ones included."""
    today = local_day(NOON)
    due = first_moment_after(today + 7)
    late = due + 2 * DAY + 1
    with asked_of(told) as connection:
        connection.execute(
            "INSERT INTO retention_settings VALUES (0, 997, %s, 'recording', 7, 0, 0)", (DENTIST,)
        )
        connection.execute(RECORDING_DUE, (DENTIST, due, NOON, NOON))

        def verdicts(now: int, **asked: Any) -> list[Verdict]:
            found = evidence(connection, now=now, **asked)
            return [each.verdict for each in found if each.name == "retention_due"]

        assert verdicts(due - 1) == verdicts(due) == verdicts(late - 1) == [Verdict.DUE]
        assert verdicts(late) == verdicts(late, as_of=NOON) == [Verdict.BROKEN]
        end = (
            "INSERT INTO retention_ends VALUES (0, %s, 'run', %s, %s, %s, NULL, NULL, 'event', 'P7D', %s, 'customer',"
            " 'destroy', %s, %s, %s)"
        )
        others = ((DENTIST, "fax", today), (DENTIST, "recording", today + 1), (GARAGE, "recording", today))
        for number, other in enumerate(others):
            connection.execute(end, (990 + number, *other, due, None, due, due))
        assert verdicts(late) == [Verdict.BROKEN]
        connection.execute(end, (998, DENTIST, "recording", today, due, "claim-1", due, due))
        assert verdicts(late) == []
        assert verdicts(due - 1) == [Verdict.DUE]
        assert verdicts(late, as_of=due - 1) == [Verdict.BROKEN]
        connection.execute(end, (999, DENTIST, "recording", today, due, None, late, late))
        assert verdicts(late) == verdicts(due - 1) == []


def test_evidence_of_data_follows_the_rules_as_they_are_known(told: LedgerHome) -> None:
    """An end that was put off is owed until then; what nobody gives an end any more is owed no longer."""
    due = first_moment_after(local_day(NOON) + 7)
    with asked_of(told) as connection:
        connection.execute(RECORDING_DUE, (DENTIST, due, NOON, NOON))

        def marks(now: int, **asked: Any) -> list[tuple[Verdict, int | None]]:
            found = evidence(connection, now=now, **asked)
            return [(each.verdict, each.until) for each in found if each.name == "retention_due"]

        assert marks(due + 3 * DAY) == []
        connection.execute(
            "INSERT INTO retention_settings VALUES (0, 997, %s, 'recording', 30, 0, %s)", (DENTIST, due)
        )
        later = first_moment_after(local_day(NOON) + 30)
        assert marks(due - 1) == [(Verdict.DUE, due)]
        assert marks(due + 3 * DAY) == [(Verdict.DUE, later)]
        assert marks(due + 3 * DAY, as_of=due - 1) == []
        assert marks(later + 2 * DAY + 1) == [(Verdict.BROKEN, later)]


def test_evidence_of_an_end_is_of_every_rule_about_the_data(told: LedgerHome) -> None:
    """What is late by a stricter rule is not yet by a looser one."""
    today = local_day(NOON)
    strict, loose = first_moment_after(today + 7), first_moment_after(today + 30)
    with asked_of(told) as connection:
        connection.execute(
            "INSERT INTO retention_settings VALUES (0, 997, %s, 'recording', 30, 0, 0)", (DENTIST,)
        )
        connection.execute(
            "INSERT INTO retention_ends VALUES (0, 999, 'run', %s, 'recording', %s, NULL, NULL, 'event', 'P7D', %s,"
            " 'p:e', 'destroy', NULL, %s, %s)",
            (DENTIST, today, strict, strict, strict),
        )
        found = PromiseQueries(connection).evidence(Asked(now=strict + 2 * DAY + 1))[DENTIST]
        ends = {each.rule: (each.verdict, each.until) for each in found if each.source is Source.RETENTION}
    assert ends == {
        "p:e": (Verdict.BROKEN, strict + 2 * DAY),
        "customer": (Verdict.DUE, loose + 2 * DAY),
    }


def test_findings_asked_for_by_code_subject_and_time(told: LedgerHome) -> None:
    """Each with the type of its entry; resolved ones when they are asked for."""
    with asked_of(told) as connection:
        [found] = judged_findings(connection, code="processing_after_withdrawal", limit=9)
        assert (found.controller, found.event_type, found.rule, found.state) == (
            DENTIST,
            "call.completed",
            "",
            "open",
        )
        assert judged_findings(connection, code=found.code, streams=[], limit=9) == []
        assert judged_findings(connection, code=found.code, as_of=0, limit=9) == []
        assert judged_findings(connection, code=found.code, controller=GARAGE, limit=9) == []
        connection.execute(
            "INSERT INTO findings SELECT ledger_partition, ledger_offset, code, rule, judged_by + 1, judged_at + 1,"
            " 'resolved', stream, controller, article, occurred_at, expected, found, about FROM findings"
            " WHERE code = %s",
            (found.code,),
        )
        assert judged_findings(connection, code=found.code, limit=9) == []
        [resolved] = judged_findings(connection, code=found.code, resolved=True, limit=9)
        assert resolved.state == "resolved"
        assert judged_findings(connection, code=found.code, as_of=found.judged_at, limit=9) == [found]


def test_register_of_what_was_published(told: LedgerHome) -> None:
    """The latest of each statement that holds by now; of a recipient its mechanism, whatever the case of its name."""
    with asked_of(told) as connection:
        facts = register_facts(connection, controller=None, as_of=None, now=NOON + 2 * DAY)
        earlier = register_facts(connection, controller=DENTIST, as_of=None, now=NOON)
        unknown = register_facts(connection, controller=None, as_of=0, now=NOON + 2 * DAY)
        rules = ForgettingQueries(connection).controller_rules()[DENTIST]
        assert ForgettingQueries(connection).controller_rules(as_of=0).get(DENTIST) is None
    assert controllers_of(RegisterRole.CONTROLLER, facts) == [DENTIST, GARAGE]
    assert controllers_of(RegisterRole.PROCESSOR, facts) == [DENTIST]
    assert [each.name for each in facts.parties] == ["Office"]
    assert [each.name for each in earlier.parties] == ["Old office"]
    stated = [
        (each.mechanism, each.safeguards) for each in facts.mechanisms if each.recipient.lower() == SPEECH
    ]
    assert stated == [("adequacy", "decision 2023/1795")]
    assert [each.mechanism for each in earlier.mechanisms if each.recipient.lower() == SPEECH] == ["scc"]
    assert (unknown.aspects, unknown.parties, unknown.transfers) == ([], [], [])
    register = make_register(RegisterRole.CONTROLLER, DENTIST, facts, rules, NOON + 2 * DAY)
    telephony = next(one for one in register.activities if one.purpose == "telephony")
    assert SPEECH in telephony.recipients
    assert {"caller", "called"} <= set(telephony.subject_categories)
    assert "call_history" in {limit.retention_class for limit in telephony.erasure_limits}
    assert "(a) name and contact details of the controller" in missing_from(register)
    garage = make_register(RegisterRole.CONTROLLER, GARAGE, facts, rules, NOON + 2 * DAY)
    assert [(one.country, one.shown_as) for one in garage.transfers] == [("US", "storage")]  # type: ignore[union-attr]
