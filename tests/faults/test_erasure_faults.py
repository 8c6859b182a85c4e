"""FAULTS rows 45, 48, 50 and 51: what can go wrong while a person is erased; variants that must be noticed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from ledger.bootstrap import Runtime
from ledger.config import INSTRUCTIONS_TOPIC
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.errors import InfrastructureError, LedgerError
from ledger.forgetting.certificate import certificate, state_of
from ledger.forgetting.erasure import Erasures
from ledger.forgetting.erasure_plan import erasure_id_of
from ledger.forgetting.topic_scan import TopicScan
from ledger.log.publisher import InboxPublisher
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState
from ledger.store.queries import Queries
from ledger.vault.destruction import NotDestroyed
from ledger.vault.vault import Vault
from tests.faults.broken_erasure import (
    BelievesAnybody,
    ClaimsTombstones,
    DestroysTheDay,
    DoesItAndSaysFailed,
    FailsBeforehand,
    NeverCloses,
    NeverForgets,
    SaysDoneAndDoesNothing,
    TakesSilenceForAYes,
    TrustsTheVault,
    broken,
    erasures_with,
)
from tests.integration.forgetting.people import PBX, RECIPIENTS, SITE, SPEECH, Scene
from tests.ledger_home import (
    LedgerHome,
    await_recorded,
    call,
    inbox_record,
    new_home,
    publish,
    settle,
    verify_whole_log,
)


@pytest.fixture
def scene(parts: Runtime, request: pytest.FixtureRequest) -> Scene:
    """A person with a life, known to one controller of this test's own."""
    made = Scene(parts=parts, controller=f"c-{request.node.name}"[:60])
    made.life()
    return made


def recorded_erasure(scene: Scene, erasure_id: str) -> ErasureState:
    """An erasure as it is recorded."""
    with scene.parts.store_connection(scene.parts.settings.store_schema) as store:
        state = ForgettingQueries(store).erasure(erasure_id)
    assert state is not None
    return state


# Row 45: erase while sealing at full speed


CHUNK = 20
"""Calls published at once."""
PAUSE_S = 0.05
"""Between chunks: the sealer always has something to do, and the recorder of a busy test machine keeps up."""
AFTERWARDS = 10 * CHUNK
"""Calls published after the erasure has ended."""


@contextmanager
def flood(parts: Runtime, caller: str, called: str, controller: str) -> Iterator[list[int]]:
    """Publishes calls of the person without end; yields a list whose length is how many."""
    stop, sent = threading.Event(), list[int]()

    def run() -> None:
        with InboxPublisher(parts.kafka) as publisher:
            while not stop.is_set():
                first = len(sent)
                numbers = range(first, first + CHUNK)
                publisher.publish(call(f"flood-{n}", caller, called, controller=controller) for n in numbers)
                sent.extend(numbers)
                stop.wait(PAUSE_S)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()


def entries_of(parts: Runtime, controller: str) -> list[Entry]:
    """Every entry of a controller that took effect."""
    with parts.store_connection(parts.settings.store_schema) as store:
        states = [bytes(row[0]) for row in store.execute("SELECT state FROM stored_events")]
    records = map(decode_record, states)
    return [record for record in records if isinstance(record, Entry) and record.controller == controller]


def test_person_erased_while_a_sealer_runs_at_full_speed_is_closed_and_whoever_calls_on_is_somebody_new() -> (
    None
):
    """Row 45, with real processes: nothing opens under the old pseudonym, no live key, no call lost or rejected."""
    with new_home() as home, home.parts() as parts:
        scene = Scene(parts=parts, controller="dentist-example")
        scene.life()
        old = scene.subject(scene.caller)
        with home.process("seal"), home.process("record"):
            with flood(parts, scene.caller, scene.called, scene.controller) as sent:
                document = home.json("erase", "--subject", str(old))
                published_before = len(sent)
                while len(sent) < published_before + AFTERWARDS:
                    threading.Event().wait(0.1)
            await_recorded(home)
        check_closed(scene, old)
        assert document["state"] == "waiting"
        new = scene.subject(scene.caller)
        assert new != old
        ours = [entry for entry in entries_of(parts, scene.controller) if entry.event_id.startswith("flood-")]
        callers = [entry for entry in ours if "caller" in entry.subject_roles]
        assert sorted(f"flood-{n}" for n in sent) == sorted(entry.event_id for entry in callers)
        assert {old, new} == {entry.stream for entry in callers}
        assert home.json("rejected", "list")["rejected"] == []
        with parts.store_connection(parts.settings.store_schema) as store:
            assert Queries(store).totals().out_of_chain == 0
        opened = scene.opened(new)
        assert {entry.event_id for entry in callers if entry.stream == new} == opened.keys()
        verify_whole_log(parts)


def check_closed(scene: Scene, old: UUID) -> None:
    """No live key of a class that went, and no field of such a class opens."""
    state = recorded_erasure(scene, erasure_id_of(old))
    with scene.parts.vault() as vault:
        keys = vault.subject_key_classes(old)
        assert vault.directory_count(old) == 0
    gone = set(state.started.destroyed_classes)
    assert [name for name, lives in keys.items() if lives == "live" and name.partition(":")[0] in gone] == []
    assert set(scene.opened(old)) <= {"consent"}


def meddling(scene: Scene) -> Callable[[Runtime], None]:
    """Settles, and each time something new of the person has arrived: of a class never seen, by a new number too."""
    kinds = iter(("message.sent", "fax.transmitted", "signalling.logged", "number.dialled") * 20)
    numbers = count(1)

    def settles(parts: Runtime) -> None:
        kind, number = next(kinds), next(numbers)
        identifies: dict[str, Any] = {
            "message.sent": {"sender_number": scene.caller, "content": "Are you there?"},
            "fax.transmitted": {"sender_number": scene.caller},
            "signalling.logged": {"caller_number": scene.caller},
            "number.dialled": {"dialled_number": scene.caller},
        }[kind]
        publish(parts, inbox_record(kind, f"meddling-{number}", controller=scene.controller, **identifies))
        settle(parts)

    return settles


def erase_amid_arrivals(scene: Scene, erasures: type[Erasures] = Erasures) -> UUID:
    """An erasure while new classes of the person's data keep arriving, and one call after it; the old pseudonym."""
    old = scene.subject(scene.caller)
    order = scene.order()
    eraser = erasures(scene.parts, settle=meddling(scene))
    state, _ = eraser.start(order)
    eraser.advance(state.erasure_id)
    publish(scene.parts, scene.call("afterwards", caller_name="Alice Voorbeeld"))
    settle(scene.parts)
    return old


def check_somebody_new(scene: Scene, old: UUID) -> None:
    """Whoever called afterwards is somebody new, and readable."""
    new = scene.subject(scene.caller)
    assert new != old
    assert scene.opened(new)["afterwards"]["caller_name"] == "Alice Voorbeeld"


def test_data_of_new_classes_that_arrives_between_the_steps_is_closed_too(scene: Scene) -> None:
    """Each class that gets a key after the intents is announced and destroyed as well."""
    old = erase_amid_arrivals(scene)
    check_closed(scene, old)
    check_somebody_new(scene, old)


def test_mutant_that_never_forgets_is_noticed(scene: Scene) -> None:
    """Without the directory's rows going, whoever calls again is the erased person and loses every field."""
    old = erase_amid_arrivals(scene, erasures_with(NeverForgets))
    with scene.parts.vault() as vault:
        vault.forget_due()
    with pytest.raises((AssertionError, KeyError)):
        check_somebody_new(scene, old)


def test_mutant_that_never_closes_is_noticed(scene: Scene) -> None:
    """Keys of new classes are made again under the old pseudonym, and live on."""
    mutant = replace(scene, parts=broken(scene.parts, NeverCloses))
    old = scene.subject(scene.caller)
    with suppress(LedgerError):
        erase_amid_arrivals(mutant)
    late = inbox_record(
        "data.exported",
        "late",
        controller=scene.controller,
        subject_pseudonym=str(old),
        subject_email="late@example.com",
    )
    publish(mutant.parts, late)
    settle(mutant.parts)
    with pytest.raises(AssertionError):
        check_closed(mutant, old)


# Row 48: destruction reports success and did not happen; it happened and was reported failed


def try_to_erase(scene: Scene, vault_type: type[Vault]) -> ErasureState:
    """An attempt on a broken vault; what is recorded of it."""
    faulty = replace(scene, parts=broken(scene.parts, vault_type))
    state, _ = faulty.erasures().start(faulty.order())
    with suppress(LedgerError):
        faulty.erasures().advance(state.erasure_id)
    settle(faulty.parts)
    return recorded_erasure(scene, state.erasure_id)


def check_not_called_done(state: ErasureState) -> None:
    """No fact says that a key is destroyed, and none that the erasure is verified."""
    assert [each for each in state.destructions if each.phase == "confirmed"] == []
    assert state.verified is None


@pytest.mark.parametrize("vault_type", [SaysDoneAndDoesNothing, ClaimsTombstones])
def test_destruction_that_did_not_happen_is_never_called_done(scene: Scene, vault_type: type[Vault]) -> None:
    """Whatever the vault answers, a field that opens is found; the erasure says that it is incomplete, and why."""
    state = try_to_erase(scene, vault_type)
    check_not_called_done(state)
    assert state_of(state) == "incomplete"
    assert {p.kind for each in state.incomplete for p in each.problems} == {"key"}
    scene.answer(state, *RECIPIENTS)
    assert state_of(scene.erasures().advance(state.erasure_id)) == "verified", "a sound vault mends it"
    check_closed(scene, state.stream)


def test_destruction_that_did_not_happen_stops_loudly(scene: Scene) -> None:
    """Whoever asked is told, with the exit code of an integrity error."""
    faulty = replace(scene, parts=broken(scene.parts, SaysDoneAndDoesNothing))
    state, _ = faulty.erasures().start(faulty.order())
    with pytest.raises(NotDestroyed):
        faulty.erasures().advance(state.erasure_id)


@pytest.mark.parametrize("vault_type", [DoesItAndSaysFailed, FailsBeforehand])
def test_destruction_whose_answer_was_lost_is_asked_for_again(scene: Scene, vault_type: type[Vault]) -> None:
    """Done or not, the next attempt ends the same, and each key is confirmed once."""
    faulty = replace(scene, parts=broken(scene.parts, vault_type))
    state, _ = faulty.erasures().start(faulty.order())
    with pytest.raises(InfrastructureError):
        faulty.erasures().advance(state.erasure_id)
    check_not_called_done(recorded_erasure(scene, state.erasure_id))
    state = scene.erasures().advance(state.erasure_id)
    assert state_of(state) == "waiting"
    assert len([each for each in state.destructions if each.phase == "confirmed"]) == 3
    check_closed(scene, state.stream)


def test_mutant_that_trusts_the_vault_is_noticed(scene: Scene) -> None:
    """Without the re-reading a lying vault is believed."""
    parts = broken(scene.parts, ClaimsTombstones)
    erasures = erasures_with(TrustsTheVault)(parts, settle=settle)
    state, _ = erasures.start(scene.order())
    with pytest.raises(AssertionError):
        check_not_called_done(erasures.advance(state.erasure_id))


# Row 50: one service never confirms


def check_silence_is_named(scene: Scene, erasures: type[Erasures] = Erasures) -> ErasureState:
    """One recipient never answers: from the moment its time ends the erasure is incomplete, and names it."""
    state = scene.erase()
    scene.answer(state, PBX, SITE)
    late = scene.at(state.started.recipients[0].confirm_by)
    state = erasures(late.parts, settle=settle).advance(state.erasure_id)
    assert state_of(state) == "incomplete"
    assert [(p.kind, p.name) for p in state.incomplete[-1].problems] == [("silent", SPEECH)]
    return state


def test_recipient_that_never_confirms_is_named_visible_and_told_again(
    scene: Scene, home: LedgerHome
) -> None:
    """In the status, as a finding on the person's trail, and with the same instruction sent once more."""
    state = check_silence_is_named(scene)
    listed = home.json("erase", "status", "--id", state.erasure_id)["erasures"]
    assert [(p["kind"], p["name"]) for p in listed[0]["problems"]] == [("silent", SPEECH)]
    trail = home.json("trail", "--subject", str(state.stream))["entries"]
    assert "erasure_incomplete" in {finding["code"] for entry in trail for finding in entry["findings"]}
    assert len([key for key in instructions_to(scene.parts, state) if key == SPEECH]) == 2


def instructions_to(parts: Runtime, state: ErasureState) -> Iterator[str]:
    """Who was sent an instruction of this erasure, once per message."""
    with parts.reader({}) as reader:
        for batch in TopicScan(reader, INSTRUCTIONS_TOPIC).batches():
            for record in batch:
                if state.erasure_id.encode() in (record.value or b""):
                    yield (record.key or b"").decode()


def test_mutant_that_takes_silence_for_a_yes_is_noticed(scene: Scene) -> None:
    """An erasure that ends verified by itself is what nobody may rely on."""
    with pytest.raises(AssertionError):
        check_silence_is_named(scene, erasures_with(TakesSilenceForAYes))


# Answers of those who were not asked


def check_strangers_are_not_believed(scene: Scene, erasures: type[Erasures] = Erasures) -> None:
    """Everybody's answer, once from themselves before they were told, and once by a stranger: the erasure waits on."""
    erasure_id = erasure_id_of(scene.subject(scene.caller))
    early: dict[str, Any] = {"erasure_id": erasure_id, "outcome": "erased", "controller": scene.controller}
    publish(
        scene.parts,
        *(inbox_record("data.erased", f"early {it}", source=it, service=it, **early) for it in RECIPIENTS),
    )
    settle(scene.parts)
    state = scene.erase()
    scene.answer(state, *RECIPIENTS, source="urn:evil:svc")
    state = erasures(scene.parts, settle=settle).advance(state.erasure_id)
    assert state_of(state) == "waiting"
    shown = certificate(state, now=scene.parts.clock(), inbox_retention_hours=72)
    assert {each["answer"] is None for each in shown["recipients"]} == {True}
    found = sorted((each["source"], each["service"], each["why"]) for each in shown["disregarded_answers"])
    assert found == sorted(
        [(it, it, "too_early") for it in RECIPIENTS] + [("urn:evil:svc", it, "stranger") for it in RECIPIENTS]
    )


def test_answer_of_a_stranger_or_from_before_the_instruction_confirms_nothing(scene: Scene) -> None:
    """The erasure's id follows from the pseudonym, which is in the trail: anybody can name it."""
    check_strangers_are_not_believed(scene)


def test_mutant_that_believes_anybody_is_noticed(scene: Scene) -> None:
    """It verifies what nobody confirmed."""
    with pytest.raises(AssertionError):
        check_strangers_are_not_believed(scene, erasures_with(BelievesAnybody))


# Row 51: erasure of one party of a call


def check_other_party_opens(scene: Scene, erasures: type[Erasures] = Erasures) -> None:
    """The caller is erased; every field of the called party opens as before."""
    other = scene.subject(scene.called)
    before = scene.opened(other)
    assert before["call"]["called_number"] == scene.called
    eraser = erasures(scene.parts, settle=settle)
    state, _ = eraser.start(scene.order())
    eraser.advance(state.erasure_id)
    assert before == scene.opened(other)


def test_other_party_of_the_call_still_opens(scene: Scene) -> None:
    """One event, two people, who can be erased apart."""
    check_other_party_opens(scene)


def test_mutant_that_destroys_the_day_is_noticed(scene: Scene) -> None:
    """It closes the erased person's fields just as well, and everybody else's."""
    with pytest.raises(AssertionError):
        check_other_party_opens(scene, erasures_with(DestroysTheDay))
