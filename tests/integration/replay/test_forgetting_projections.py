"""Projections and questions of forgetting, from facts published as services and the ledger publish them.

The whole log is verified at the end: everything asked here is the same after a replay.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.bootstrap import Runtime
from ledger.contract.catalogue import Catalogue
from ledger.entry import Entry
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.log.publisher import InboxRecord
from ledger.policies import load_pack
from ledger.projections import recipients
from ledger.recording.effects import Effects
from ledger.recording.repeats import fact_key
from ledger.rules.calendar.local_day import local_day
from ledger.store import forgetting
from ledger.store.digest import digests
from ledger.store.forgetting import OWN_EVENT_TYPES, ForgettingQueries
from ledger.store.forgetting_rows import EndedDay, EndedProof, RetentionRow
from ledger.store.ledger_store import LedgerStore, Memory, repeatable_read
from ledger.store.queries import Queries
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.integration.pipeline.looking import check_exactly_once
from tests.ledger_home import MINUTE, NOON, LedgerHome, call, inbox_record, publish, settle

DENTIST, GARAGE = "dentist-example", "garage-example"
ALICE, BORIS = "+3197010000001", "+3197010000002"
HOUR = 60 * MINUTE
DAY = 24 * HOUR
TODAY = local_day(NOON)
PBX, STORAGE = "urn:test:pbx", "urn:test:storage"
CARRIER = "carrier-example"
PACK = load_pack("callvoip-faq")
ERASURE, RUN = "erasure-boris", "run-1"


def subject_of(parts: Runtime, number: str) -> UUID:
    """The dentist's pseudonym for a number."""
    with parts.vault() as vault:
        found = vault.find_subject(DENTIST, Identifier(IdentifierKind.PHONE, number))
    assert found is not None
    return found


def tell(parts: Runtime, *records: InboxRecord) -> None:
    """Publishes records, those of one topic in their order: under one key they share a partition."""
    publish(parts, *(record._replace(key=b"one partition") for record in records))


def publish_own(
    parts: Runtime, occurred_at: int, facts: Iterable[tuple[str, str, Mapping[str, Any]]]
) -> None:
    """The ledger's own facts about the dentist's data: type, id, fields; sealed and recorded."""
    with parts.vault() as vault:
        own = OwnFacts(parts, vault, settle=settle)
        own.publish([OwnFact(kind, name, DENTIST, fields) for kind, name, fields in facts], occurred_at)
        own.settle()


def ended(day: int | None, **fields: Any) -> Mapping[str, Any]:
    """The fields of a retention.ended of recordings."""
    return {
        "run_id": RUN,
        "retention_class": "recording",
        "epoch_day": day,
        "starts": "event",
        "period": "P7D",
        "ended_at": NOON,
        "rule": "customer",
        "action": "destroy",
        **fields,
    }


def destroyed(phase: str, name: str, **fields: Any) -> Mapping[str, Any]:
    """The fields of a key.destroyed of recordings."""
    return {
        "phase": phase,
        "destruction_id": name,
        "key_kind": "epoch",
        "retention_class": "recording",
        "why": "retention_end",
        **fields,
    }


def instruction(name: str, recipient: str, kind: str, **fields: Any) -> tuple[str, str, Mapping[str, Any]]:
    """An instruction.given to erase."""
    given = {
        "instruction": name,
        "recipient": recipient,
        "recipient_kind": kind,
        "action": "erase",
        "retention_classes": ["recording"],
        "epochs": [],
        "confirm_by": NOON + 7 * DAY,
        **fields,
    }
    return "instruction.given", name, given


def confirmation(name: str, service: str, **fields: Any) -> InboxRecord:
    """A service's data.erased."""
    stating = {"service": service, "source": STORAGE, "outcome": "erased", "object_count": 3, **fields}
    return inbox_record(
        "data.erased", f"erased {name} {service} {fields.get('outcome')}", erasure_id=name, **stating
    )


def tell_rules(parts: Runtime) -> None:
    """What two controllers lay down, one of it unreadable, and what is held."""
    adopted: dict[str, Any] = {
        "pack": PACK.pack.id,
        "pack_version": PACK.pack.version,
        "content_sha256": PACK.sha256,
    }
    alice = str(subject_of(parts, ALICE))
    tell(
        parts,
        inbox_record("policy.adopted", "adopted", content=PACK.content, region="eu", **adopted),
        inbox_record("policy.adopted", "no pack", content="{}", **adopted),
        inbox_record("policy.adopted", "garage's", content=PACK.content, controller=GARAGE, **adopted),
        inbox_record("retention.set", "set 1", retention_class="recording", days=30),
        inbox_record("retention.set", "set 2", retention_class="recording", days=7, occurred_at=NOON + HOUR),
        inbox_record(
            "agreement.terminated", "the end", agreement_id="a1", ends_at=NOON + DAY, choice="delete"
        ),
        inbox_record(
            "hold.placed", "h1", hold_id="h1", subject_pseudonym=alice, retention_classes=["recording"]
        ),
        inbox_record(
            "hold.placed", "h2", hold_id="h2", kind="export", ends_at=NOON + 30 * DAY, article="CB-31"
        ),
        inbox_record("hold.lifted", "h2 lifted", hold_id="h2", occurred_at=NOON + DAY),
        inbox_record("hold.lifted", "garage's h1", hold_id="h1", controller=GARAGE),
        inbox_record(
            "processing.restricted", "r1", restriction_id="r1", subject_phone=ALICE, ground="needed_for_claim"
        ),
        inbox_record("processing.restricted", "r2", restriction_id="r2", subject_phone=ALICE),
        inbox_record(
            "restriction.lifted",
            "r2 lifted",
            restriction_id="r2",
            subject_phone=ALICE,
            occurred_at=NOON + HOUR,
        ),
    )
    settle(parts)


def tell_retention(parts: Runtime) -> None:
    """Four days and a proof whose time is over, as far as each has come; and who was told."""
    alice = str(subject_of(parts, ALICE))
    proof = {"subject_pseudonym": alice, "fact": str(consent_key(parts, "refused"))}
    of_proof = {**proof, "retention_class": "consent_proof"}
    days = (TODAY - 40, TODAY - 39, TODAY - 38, TODAY - 37)
    publish_own(
        parts,
        NOON + HOUR,
        [
            *(("retention.ended", f"ended {day}", ended(day)) for day in days[:3]),
            ("retention.ended", "held", ended(days[3], held_by="h2")),
            ("retention.ended", "proof", ended(None, **of_proof, starts="consent_end", period="P5Y")),
            *(
                ("key.destroyed", f"intent {day}", destroyed("intent", f"d{day}", epoch_day=day))
                for day in days[:2]
            ),
            ("key.destroyed", "intent proof", destroyed("intent", "dp", **of_proof, key_kind="subject")),
            instruction("i1", STORAGE, "service", run_id=RUN, epochs=[f"recording {days[0]}"]),
            instruction("i2", CARRIER, "processor", run_id=RUN, epochs=[f"recording {days[0]}"]),
        ],
    )
    publish_own(
        parts,
        NOON + 72 * HOUR,
        [
            (
                "key.destroyed",
                f"confirmed {days[0]}",
                destroyed("confirmed", f"d{days[0]}", epoch_day=days[0]),
            ),
            (
                "key.destroyed",
                "confirmed proof",
                destroyed("confirmed", "dp", **of_proof, key_kind="subject"),
            ),
            ("retention.ended", "held no longer", ended(days[3])),
        ],
    )
    tell(
        parts,
        confirmation("i1", STORAGE.upper(), outcome="partly_erased"),
        confirmation(
            "i1", STORAGE, outcome="erased", occurred_at=NOON + DAY, backups_expire_at=NOON + 30 * DAY
        ),
        confirmation("i2", "somebody else"),
        confirmation("i2", CARRIER, controller=GARAGE),
        confirmation("i2", CARRIER, source=PBX),
        confirmation("i1", STORAGE, source=PBX, outcome="refused"),
    )
    settle(parts)


def tell_erasure(parts: Runtime) -> None:
    """An erasure that was incomplete, and then verified; and one that is under way."""
    boris, alice = str(subject_of(parts, BORIS)), str(subject_of(parts, ALICE))
    told = [
        {"name": PBX, "kind": "service", "confirm_by": NOON + 7 * DAY},
        {"name": CARRIER, "kind": "processor", "confirm_by": NOON + 30 * DAY},
    ]
    kept = {
        "retention_class": "account",
        "why": "legal_duty",
        "article": "Art. 1",
        "hold_id": None,
        "until": None,
    }
    begun = {
        "subject_pseudonym": boris,
        "erasure_id": ERASURE,
        "trigger": "objection",
        "request_id": "q1",
        "destroyed_classes": ["call_history"],
        "kept": [kept],
        "recipients": told,
        "inbox_ends": [{"topic": "inbox.rights", "partition": 0, "next_offset": 4}],
    }
    place = {"place": "topic ledger", "looked_at": 9, "found": 0}
    problem = {"kind": "silent", "name": PBX, "detail": "no answer"}
    of_boris = {"subject_pseudonym": boris, "erasure_id": ERASURE}
    publish_own(
        parts,
        NOON + HOUR,
        [
            ("erasure.started", "started", begun),
            ("erasure.searched", "searched", {**of_boris, "values": 2, "places": [place]}),
            instruction("told pbx", PBX, "service", erasure_id=ERASURE, subject_pseudonym=boris),
            ("erasure.incomplete", "incomplete", {**of_boris, "places": [place], "problems": [problem]}),
            (
                "erasure.started",
                "alice's",
                {**begun, "subject_pseudonym": alice, "erasure_id": "erasure-alice", "recipients": []},
            ),
        ],
    )
    nothing = {"subject_pseudonym": boris, "outcome": "nothing_found", "object_count": 0}
    tell(parts, confirmation(ERASURE, PBX, source=PBX, **nothing))
    settle(parts)
    verified = {**of_boris, "places": [place], "fields_closed": 4, "fields_kept": 1, "backups_until": None}
    export = {"reason": "audit", "entries": 3, "opened_fields": 0, "sha256": "ab"}
    publish_own(
        parts,
        NOON + DAY,
        [
            ("erasure.verified", "verified", verified),
            ("export.made", "x1", {"export_id": "x1", "subject_pseudonym": boris, **export}),
            ("export.made", "x2", {"export_id": "x2", **export}),
            ("export.made", "x3", {"export_id": "x3", "subject_pseudonym": alice, **export}),
            ("trail.ended", "trail", {"before": 0, "period": "P5Y", "rule": "p:trail"}),
        ],
    )
    settle(parts)


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """The module's ledger with all of it."""
    with home.parts() as parts:
        tell(
            parts,
            *(call(f"call {n}", ALICE, BORIS, processors=[CARRIER], source=PBX) for n in range(3)),
            call("garage's", ALICE, BORIS, controller=GARAGE, source="urn:test:garage"),
            inbox_record(
                "voicemail.left", "voicemail", source=STORAGE, caller_number=ALICE, called_number=BORIS
            ),
            inbox_record("consent.refused", "refused", subject_phone=ALICE, purpose="news"),
            inbox_record(
                "consent.given", "given", subject_phone=ALICE, purpose="news", occurred_at=NOON + HOUR
            ),
            inbox_record(
                "consent.given", "boris's", subject_phone=BORIS, purpose="news", expires_at=NOON + DAY
            ),
        )
        settle(parts)
        tell_rules(parts)
        tell_retention(parts)
        tell_erasure(parts)
        check_exactly_once(parts)
    return home


@contextmanager
def asked(home: LedgerHome) -> Iterator[ForgettingQueries]:
    """Questions of one moment."""
    with (
        home.parts() as parts,
        parts.store_connection(parts.settings.store_schema) as connection,
        repeatable_read(connection),
    ):
        yield ForgettingQueries(connection)


def consent_key(parts: Runtime, event_id: str) -> UUID:
    """The key of Alice's fact with this id."""
    return fact_key(subject_of(parts, ALICE), PBX, event_id)


def test_rules_are_what_the_controllers_laid_down(told: LedgerHome, parts: Runtime) -> None:
    """Packs as they were adopted, but for one nobody can read; settings, ends, holds, in the order of the log."""
    alice = subject_of(parts, ALICE)
    with asked(told) as queries:
        rules = queries.controller_rules()
    assert {DENTIST, GARAGE} == rules.keys()
    dentist = rules[DENTIST]
    assert [(PACK.pack, "eu", NOON)] == [(one.pack, one.region, one.at) for one in dentist.adoptions]
    assert [(PACK.pack, None, NOON)] == [(one.pack, one.region, one.at) for one in rules[GARAGE].adoptions]
    settings = [(one.retention_class, one.days, one.at) for one in dentist.settings]
    assert settings == [("recording", 30, NOON), ("recording", 7, NOON + HOUR)]
    terminations = [(one.agreement_id, one.ends_at, one.choice, one.at) for one in dentist.terminations]
    assert terminations == [("a1", NOON + DAY, "delete", NOON)]
    assert [
        ("h1", "legal", alice, frozenset({"recording"}), None, None),
        ("h2", "export", None, frozenset(), NOON + 30 * DAY, NOON + DAY),
        ("r1", "restriction", alice, frozenset(), None, None),
        ("r2", "restriction", alice, frozenset(), None, NOON + HOUR),
    ] == [
        (one.hold_id, one.kind, one.subject, one.classes, one.ends_at, one.lifted_at) for one in dentist.holds
    ]


def test_holds_and_restrictions_of_a_person(told: LedgerHome, parts: Runtime) -> None:
    """Those on the person and those on everybody; another person has the latter only."""
    alice, boris = subject_of(parts, ALICE), subject_of(parts, BORIS)
    with asked(told) as queries:
        assert [row.hold_id for row in queries.holds_on(alice, DENTIST)] == ["h1", "h2"]
        assert [(row.hold_id, row.article) for row in queries.holds_on(boris, DENTIST)] == [("h2", "CB-31")]
        assert [(row.restriction_id, row.ground, row.until) for row in queries.restrictions_on(alice)] == [
            ("r1", "needed_for_claim", None),
            ("r2", "accuracy_contested", NOON + HOUR),
        ]
        assert queries.restrictions_on(boris) == []


def test_time_shown_leaves_the_ledgers_own_facts_out(told: LedgerHome, parts: Runtime) -> None:
    """It could publish its way into the future: only what publishers said shows the time."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        sealed = connection.execute(
            "SELECT event_type = ANY (%s), max(sealed_at) FROM audit_trail GROUP BY 1",
            (list(OWN_EVENT_TYPES),),
        ).fetchall()
    newest = dict(sealed)
    assert newest[True] > newest[False], "the last facts are the ledger's own, or this says nothing"
    with asked(told) as queries:
        shown = queries.time_shown(1 << 62, silence_max=48 * HOUR)
        assert queries.time_shown(0, silence_max=48 * HOUR) == shown, "facts sealed later are all there is"
    assert shown is not None
    assert (newest[False], None) == (shown.newest, shown.silence_ended)


WEEKENDS = [0, 1, 63, 64, 126, 127]
"""Hours at which facts were sealed: silences of 62 hours, the second no longer than the first."""


@pytest.mark.parametrize(
    ("sealed", "late", "recent", "shown"),
    [
        pytest.param([0, 48, 96], 0, 10, (96, 96, None), id="no-silence"),
        pytest.param([0, 1, 401], 0, 10, (401, 401, 401), id="jump"),
        pytest.param([0, 1, 401, 402, 403], 400, 10, (403, 3, 401), id="jump-publishers-contradict"),
        pytest.param([0, 1, 401, 402, 450, 498], 0, 10, (498, 498, 401), id="jump-some-time-ago"),
        pytest.param(WEEKENDS, 0, 10, (127, 127, 63), id="habit-is-no-jump"),
        pytest.param([*WEEKENDS, 600], 0, 10, (600, 600, 600), id="longer-than-the-habit"),
        pytest.param([0, 1, 401, 402, 403], 0, 3, (403, 403, None), id="more-than-is-looked-at-since"),
        pytest.param([0, 1, 5000], 0, 10, (1, 1, None), id="sealed-by-a-clock-that-was-set-back"),
    ],
)
def test_time_shown_by_the_moments_facts_were_sealed(
    *,
    told: LedgerHome,
    parts: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    sealed: list[int],
    late: int,
    recent: int,
    shown: tuple[int, int, int | None],
) -> None:
    """Hours; those of an hour over 400 happened so much earlier. It is hour 1000."""
    monkeypatch.setattr(forgetting, "RECENT_FACTS", recent)
    with (
        parts.store_connection(parts.settings.store_schema) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute("DELETE FROM audit_trail")
        connection.execute(
            "SELECT ensure_trail_month(date '1970-01-01'), ensure_trail_month(date '1970-07-01')"
        )
        for offset, hour in enumerate(sealed):
            connection.execute(
                "INSERT INTO audit_trail VALUES (0, %s, %s, 1, 'subject', 'call.completed', %s, %s, 'c', '', '', '',"
                " '{}', '{}', '', '{}')",
                (offset, UUID(int=0), (hour - late if hour > 400 else hour) * HOUR, hour * HOUR),
            )
        found = ForgettingQueries(connection).time_shown(1000 * HOUR, silence_max=48 * HOUR)
    newest, supported, silence_ended = shown
    assert (
        newest * HOUR,
        supported * HOUR,
        None if silence_ended is None else silence_ended * HOUR,
    ) == found


def test_own_event_types_are_those_of_the_schemas() -> None:
    """A type that is missed would count as a publisher's."""
    own = {schema.event_type for schema in Catalogue.load().by_fingerprint.values() if schema.own}
    assert tuple(sorted(own)) == OWN_EVENT_TYPES


def test_retention_shows_how_far_each_day_and_proof_has_come(told: LedgerHome, parts: Runtime) -> None:
    """Due, destroying, destroyed late or in time; what was held is late from when it was no longer."""
    with asked(told) as queries:
        rows = {(row.epoch_day, row.fact): row for row in queries.retention_rows(controller=DENTIST)}
        none = queries.retention_rows(controller=GARAGE)
        due = queries.retention_rows(states=["due"], limit=1)
    key = consent_key(parts, "refused")

    def shown(row: RetentionRow) -> tuple[object, ...]:
        return row.state, row.due_from, row.found_at, row.intent_at, row.confirmed_at, row.late, row.held_by

    first, then = NOON + HOUR, NOON + 72 * HOUR
    assert {
        (TODAY - 40, None): ("destroyed", NOON, first, first, then, True, None),
        (TODAY - 39, None): ("destroying", NOON, first, first, None, None, None),
        (TODAY - 38, None): ("due", NOON, first, None, None, None, None),
        (TODAY - 37, None): ("due", then, first, None, None, None, None),
        (None, key): ("destroyed", NOON, first, first, then, True, None),
    } == {name: shown(row) for name, row in rows.items()}
    assert none == []
    assert [row.state for row in due] == ["due"]
    late = {name for name, row in rows.items() if row.is_late(NOON + 48 * HOUR + 1)}
    assert {(TODAY - 40, None), (TODAY - 39, None), (TODAY - 38, None), (None, key)} == late
    assert not rows[TODAY - 38, None].is_late(NOON + 48 * HOUR)


def test_retention_as_it_was_known(told: LedgerHome) -> None:
    """Before the second run was recorded one day was held and none destroyed."""
    with asked(told) as queries:
        before = max(row.sealed_at for row in queries.open_destructions())
        states = [row.state for row in queries.retention_rows(as_of=before)]
        assert queries.retention_rows(as_of=0) == []
    assert sorted(states) == ["destroying", "destroying", "destroying", "due", "held"]


def test_open_destructions_and_ends_are_those_not_confirmed(told: LedgerHome) -> None:
    """What a run that was killed has to go on with."""
    with asked(told) as queries:
        assert [f"d{TODAY - 39}"] == [row.destruction_id for row in queries.open_destructions()]
        facts = queries.ended_facts()
        assert facts == queries.ended_facts([DENTIST])
        assert (frozenset(), frozenset()) == queries.ended_facts([GARAGE])
    assert {
        EndedDay(DENTIST, "recording", TODAY - 39, None),
        EndedDay(DENTIST, "recording", TODAY - 38, None),
        EndedDay(DENTIST, "recording", TODAY - 37, None),
        EndedDay(DENTIST, "recording", TODAY - 37, "h2"),
    } == facts.days
    assert frozenset[EndedProof]() == facts.proofs


def test_consents_of_which_a_proof_still_stands(told: LedgerHome, parts: Runtime) -> None:
    """All changes of such a consent, also the one whose own proof is gone; each under its fact's key."""
    alice, boris = subject_of(parts, ALICE), subject_of(parts, BORIS)
    of_alice = [
        (alice, consent_key(parts, "refused"), "refused", NOON, None, True),
        (alice, consent_key(parts, "given"), "given", NOON + HOUR, None, False),
    ]
    of_boris = [(boris, fact_key(boris, PBX, "boris's"), "given", NOON, NOON + DAY, False)]
    with asked(told) as queries:
        found = {
            stream: [
                (row.subject, *row.change, row.destroyed) for row in queries.consent_facts(stream=stream)
            ]
            for stream in (alice, boris)
        }
        assert {alice: of_alice, boris: of_boris} == found
        assert queries.consent_facts(before=NOON) == []
        # The dentist's agreement is at an end.
        assert len(queries.consent_facts(before=NOON + 1)) == 1
        assert queries.consent_facts(controller=GARAGE) == []
        assert {(DENTIST, "news")} == {(row.controller, row.purpose) for row in queries.consent_facts()}


def test_consents_that_are_relied_on_are_not_read_by_a_run(told: LedgerHome, parts: Runtime) -> None:
    """What is erased or runs out begins to end; a consent alone does not, nor does a refusal whose proof is gone."""
    boris = subject_of(parts, BORIS)
    with (
        parts.store_connection(parts.settings.store_schema) as connection,
        connection.transaction(force_rollback=True),
    ):
        queries = ForgettingQueries(connection)
        connection.execute("DELETE FROM terminations")
        assert queries.consent_facts(before=NOON + HOUR) == []
        assert len(queries.consent_facts(before=NOON + HOUR + 1)) == 3
        connection.execute("DELETE FROM erasures")
        assert queries.consent_facts(before=NOON + DAY) == []
        assert [boris] == [row.subject for row in queries.consent_facts(before=NOON + 30 * DAY)]
        connection.execute("DELETE FROM key_destructions")
        assert len(queries.consent_facts(before=NOON + HOUR)) == 2, (
            "of Alice both, because the refusal stands"
        )


def test_consent_whose_every_proof_is_gone_is_left_out(told: LedgerHome, parts: Runtime) -> None:
    """Nothing of it can end any more."""
    with (
        parts.store_connection(parts.settings.store_schema) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(
            "INSERT INTO key_destructions SELECT 0, 1 << 40, 'x', 'confirmed', 'subject', controller, subject, NULL,"
            " retention_class, %s, why, NULL, 0, 0 FROM key_destructions WHERE fact IS NOT NULL LIMIT 1",
            (consent_key(parts, "given"),),
        )
        found = ForgettingQueries(connection).consent_facts(stream=subject_of(parts, ALICE))
    assert found == []


def test_instructions_with_the_last_answer_of_their_recipient(told: LedgerHome) -> None:
    """By name whatever its case, of the controller's own service; somebody else's answer is none."""
    with asked(told) as queries:
        rows = {row.instruction: row for row in queries.instruction_rows(run_id=RUN)}
        assert queries.instruction_rows(controller=GARAGE) == []
    assert {name: row.state for name, row in rows.items()} == {"i1": "confirmed", "i2": "waiting"}
    assert (
        rows["i1"].confirmed_at,
        rows["i1"].backups_expire_at,
        rows["i1"].object_count,
    ) == (NOON + DAY, NOON + 30 * DAY, 3)
    silent = [name for name, row in rows.items() if row.is_silent(NOON + 7 * DAY)]
    assert silent == ["i2"]
    assert not rows["i2"].is_silent(NOON + 7 * DAY - 1)


def test_erasure_put_together(told: LedgerHome, parts: Runtime) -> None:
    """Every step with what it says, who was told and who answered."""
    boris = subject_of(parts, BORIS)
    with asked(told) as queries:
        state = queries.erasure(ERASURE)
        assert state == queries.erasure_of(boris)
        assert [state] == queries.erasures_of(boris)
        assert None is queries.erasure("another")
    assert state is not None
    assert (boris, DENTIST, "objection", "q1") == (
        state.stream,
        state.controller,
        state.trigger,
        state.request_id,
    )
    assert [step.phase for step in state.steps] == ["started", "searched", "incomplete", "verified"]
    assert [kept.retention_class for kept in state.started.kept] == ["account"]
    assert [recipient.name for recipient in state.started.recipients] == [PBX, CARRIER]
    assert state.started.inbox_ends[0].next_offset == 4
    assert state.searched is not None
    assert state.verified is not None
    assert (state.searched.values, state.verified.fields_closed) == (2, 4)
    assert [[it.detail for it in each.problems] for each in state.incomplete] == [["no answer"]]
    assert [(row.instruction, row.state) for row in state.instructions] == [("told pbx", "confirmed")]
    assert [(row.service, row.outcome) for row in state.confirmations] == [(PBX, "nothing_found")]


def test_open_erasures_are_those_not_verified(told: LedgerHome) -> None:
    """One that was verified in the end is not among them."""
    with asked(told) as queries:
        assert queries.open_erasures() == ["erasure-alice"]
        state = queries.erasure("erasure-alice")
    assert state is not None
    assert (state.searched, state.verified, state.result) == (None, None, None)


def test_erasure_that_was_incomplete_is_found_until_it_is_verified(told: LedgerHome, parts: Runtime) -> None:
    """Opened by one fact, resolved by a later one."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        states = connection.execute(
            "SELECT state, found FROM findings WHERE code = 'erasure_incomplete' ORDER BY judged_by"
        ).fetchall()
        still_open = {row.code for row in Queries(connection).findings()}
    assert [("open", f"silent {PBX}: no answer"), ("resolved", f"silent {PBX}: no answer")] == states
    assert "erasure_incomplete" not in still_open
    assert {"policy_unreadable", "hold_without_end"} <= still_open


def test_erasure_status_shows_every_recipient(told: LedgerHome, parts: Runtime) -> None:
    """The view for psql: also who was not told yet, and an erasure nobody has to be told of."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = connection.execute(
            "SELECT erasure_id, recipient, state, outcome, result FROM erasure_status ORDER BY erasure_id, recipient"
        ).fetchall()
        days = connection.execute(
            "SELECT epoch_day - date '1970-01-01', state FROM retention_status WHERE epoch_day IS NOT NULL"
        ).fetchall()
    assert rows == [
        ("erasure-alice", None, None, None, None),
        (ERASURE, CARRIER, "not_instructed", None, "verified"),
        (ERASURE, PBX, "confirmed", "nothing_found", "verified"),
    ]
    assert (TODAY - 40, "destroyed") in days
    assert len(days) == 4


def test_recipients_of_a_controller_by_what_they_handle(told: LedgerHome) -> None:
    """Services and processors by name; the ledger itself and other controllers' are none."""
    with asked(told) as queries:
        everyone = queries.recipients_for(DENTIST)
        of_calls = queries.recipients_for(DENTIST, ["call.completed"])
        assert queries.recipients_for(GARAGE, ["call.completed"]) == [("urn:test:garage", "service")]
        assert queries.recipients_for(DENTIST, []) == []
    assert everyone == [(CARRIER, "processor"), (PBX, "service"), (STORAGE, "service")]
    assert of_calls == [(CARRIER, "processor"), (PBX, "service")]


def test_recipients_have_one_row_per_ledger_partition(told: LedgerHome, parts: Runtime) -> None:
    """However many facts show them: the first."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT (ledger_partition, controller, name, kind, event_type)) FROM recipients"
        ).fetchone()
        firsts = connection.execute(
            "SELECT r.ledger_offset, (SELECT min(t.ledger_offset) FROM audit_trail AS t"
            " WHERE t.ledger_partition = r.ledger_partition AND t.controller = r.controller"
            " AND t.event_type = r.event_type AND r.name = ANY (t.processors))"
            " FROM recipients AS r WHERE kind = 'processor'"
        ).fetchall()
    assert rows is not None
    assert rows[0] == rows[1] > 4
    assert [first for _, first in firsts] == [offset for offset, _ in firsts]


def test_recipients_of_a_person_with_the_events_that_show_it(told: LedgerHome, parts: Runtime) -> None:
    """Each under the name the facts have for it, with its own references; from the records themselves."""
    with asked(told) as queries:
        boris = subject_of(parts, BORIS)
        recipients = queries.recipients_of_subject(boris)
        found = {each.name: [*queries.references_of(boris, each)] for each in recipients}
        assert queries.recipients_of_subject(UUID(int=0)) == []
    assert recipients == [(CARRIER, "processor"), (PBX, "service"), (STORAGE, "service")]
    calls = [(PBX, f"call {n}") for n in range(3)]
    assert calls == found[CARRIER]
    assert [*calls, (PBX, "boris's")] == found[PBX][:4]
    assert (STORAGE, "voicemail") in found[STORAGE]


def test_exports_that_hold_a_person(told: LedgerHome, parts: Runtime) -> None:
    """Their own, and those of everybody of the controller."""
    with asked(told) as queries:
        exports = queries.exports_with(subject_of(parts, BORIS), DENTIST)
        assert queries.exports_with(UUID(int=0), GARAGE) == []
    assert [row.export_id for row in exports] == ["x1", "x2"]


def test_records_of_a_person_and_of_one_day(told: LedgerHome, parts: Runtime) -> None:
    """Each at its coordinates, in order, decoded from the log's own bytes."""
    boris = subject_of(parts, BORIS)
    with asked(told) as queries:
        records = list(queries.records_of(boris))
        today, tomorrow = (list(queries.records_of(boris, [day])) for day in (TODAY, TODAY + 1))
        assert list(queries.records_of(boris, [TODAY - 1])) == list(queries.records_of(boris, [])) == []
    types = [stored.record.event_type for stored in records if isinstance(stored.record, Entry)]
    assert types[:3] == ["call.completed"] * 3
    assert types[-1:] == ["erasure.verified"]
    assert records == sorted(records, key=lambda stored: stored.offset)
    assert [*today, *tomorrow] == records
    assert tomorrow


def test_row_that_is_there_already_is_not_written_again(told: LedgerHome, parts: Runtime) -> None:
    """A recorder that forgot what it wrote, as after a restart: the store keeps the first, digests stay."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        before = digests(connection)["recipients"]
        row = connection.execute("SELECT * FROM recipients ORDER BY ledger_partition LIMIT 1").fetchone()
    assert row is not None
    again = (row[0], row[1] + 1_000_000, *row[2:])
    store = LedgerStore(parts.store_dsn, parts.settings.store_schema)
    try:
        with store.batch(Memory()) as batch:
            batch.write(Effects(rows={recipients.TABLE: [again]}))
    finally:
        store.close()
    with parts.store_connection(parts.settings.store_schema) as connection:
        assert before == digests(connection)["recipients"]


def test_documents_hold_the_facts_own_words(told: LedgerHome, parts: Runtime) -> None:
    """What was decided can be read from the store alone, without keys."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        documents: list[tuple[str]] = connection.execute(
            "SELECT document FROM erasures WHERE phase = 'started' ORDER BY erasure_id"
        ).fetchall()
    assert [msgspec.json.decode(document)["destroyed_classes"] for (document,) in documents] == [
        ["call_history"]
    ] * 2
