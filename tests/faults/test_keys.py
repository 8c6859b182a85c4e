"""FAULTS rows 43, 44 and 49: two keys per field, one subject per person, one place per ciphertext; on the real log.

Each check runs on mutants too (`broken_keys`, `naive_directory`), where it must fail.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry, Sealed
from ledger.log.publisher import InboxRecord
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.field_cipher import CannotOpen, FieldContext, derive_secret
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.vault import Vault
from tests.faults.broken_erasure import broken
from tests.faults.broken_keys import (
    OneKeyForAll,
    OneKeyForEverybody,
    OneKeyForEveryDay,
    RemembersKeys,
    open_unbound,
    open_uncommitted,
    seal_unbound,
)
from tests.integration.forgetting.people import Scene
from tests.integration.pipeline.looking import check_exactly_once, sealed_up_to
from tests.ledger_home import (
    NOON,
    STOP_TIMEOUT_S,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    record_all,
    settle,
)
from tests.unit.vault.two_key_forgery import UnderKey, opens_under_both

CLASS = "call_history"
DAY = local_day(NOON)
ROOT = Path(__file__).resolve().parents[2]
_scenes = count(1)


@pytest.fixture
def scene(parts: Runtime) -> Scene:
    """Two people known to one controller of this test's own; nothing has happened yet."""
    return Scene(parts=parts, controller=f"keys-{next(_scenes)}")


# Row 43: destroy the subject's key only, the epoch's only, both, neither


def check_opens_only_while_neither_is_destroyed(scene: Scene, destroyed: Collection[str]) -> None:
    """A call is sealed and opens; then keys are destroyed, and it opens no more, whichever they are."""
    publish(scene.parts, scene.call("call", caller_name="Alice Voorbeeld"))
    settle(scene.parts)
    caller = scene.subject(scene.caller)
    before = scene.opened(caller)
    assert before == {"call": {"caller_number": scene.caller, "caller_name": "Alice Voorbeeld"}}
    with scene.parts.vault() as vault:
        if "subject" in destroyed:
            assert vault.destroy_subject_key(caller, CLASS, "erasure")
        if "epoch" in destroyed:
            assert vault.destroy_epoch(scene.controller, CLASS, DAY, "retention_ended")
    assert scene.opened(caller) == ({} if destroyed else before)


DESTROYED = [(), ("subject",), ("epoch",), ("subject", "epoch")]


@pytest.mark.parametrize("destroyed", DESTROYED, ids=["neither", "subject", "epoch", "both"])
def test_field_opens_only_while_neither_key_is_destroyed(scene: Scene, destroyed: Collection[str]) -> None:
    """Row 43, from the publisher's record to what a reader of the log opens."""
    check_opens_only_while_neither_is_destroyed(scene, destroyed)


@pytest.mark.parametrize(
    ("vault_type", "destroyed"),
    [
        (OneKeyForEverybody, ("subject",)),
        (OneKeyForEveryDay, ("epoch",)),
        (RemembersKeys, ("subject",)),
        (RemembersKeys, ("epoch",)),
        (RemembersKeys, ("subject", "epoch")),
    ],
)
def test_mutant_that_needs_one_key_or_keeps_them_is_noticed(
    scene: Scene, vault_type: type[Vault], destroyed: Collection[str]
) -> None:
    """Sealed under one key, the other's end closes nothing; a reader with a cache closes nothing at all."""
    mutant = replace(scene, parts=broken(scene.parts, vault_type))
    with pytest.raises(AssertionError):
        check_opens_only_while_neither_is_destroyed(mutant, destroyed)


# Row 44: 50 first events of one subject at once


SEALERS = 4
"""Processes: each has two of the eight inbox partitions, so that one person's events are on the desks of all."""
PEOPLE = 3
"""Each is a race of its own."""
FIRST_EVENTS = 50
SEALED_WITHIN_S = 60.0


class Sealers(NamedTuple):
    """How the sealers of a test are started, and whether they are sound."""

    module: str
    arguments: tuple[str, ...]


SOUND = Sealers("ledger.cli", ("seal", "--slot"))
NAIVE = Sealers("tests.faults.naive_directory", ())


@contextmanager
def sealing(home: LedgerHome, sealers: Sealers) -> Iterator[None]:
    """Several sealer processes side by side, each on its slot."""
    with ExitStack() as stack:
        for slot in range(1, SEALERS + 1):
            process = subprocess.Popen(
                [sys.executable, "-m", sealers.module, *sealers.arguments, f"{slot}/{SEALERS}"],
                env=home.environment,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, STOP_TIMEOUT_S)
            stack.callback(process.terminate)
        yield


def await_sealed(parts: Runtime) -> None:
    """Returns once the sealers are past everything in the inbox."""
    with parts.reader({}) as reader:
        ends = reader.ends([p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)])
    deadline = time.monotonic() + SEALED_WITHIN_S
    while sealed_up_to(parts) != ends:
        assert time.monotonic() < deadline, "the sealers do not get on"
        time.sleep(0.1)


def first_events(controller: str, person: str, number: str) -> list[InboxRecord]:
    """The first events that name a person, spread over the desks of all sealers."""
    kinds = ("consent.given", "data.exported", "data.accessed")
    return [
        inbox_record(
            kinds[place % len(kinds)], f"{person}-{place}", controller=controller, subject_phone=number
        )._replace(key=b"%d" % place)
        for place in range(FIRST_EVENTS)
    ]


def check_one_subject_each(home: LedgerHome, parts: Runtime, controller: str, sealers: Sealers) -> None:
    """People turn up for the first time in front of all sealers at once: one pseudonym and one key each, all opens."""
    people = {f"person{place}": f"+3197010{place:06}" for place in range(PEOPLE)}
    with sealing(home, sealers):
        # Everybody is awake, and waiting for what comes next.
        publish(parts, *first_events(f"{controller}-before", "person", "+3197010999999"))
        await_sealed(parts)
        for person, number in people.items():
            publish(parts, *first_events(controller, person, number))
            await_sealed(parts)
    record_all(parts)
    entries = [
        record
        for each in ledger_records(parts)
        if isinstance(record := decode_record(each.value or b""), Entry) and record.controller == controller
    ]
    with parts.vault() as vault:
        keys = read_keys(vault, entries)
        subjects = {
            person: vault.find_subject(controller, Identifier(IdentifierKind.PHONE, number))
            for person, number in people.items()
        }
    for person, number in people.items():
        its_own = [entry for entry in entries if entry.event_id.startswith(f"{person}-")]
        assert len(its_own) == FIRST_EVENTS
        assert {subjects[person]} == {entry.stream for entry in its_own}
        assert {number} == {open_record(keys, entry).get("subject_phone") for entry in its_own}
    with psycopg.connect(parts.vault_dsn) as connection:
        made = connection.execute(
            "SELECT subject FROM vault.subject WHERE controller = %s", (controller,)
        ).fetchall()
    assert set(subjects.values()) == {subject for (subject,) in made}, "nothing is left of lost attempts"


def test_first_events_of_one_person_in_front_of_several_sealers_make_one_subject(
    home: LedgerHome, parts: Runtime
) -> None:
    """Row 44, with real processes."""
    settle(parts)
    check_one_subject_each(home, parts, "first-example", SOUND)
    check_exactly_once(parts)


def test_mutant_that_looks_before_it_makes_is_noticed(home: LedgerHome, parts: Runtime) -> None:
    """The same with sealers that ask the directory first and write to it afterwards."""
    settle(parts)
    with pytest.raises(AssertionError):
        check_one_subject_each(home, parts, "naive-example", NAIVE)
    await_sealed(parts)
    record_all(parts)


# Row 49: ciphertext moved to another record, field, subject, controller; two-key forgery


class Sources(NamedTuple):
    """Entries of the log: a call's two parties, another call of the caller's, and one with another controller."""

    caller: Entry
    called: Entry
    later: Entry
    elsewhere: Entry


def entries_of_calls(scene: Scene) -> Sources:
    """Publishes and seals the calls; what of them is in the log."""
    name, other = "Alice Voorbeeld", f"{scene.controller}-other"
    publish(
        scene.parts,
        scene.call("call", caller_name=name, channel="SIP/trunk-1"),
        scene.call("later", caller_name=name, channel="SIP/trunk-2"),
        call("elsewhere", scene.caller, scene.called, caller_name=name, channel="SIP/1", controller=other),
    )
    settle(scene.parts)
    records = [decode_record(record.value or b"") for record in ledger_records(scene.parts)]
    found = {
        (record.event_id, role): record
        for record in records
        if isinstance(record, Entry) and record.controller in {scene.controller, other}
        for role in record.subject_roles
    }
    return Sources(
        caller=found["call", "caller"],
        called=found["call", "called"],
        later=found["later", "caller"],
        elsewhere=found["elsewhere", "caller"],
    )


def only(entry: Entry, field: str) -> Sealed:
    """One sealed field of an entry."""
    (found,) = [sealed for sealed in entry.sealed if sealed.field == field]
    return found


def with_only(entry: Entry, sealed: Sealed, salt: bytes | None = None) -> Entry:
    """The entry as somebody who can write to the log would make it say something else."""
    return msgspec.structs.replace(entry, sealed=[sealed], salt=salt or entry.salt)


def renamed(sealed: Sealed, field: str) -> Sealed:
    """The same ciphertext under another field's name."""
    return msgspec.structs.replace(sealed, field=field)


MOVES: dict[str, Callable[[Sources], Entry]] = {
    "record": lambda found: with_only(found.later, only(found.caller, "channel")),
    "field": lambda found: with_only(found.caller, renamed(only(found.caller, "caller_name"), "channel")),
    "subject": lambda found: with_only(found.called, only(found.caller, "channel"), found.caller.salt),
    "controller": lambda found: with_only(found.elsewhere, only(found.caller, "channel"), found.caller.salt),
    "day": lambda found: msgspec.structs.replace(found.caller, occurred_day=DAY + 1),
    "event_type": lambda found: msgspec.structs.replace(found.caller, event_type="call.recorded"),
}
"""Where a ciphertext is moved to. The last four take the record's salt along: then nothing but the place is other."""


def refused(parts: Runtime, entry: Entry) -> bool:
    """Whether a reader of the log stops at it."""
    with parts.vault() as vault:
        keys = read_keys(vault, [entry])
    try:
        open_record(keys, entry)
    except CannotOpen:
        return True
    except msgspec.DecodeError:
        pass  # opened, to what is no value
    return False


def check_moved_is_refused(scene: Scene, move: str) -> None:
    """Every entry opens as it was sealed; moved, the ciphertext stops the reader."""
    found = entries_of_calls(scene)
    with scene.parts.vault() as vault:
        # A day that had data of its own: without its key nothing would open for another reason.
        vault.keys_for([], [(scene.controller, CLASS, DAY + 1)])
    assert [entry.event_id for entry in found if refused(scene.parts, entry)] == []
    assert refused(scene.parts, MOVES[move](found))


@pytest.mark.parametrize("move", MOVES)
def test_moved_ciphertext_is_refused(scene: Scene, move: str) -> None:
    """Row 49: what is sealed opens in its place, and nowhere else."""
    check_moved_is_refused(scene, move)


@pytest.mark.parametrize("move", MOVES)
def test_moved_ciphertext_is_refused_even_if_every_key_were_the_same(scene: Scene, move: str) -> None:
    """The place is bound by more than its keys: one more lock than needed."""
    check_moved_is_refused(replace(scene, parts=broken(scene.parts, OneKeyForAll)), move)


@pytest.mark.parametrize("move", MOVES)
def test_mutant_whose_ciphertexts_are_bound_to_nothing_is_noticed(
    scene: Scene, move: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither keys nor place nor salt: whatever is moved opens, as somebody else's data."""
    monkeypatch.setattr("ledger.sealing.fields.seal_field", seal_unbound)
    monkeypatch.setattr("ledger.sealing.opening.open_field", open_unbound)
    with pytest.raises(AssertionError):
        check_moved_is_refused(replace(scene, parts=broken(scene.parts, OneKeyForAll)), move)


def forgery(parts: Runtime, *entries: Entry) -> bytes:
    """One ciphertext that GCM opens in the channel of both entries, made by somebody who has both people's keys."""
    with parts.vault() as vault:
        keys = read_keys(vault, entries)
    readers = []
    for entry in entries:
        subject_key = keys.ring.subject(entry.stream, CLASS)
        epoch_key = keys.ring.epoch(entry.controller, CLASS, DAY)
        assert subject_key is not None
        assert epoch_key is not None
        context = FieldContext(
            controller=entry.controller,
            subject=entry.stream,
            retention_class=CLASS,
            day=DAY,
            event_type=entry.event_type,
            field="channel",
        )
        secret = derive_secret(subject_key, epoch_key, entry.salt, context)
        readers.append(UnderKey(secret[:32], secret[32:44], context.encode()))
    forged = opens_under_both(*readers)
    texts = {AESGCM(each.key).decrypt(each.nonce, forged, each.aad) for each in readers}
    assert len(texts) == 2, "the forgery works against GCM alone"
    return forged


def check_forgery_is_refused(scene: Scene) -> None:
    """The forged field says one thing of the caller and another of the called party: one of them does not open."""
    found = entries_of_calls(scene)
    forged = msgspec.structs.replace(
        only(found.caller, "channel"), ciphertext=forgery(scene.parts, found.caller, found.called)
    )
    assert not refused(scene.parts, with_only(found.caller, forged)), "it is committed to the caller's key"
    assert refused(scene.parts, with_only(found.called, forged))


def test_two_key_forgery_is_refused(scene: Scene) -> None:
    """Row 49: with the keys of two people of one call."""
    check_forgery_is_refused(scene)


def test_mutant_without_a_commitment_is_noticed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """GCM's own tag is right under both keys."""
    monkeypatch.setattr("ledger.sealing.opening.open_field", open_uncommitted)
    with pytest.raises(AssertionError):
        check_forgery_is_refused(scene)
