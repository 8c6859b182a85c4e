"""Erasing a person on real services: every step, every crash between them, what is kept, and who is waited for."""

import platform
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from ledger.bootstrap import Runtime
from ledger.errors import InfrastructureError, NotPermitted
from ledger.forgetting.certificate import certificate, state_of
from ledger.forgetting.erasure import Erasures, Order, advance_all
from ledger.forgetting.erasure_plan import erasure_id_of
from ledger.forgetting.exports import Order as ExportOrder
from ledger.forgetting.exports import make_export
from ledger.forgetting.new_file import path_beside
from ledger.forgetting.own_facts import OwnFacts
from ledger.store.exports import Scope
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.issued_exports import IssuedExport
from tests.integration.forgetting.people import (
    DAY,
    PBX,
    RECIPIENTS,
    SITE,
    SPEECH,
    Crashed,
    Scene,
    governance,
    ticking,
)
from tests.ledger_home import LedgerHome, inbox_record, publish, settle


@pytest.fixture
def scene(parts: Runtime, request: pytest.FixtureRequest) -> Scene:
    """A person with a life, known to one controller of this test's own."""
    made = Scene(parts=parts, controller=f"c-{request.node.name}"[:60])
    made.life()
    return made


def phases(state: ErasureState) -> list[str]:
    """What was recorded, in order."""
    return [step.phase for step in state.steps]


def test_erasure_ends_verified_once_everyone_told_has_confirmed(scene: Scene) -> None:
    """Nothing of the person opens but what is kept; the other party's record opens as before."""
    subject, other = scene.subject(scene.caller), scene.subject(scene.called)
    others_fields = scene.opened(other)
    state = scene.erase()
    assert (phases(state), state_of(state)) == (["started", "searched"], "waiting")
    assert set(scene.opened(subject)) == {"consent"}, "the proof of consent is kept, the rest is closed"
    scene.answer(state, *RECIPIENTS)
    verified = scene.erasures().advance(state.erasure_id)
    assert (phases(verified)[-1], state_of(verified)) == ("verified", "verified")
    assert scene.opened(other) == others_fields
    assert verified.verified is not None
    assert {place.found for place in verified.verified.places} == {0}
    assert (verified.verified.fields_closed, verified.verified.fields_kept) == (4, 1)


def test_erasure_tells_everyone_who_handled_the_data_with_their_own_events(scene: Scene) -> None:
    """Services by where their facts came from, processors by the name the facts give them (Art. 19)."""
    state = scene.erase()
    told = {(each.recipient, each.recipient_kind) for each in state.instructions}
    assert {(PBX, "service"), (SITE, "service"), (SPEECH, "processor")} == told


def test_keys_are_announced_before_and_confirmed_after_the_destruction(scene: Scene) -> None:
    """One key.destroyed of each phase per class that had a key; consent proof has none."""
    state = scene.erase()
    expected = ["call_history", "content_check", "voicemail"]
    for phase in ("intent", "confirmed"):
        assert expected == sorted(each.retention_class for each in state.destructions if each.phase == phase)
    with scene.parts.vault() as vault:
        classes = vault.subject_key_classes(state.stream)
        assert vault.directory_count(state.stream) == 0
    assert {name.partition(":")[0] for name, lives in classes.items() if lives == "live"} == {"consent_proof"}


def test_person_who_calls_again_is_somebody_new_with_readable_fields(scene: Scene) -> None:
    """The old pseudonym leads to nobody, and nothing of the new person is under an old key."""
    state = scene.erase()
    publish(scene.parts, scene.call("again", caller_name="Alice Voorbeeld"))
    settle(scene.parts)
    again = scene.subject(scene.caller)
    assert again != state.stream
    assert scene.opened(again)["again"]["caller_name"] == "Alice Voorbeeld"


def test_asking_again_shows_the_first_erasure_and_writes_nothing(scene: Scene) -> None:
    """Asked by its pseudonym, because no identifier leads there any more."""
    order = scene.order()
    state = scene.erase()
    again, started = scene.erasures().start(order)
    assert (started, again.erasure_id, again.steps) == (False, state.erasure_id, state.steps)


def test_advancing_a_verified_erasure_changes_nothing(scene: Scene) -> None:
    """The job asks every hour."""
    state = scene.erase()
    scene.answer(state, *RECIPIENTS)
    verified = scene.erasures().advance(state.erasure_id)
    assert verified == scene.erasures().advance(state.erasure_id)


@pytest.mark.parametrize("asked", [1, 2, 3, 5, 7, 9, 11, 13])
def test_erasure_goes_on_after_a_crash_anywhere(scene: Scene, asked: int) -> None:
    """Killed wherever it looks at the clock, in the sealer as well, and asked again: one erasure, each fact once."""
    order = scene.order()
    dying = replace(scene.parts, clock=ticking(scene.parts.clock, asked))
    with pytest.raises(Crashed):
        attempt(Erasures(dying, settle=settle), order)
    state = attempt(scene.erasures(), order)
    scene.answer(state, *RECIPIENTS)
    state = scene.erasures().advance(state.erasure_id)
    assert phases(state) == ["started", "searched", "verified"]
    assert erasure_id_of(order.stream) == state.erasure_id
    destructions = [(each.phase, each.retention_class) for each in state.destructions]
    assert len(set(destructions)) == len(destructions) == 6
    assert len(state.instructions) == len(RECIPIENTS)


def attempt(erasures: Erasures, order: Order) -> ErasureState:
    """Starts an erasure and takes it as far as it goes."""
    return erasures.advance(erasures.start(order)[0].erasure_id)


@pytest.mark.parametrize("settled", [2, 4, 5, 6, 7])
def test_erasure_goes_on_after_a_crash_behind_a_fact(scene: Scene, settled: int) -> None:
    """Killed after a fact was published and before it was recorded: the next attempt records it first."""
    order, settles = scene.order(), count(1)

    def dies(parts: Runtime) -> None:
        if next(settles) == settled:
            raise Crashed
        settle(parts)

    with pytest.raises(Crashed):
        attempt(Erasures(scene.parts, settle=dies), order)
    state = attempt(scene.erasures(), order)
    assert (phases(state), state_of(state)) == (["started", "searched"], "waiting")
    assert len(state.destructions) == 6


def test_silent_recipient_makes_it_incomplete_when_its_time_ends_and_a_late_answer_verified(
    scene: Scene,
) -> None:
    """Named once, not with every look; visible until it answers."""
    state = scene.erase()
    scene.answer(state, PBX, SITE)
    due = state.started.recipients[0].confirm_by
    waiting = scene.at(due - 1).erasures().advance(state.erasure_id)
    assert state_of(waiting) == "waiting"
    incomplete = scene.at(due).erasures().advance(state.erasure_id)
    assert [(p.kind, p.name) for each in incomplete.incomplete for p in each.problems] == [("silent", SPEECH)]
    assert incomplete == scene.at(due + DAY).erasures().advance(state.erasure_id)
    scene.answer(state, SPEECH)
    verified = scene.at(due + DAY).erasures().advance(state.erasure_id)
    assert phases(verified) == ["started", "searched", "incomplete", "verified"]


@pytest.mark.parametrize("outcome", ["refused", "partly_erased"])
def test_recipient_that_refuses_makes_it_incomplete_at_once(scene: Scene, outcome: str) -> None:
    """Its time does not matter: it has answered."""
    state = scene.erase()
    scene.answer(state, PBX, SITE)
    scene.answer(state, SPEECH, outcome=outcome, refusal_ground="legal_claim")
    incomplete = scene.erasures().advance(state.erasure_id)
    (found,) = incomplete.incomplete
    assert [(p.kind, p.name, p.detail) for p in found.problems] == [
        ("refused", SPEECH, f"expected erased, found {outcome}, legal_claim")
    ]


def test_recipient_that_takes_its_word_back_makes_a_verified_erasure_incomplete(scene: Scene) -> None:
    """And its next yes verified again: each time a fact of its own; a stranger's refusal changes nothing."""
    state = scene.erase()
    scene.answer(state, *RECIPIENTS)
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"
    scene.answer(state, SITE, source="urn:evil:svc", outcome="refused")
    assert _open_erasures(scene, state) == []
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"
    for _ in range(2):
        scene.answer(state, SITE, outcome="refused", refusal_ground="legal_claim")
        assert _open_erasures(scene, state) == [state.erasure_id]
        assert state_of(scene.erasures().advance(state.erasure_id)) == "incomplete"
        scene.answer(state, SITE)
        assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"
    last = scene.erasures().advance(state.erasure_id)
    assert phases(last) == ["started", "searched", "verified", *["incomplete", "verified"] * 2]


def _open_erasures(scene: Scene, state: ErasureState) -> list[str]:
    with scene.parts.store_connection(scene.parts.settings.store_schema) as store:
        return [each for each in ForgettingQueries(store).open_erasures() if each == state.erasure_id]


def test_identifier_the_operator_named_is_looked_for_where_no_field_opens(scene: Scene) -> None:
    """Without it there is nothing to look for, and the certificate says so; neither fact holds it."""
    leaky = inbox_record(
        "call.completed", "leaky", controller=scene.controller, call_id=f"0{scene.caller[3:]}"
    )
    publish(scene.parts, leaky)
    settle(scene.parts)
    blind = Scene(parts=scene.parts, controller=scene.controller, caller=scene.called, called=scene.caller)
    with scene.parts.vault() as vault:
        for each in (scene, blind):
            for name in vault.subject_key_classes(each.subject(each.caller)):
                vault.destroy_subject_key(each.subject(each.caller), name, "test")
    nothing, named = blind.erase(), scene.erase(known_as=(scene.caller,))
    for state, expected in ((nothing, 0), (named, 1)):
        assert state.searched is not None
        assert state.searched.values == expected
    assert nothing.searched is not None
    assert nothing.searched.places == []
    shown = certificate(nothing, now=scene.parts.clock(), inbox_retention_hours=72)
    assert shown["searched"]["not_searched"] == "nothing known to look for"
    assert named.searched is not None
    assert "topic ledger" in {place.place for place in named.searched.places if place.found}
    assert scene.caller[3:] not in "".join(step.document for step in named.steps)


def test_certificate_states_the_bound_for_recipients_backups(scene: Scene) -> None:
    """The latest that any of them stated."""
    state = scene.erase()
    scene.answer(state, PBX, backups_expire_at=scene.parts.clock() + DAY)
    scene.answer(state, SITE, SPEECH, backups_expire_at=1_800_000_000_000_000)
    state = scene.erasures().advance(state.erasure_id)
    assert state.verified is not None
    assert state.verified.backups_until == max(1_800_000_000_000_000, scene.parts.clock())
    shown = certificate(state, now=scene.parts.clock(), inbox_retention_hours=72)
    assert shown["bounds"]["recipients_backups_until"] == "2027-01-15T08:00:00.000000Z"


def test_hold_on_the_person_keeps_its_classes_until_it_ends_and_then_the_rest_goes(scene: Scene) -> None:
    """A second erasure of the same person follows by itself, under the next id, when the hold is lifted."""
    subject = scene.subject(scene.caller)
    publish(
        scene.parts,
        governance(
            "hold.placed",
            f"placed-{subject}",
            scene.controller,
            hold_id=f"claim-{subject}",
            kind="legal",
            subject_pseudonym=str(subject),
            retention_classes=["voicemail"],
            article="BW 3:310",
            ends_at=scene.parts.clock() + 90 * DAY,
        ),
    )
    settle(scene.parts)
    state = scene.erase()
    kept = [(k.retention_class, k.why, k.article, k.hold_id) for k in state.started.kept]
    assert ("voicemail", "legal_hold", "BW 3:310", f"claim-{subject}") in kept
    assert "voicemail" in scene.opened(subject)
    scene.answer(state, *RECIPIENTS)
    first = scene.erasures().advance(state.erasure_id)
    assert state_of(first) == "verified", "what is held is named, and the rest is verified"
    publish(
        scene.parts,
        governance(
            "hold.lifted",
            f"lifted-{subject}",
            scene.controller,
            hold_id=f"claim-{subject}",
            occurred_at=scene.parts.clock(),
        ),
    )
    settle(scene.parts)
    states = {each.erasure_id: each for each in advance_all(scene.parts, settle=settle)}
    second = states[erasure_id_of(subject, 1)]
    assert "voicemail" not in scene.opened(subject)
    assert [d.retention_class for d in second.destructions if second.erasure_id in d.destruction_id] == [
        "voicemail"
    ] * 2


@pytest.mark.parametrize("whole", [True, False], ids=["on the controller", "on the person"])
def test_hold_on_everything_refuses_the_erasure(scene: Scene, whole: bool) -> None:
    """Nothing may go, so nobody is told to erase, and no fact says that somebody is being erased."""
    subject = scene.subject(scene.caller)
    publish(
        scene.parts,
        governance(
            "hold.placed",
            f"all-{subject}",
            scene.controller,
            hold_id=f"all-{subject}",
            kind="legal",
            subject_pseudonym=None if whole else str(subject),
        ),
    )
    settle(scene.parts)
    with pytest.raises(NotPermitted, match=f"all-{subject}"):
        scene.erasures().start(scene.order())
    with scene.parts.store_connection(scene.parts.settings.store_schema) as store:
        assert ForgettingQueries(store).erasures_of(subject) == []


def test_restriction_of_processing_keeps_everything(scene: Scene) -> None:
    """Who asked for restriction opposes erasure, or needs the data for a claim (Art. 18(1))."""
    publish(
        scene.parts,
        inbox_record(
            "processing.restricted",
            "restricted",
            source=SITE,
            controller=scene.controller,
            subject_phone=scene.caller,
            restriction_id="r-1",
            ground="needed_for_claim",
        ),
    )
    settle(scene.parts)
    with pytest.raises(NotPermitted, match="r-1"):
        scene.erasures().start(scene.order())


def test_export_archive_that_is_still_there_is_a_place_in_the_way(scene: Scene, home: LedgerHome) -> None:
    """The file is named by its export's id, never by its path; removed, the erasure is verified."""
    subject = scene.subject(scene.caller)
    archive = home.path / "archive-of-alice.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("entries.json", f'[{{"caller_number": "{scene.caller}"}}]' * 1000)
    export_id = UUID(int=subject.int ^ 1)
    _note_export(scene, archive, export_id)
    state = scene.erase()
    assert state.searched is not None
    assert [place.place for place in state.searched.places if place.found] == [f"export {export_id}"]
    scene.answer(state, *RECIPIENTS)
    incomplete = scene.erasures().advance(state.erasure_id)
    (found,) = incomplete.incomplete
    assert [(p.kind, p.name) for p in found.problems] == [("place", f"export {export_id}")]
    assert incomplete == scene.erasures().advance(state.erasure_id)
    archive.unlink()
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"


def test_archive_that_was_not_finished_is_a_place_in_the_way(scene: Scene, home: LedgerHome) -> None:
    """Its process was killed before it had its name: what it wrote until then stands beside its place."""
    export_id = UUID(int=scene.subject(scene.caller).int ^ 2)
    left = path_beside(home.path / "killed.zip", str(export_id))
    left.write_bytes(b"PK\x03\x04, and then the process died")
    _note_export(scene, home.path / "killed.zip", export_id)
    state = scene.erase()
    assert state.searched is not None
    assert [place.place for place in state.searched.places if place.found] == [f"export {export_id}"]
    scene.answer(state, *RECIPIENTS)
    incomplete = scene.erasures().advance(state.erasure_id)
    assert [p.name for each in incomplete.incomplete for p in each.problems] == [f"export {export_id}"]
    left.unlink()
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"


@pytest.mark.parametrize("whole", [True, False], ids=["of the controller", "of the person"])
def test_export_during_an_erasure_gets_no_name(scene: Scene, tmp_path: Path, whole: bool) -> None:
    """What it read before the keys went is thrown away, and the erasure waits for that; run again, it is made."""
    order = scene.order()
    scope = Scope(scene.controller, None if whole else order.stream)
    exporting = ExportOrder(scope=scope, why="audit", target=tmp_path / "out.zip")
    during: list[ErasureState] = []

    def erase(_done: int, _total: int) -> None:
        if not during:
            state = scene.erase()
            scene.answer(state, *RECIPIENTS)
            during.append(scene.erasures().advance(state.erasure_id))

    with scene.parts.vault() as vault:
        own = OwnFacts(scene.parts, vault, settle=settle)
        with pytest.raises(InfrastructureError, match="was erased while it was written"):
            make_export(scene.parts, vault, own, exporting, erase)
        assert list(tmp_path.iterdir()) == []
        (state,) = during
        assert state_of(state) == "incomplete", "it was being written, so it stood in the way"
        assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"
        make_export(scene.parts, vault, own, exporting, lambda _done, _total: None)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        whole_text = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Alice Voorbeeld" not in whole_text
    assert (scene.called.encode() in whole_text) is whole


def _note_export(scene: Scene, archive: Path, export_id: UUID) -> None:
    with scene.parts.vault() as vault:
        vault.note_issued_export(
            IssuedExport(
                export_id=export_id,
                controller=scene.controller,
                subject=None,
                host=platform.node(),
                path=str(archive),
                sha256="0" * 64,
                made_at=scene.parts.clock(),
            )
        )


@pytest.mark.parametrize(
    "spelled", [lambda number: number, lambda number: f"0{number[3:]}", lambda number: f"tel {number[3:]}"],
    ids=["international", "national", "without prefix"],
)  # fmt: skip
def test_number_in_an_open_field_is_found_and_keeps_the_erasure_from_being_verified(
    scene: Scene, spelled: Callable[[str], str]
) -> None:
    """A publisher put it where it does not belong, and the log is for good: the place is named, not the value."""
    leaky = inbox_record(
        "call.completed",
        "leaky",
        controller=scene.controller,
        caller_number=scene.caller,
        call_id=spelled(scene.caller),
    )
    publish(scene.parts, leaky)
    settle(scene.parts)
    state = scene.erase()
    assert state.searched is not None
    found = {place.place for place in state.searched.places if place.found}
    assert {"topic ledger", "store stored_events"} <= found
    incomplete = scene.erasures().advance(state.erasure_id)
    assert {p.name for each in incomplete.incomplete for p in each.problems} == found
    facts = b"".join(step.document.encode() for step in incomplete.steps)
    assert scene.caller[3:].encode() not in facts


def test_log_file_that_held_something_is_in_the_way_until_it_is_gone(scene: Scene, home: LedgerHome) -> None:
    """What was found there cannot be looked for again once the keys are gone, so the file has to go."""
    log_file = home.path / "carelessly.log"
    log_file.write_text(f"call from {scene.caller}", encoding="utf-8")
    state = scene.erase()
    scene.answer(state, *RECIPIENTS)
    incomplete = scene.erasures().advance(state.erasure_id)
    assert [p.name for each in incomplete.incomplete for p in each.problems] == ["log carelessly.log"]
    log_file.unlink()
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified"


def test_late_fact_under_the_old_pseudonym_loses_its_fields(scene: Scene) -> None:
    """Between closing and forgetting, and for services that name the pseudonym, no key is made any more."""
    state = scene.erase()
    publish(
        scene.parts,
        inbox_record(
            "data.exported",
            "late",
            source=SITE,
            controller=scene.controller,
            subject_pseudonym=str(state.stream),
            subject_email="late@example.com",
        ),
    )
    settle(scene.parts)
    assert "late" not in scene.opened(state.stream)
    with scene.parts.vault() as vault:
        email = Identifier(IdentifierKind.EMAIL, "late@example.com")
        assert vault.find_subject(scene.controller, email) is None, (
            "no identifier leads to the old pseudonym again"
        )
