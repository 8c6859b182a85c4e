"""The audit trail's own end, in months of when entries were sealed: by a fact, and the same on replay."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.bootstrap import Runtime
from ledger.forgetting.exports import Order, make_export
from ledger.forgetting.own_facts import OwnFacts
from ledger.forgetting.trail_end import TRAIL_PERIOD, end_trail, trail_begins_at
from ledger.rules.calendar.periods import Period
from ledger.store.digest import digests
from ledger.store.exports import Scope, controllers_of
from ledger.store.ledger_store import repeatable_read
from ledger.store.queries import Queries, TrailEntry
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.ledger_home import (
    LedgerHome,
    call,
    inbox_record,
    new_home,
    publish,
    settle,
    verify_whole_log,
)

CALLER, CALLED = "+3197010004101", "+3197010004102"
CONTROLLER = "dentist-example"
ON_CONSENT = {"purpose": "newsletter", "lawful_basis": "consent"}


class FakeClock:
    """A clock that stands until it is set."""

    def __init__(self, moment: str) -> None:
        self.set(moment)

    def set(self, moment: str) -> None:
        """Sets it to an RFC 3339 time in UTC."""
        self.now = micros(moment)

    def __call__(self) -> int:
        return self.now


def micros(moment: str) -> int:
    """Microseconds since the epoch of an ISO 8601 moment in UTC."""
    since = datetime.fromisoformat(moment).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)


@pytest.fixture
def home() -> Iterator[LedgerHome]:
    """A ledger for one test: its trail ends, so it cannot be shared; the whole log is verified at its end."""
    with new_home() as made, made.parts() as parts:
        yield made
        verify_whole_log(parts)


def record(parts: Runtime, clock: FakeClock, moment: str, event_id: str) -> None:
    """One call and one message on the basis of consent, sealed at a moment."""
    clock.set(moment)
    publish(
        parts,
        call(event_id, CALLER, CALLED, occurred_at=clock()),
        inbox_record(
            "message.sent", f"{event_id}-m", occurred_at=clock(), recipient_number=CALLED, **ON_CONSENT
        ),
    )
    settle(parts)


def end(parts: Runtime) -> tuple[int | None, int]:
    """One run of the job."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        return end_trail(parts, OwnFacts(parts, vault, settle=settle), store)


def trail(parts: Runtime) -> list[TrailEntry]:
    """Everything the trail shows of subjects."""
    with parts.store_connection(parts.settings.store_schema) as store:
        shown = Queries(store).trail(
            streams=None, controller=None, since=None, until=None, as_of=None, limit=1000
        )
    return [entry for entry in shown if entry.entry.stream_kind == "subject"]


def months(parts: Runtime) -> list[str]:
    """The months that have a partition."""
    with parts.store_connection(parts.settings.store_schema) as store:
        rows = store.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_trail'::regclass ORDER BY 1"
        ).fetchall()
    return [row[0].removeprefix("audit_trail_") for row in rows]


def state(parts: Runtime) -> dict[str, str]:
    """The digests as they stand."""
    with parts.store_connection(parts.settings.store_schema) as store, repeatable_read(store):
        return digests(store)


def test_entries_leave_after_five_years_in_whole_months(home: LedgerHome) -> None:
    """A month leaves once its last day is five years past; until then all of it stays."""
    clock = FakeClock("2021-03-31T12:00")
    with home.parts() as plain:
        parts = replace(plain, clock=clock)
        record(parts, clock, "2021-03-31T12:00", "march")
        record(parts, clock, "2021-04-01T12:00", "april")
        before = len(trail(parts))

        clock.set("2026-03-31T21:30")  # 23:30 of the last day in Amsterdam
        assert end(parts) == (None, 0)
        assert before == len(trail(parts))

        clock.set("2026-03-31T22:30")  # the first day after
        assert (micros("2021-04-01T00:00"), 0) == end(parts)
        assert {"april", "april-m"} == {entry.entry.event_id for entry in trail(parts)}
        assert "2021_03" in months(parts)

        logical = state(parts)
        clock.set("2026-04-02T22:30")
        assert end(parts) == (None, 1)
        assert "2021_03" not in months(parts)
        assert logical == state(parts)


def test_person_whose_entries_all_left_is_exported_with_their_consent(
    home: LedgerHome, tmp_path: Path
) -> None:
    """The trail has nothing of them any more, and the proof of a consent that is relied on stands."""
    clock = FakeClock("2021-03-31T12:00")
    with home.parts() as plain:
        parts = replace(plain, clock=clock)
        given = inbox_record(
            "consent.given", "given", occurred_at=clock(), subject_phone=CALLED, **ON_CONSENT
        )
        publish(parts, given)
        settle(parts)
        with parts.store_connection(parts.settings.store_schema) as store:
            assert Queries(store).subjects_count() == 1
        clock.set("2026-04-02T22:30")
        end(parts)
        assert trail(parts) == []
        with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
            subject = vault.find_subject(CONTROLLER, Identifier(IdentifierKind.PHONE, CALLED))
            assert subject is not None
            assert controllers_of(store, [subject]) == [CONTROLLER]
            queries = Queries(store)
            assert queries.subjects_count() == 0
            assert "consent.given" not in {name for name, _ in queries.counts("event_types")}
            order = Order(
                scope=Scope(CONTROLLER, subject), why="access_request", target=tmp_path / "export.zip"
            )
            made = make_export(
                parts, vault, OwnFacts(parts, vault, settle=settle), order, lambda _done, _all: None
            )
    assert (made.counts.entries, made.counts.consents) == (0, 1)


def test_a_late_withdrawal_is_judged_as_on_replay(home: LedgerHome) -> None:
    """A withdrawal sealed after the trail's end looks back along what is left of it, and a replay does the same."""
    clock = FakeClock("2021-03-31T12:00")
    with home.parts() as plain:
        parts = replace(plain, clock=clock)
        given = inbox_record(
            "consent.given",
            "given",
            occurred_at=micros("2021-01-01T00:00"),
            subject_phone=CALLED,
            **ON_CONSENT,
        )
        publish(parts, given)
        record(parts, clock, "2021-03-31T12:00", "march")
        record(parts, clock, "2021-04-01T12:00", "april")
        clock.set("2026-03-31T22:30")
        end(parts)
        withdrawn = inbox_record(
            "consent.withdrawn",
            "withdrawn",
            occurred_at=micros("2021-02-01T00:00"),
            subject_phone=CALLED,
            **ON_CONSENT,
        )
        publish(parts, withdrawn)
        settle(parts)
        with parts.store_connection(parts.settings.store_schema) as store:
            found = [finding.code for finding in Queries(store).findings()]
        # Of the controller nothing is known here, which is found as well, on the first entry of each stream.
        assert [code for code in found if code != "controller_unknown"] == ["processing_after_withdrawal"]


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-03-31T21:59", "2021-03-01T00:00"),
        ("2026-03-31T22:00", "2021-04-01T00:00"),
        ("2029-02-28T22:59", "2024-02-01T00:00"),
        ("2029-02-28T23:00", "2024-03-01T00:00"),
    ],
)
def test_the_month_the_trail_begins_with(now: str, begins: str) -> None:
    """Local midnight after the last day of a month and five years; 29 February has its anniversary on the 28th."""
    assert micros(begins) == trail_begins_at(micros(now), TRAIL_PERIOD)


def test_a_longer_period_keeps_more() -> None:
    """Ten years are ten years."""
    assert micros("2016-03-01T00:00") == trail_begins_at(micros("2026-03-31T12:00"), Period(years=10))
