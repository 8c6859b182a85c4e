"""Who an identifier belongs to: one person, one subject, per controller, also when everyone asks at once."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from ledger.errors import DataError
from ledger.postgres.connection import Connection
from ledger.vault import directory
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.made import Made
from ledger.vault.vault import Vault

T = TypeVar("T")
THREADS = 50
PHONE = Identifier(IdentifierKind.PHONE, "+3197010200001")
OTHER_PHONE = Identifier(IdentifierKind.PHONE, "+3197010200002")
EMAIL = Identifier(IdentifierKind.EMAIL, "someone@example.com")
ACCOUNT = Identifier(IdentifierKind.ACCOUNT, "K-1001")
ANONYMOUS = Identifier(IdentifierKind.PHONE, "anonymous")


def _mention(*identifiers: Identifier, controller: str = "acme") -> Mention:
    return Mention(controller=controller, identifiers=identifiers)


def _pseudonym(subject: UUID | None) -> Identifier:
    return Identifier(IdentifierKind.PSEUDONYM, str(subject))


def _count(conn: Connection, table: str) -> int:
    row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_same_person_same_subject(vault: Vault) -> None:
    """Within a batch, between batches, and however the number is written."""
    first, again = vault.resolve_subjects([_mention(PHONE), _mention(PHONE)])
    (later,) = vault.resolve_subjects([_mention(Identifier(IdentifierKind.PHONE, "0970 10200001"))])
    assert first is not None
    assert first == again == later


def test_another_controllers_caller_is_another_subject(vault: Vault) -> None:
    """Two controllers who know one person have two subjects, which nobody can join by their ids."""
    here, there = vault.resolve_subjects([_mention(PHONE), _mention(PHONE, controller="globex")])
    assert here != there
    assert vault.find_subjects(PHONE) == [("acme", here), ("globex", there)]
    assert vault.controller_of(there or uuid4()) == "globex"


def test_identifiers_named_together_lead_to_one_subject(vault: Vault) -> None:
    """An unknown identifier beside a known one is linked to the known one's subject."""
    (caller,) = vault.resolve_subjects([_mention(PHONE)])
    chain = [_mention(PHONE, EMAIL), _mention(EMAIL, ACCOUNT), _mention(ACCOUNT)]
    assert vault.resolve_subjects(chain) == [caller] * 3
    assert vault.find_subject("acme", ACCOUNT) == caller


def test_known_subjects_are_never_merged(vault: Vault) -> None:
    """Two people who turn up in one mention stay two; the first known identifier decides."""
    one, two = vault.resolve_subjects([_mention(PHONE), _mention(EMAIL)])
    assert one != two
    assert vault.resolve_subjects([_mention(PHONE, EMAIL), _mention(EMAIL, PHONE)]) == [one, two]
    assert vault.resolve_subjects([_mention(PHONE), _mention(EMAIL)]) == [one, two]


def test_first_known_decides_over_an_unknown_before_it(vault: Vault) -> None:
    """Order among the known ones counts, not among all."""
    (known,) = vault.resolve_subjects([_mention(EMAIL)])
    assert vault.resolve_subjects([_mention(OTHER_PHONE, EMAIL)]) == [known]
    assert vault.find_subject("acme", OTHER_PHONE) == known


@pytest.mark.parametrize("identifiers", [(), (ANONYMOUS,), (_pseudonym(uuid4()),)])
def test_nobody_is_nobody(vault: Vault, conn: Connection, identifiers: tuple[Identifier, ...]) -> None:
    """No identifier, a withheld number, a pseudonym nobody has: no subject is made."""
    assert vault.resolve_subjects([_mention(*identifiers)]) == [None]
    assert _count(conn, "subject") == 0


def test_pseudonym_is_known_only_to_its_controller(vault: Vault) -> None:
    """A publisher may name its own subjects by our pseudonyms; not another's, not invented ones."""
    (subject,) = vault.resolve_subjects([_mention(PHONE)])
    mine, theirs, invented = vault.resolve_subjects(
        [
            _mention(_pseudonym(subject)),
            _mention(_pseudonym(subject), controller="globex"),
            _mention(_pseudonym(uuid4()), EMAIL),
        ]
    )
    assert mine == subject
    assert theirs is None
    assert invented not in (subject, None)
    assert vault.find_subject("acme", _pseudonym(subject)) == subject
    assert vault.find_subject("globex", _pseudonym(subject)) is None


def test_pseudonym_links_a_new_identifier(vault: Vault) -> None:
    """A known pseudonym beside a new number makes the number that person's."""
    (subject,) = vault.resolve_subjects([_mention(PHONE)])
    assert vault.resolve_subjects([_mention(OTHER_PHONE, _pseudonym(subject))]) == [subject]
    assert vault.find_subject("acme", OTHER_PHONE) == subject


def test_resolving_tells_whom_it_made(vault: Vault, conn: Connection) -> None:
    """The second copy gets new people and new links as they are stored; nothing when everybody is known."""
    known = vault.resolve_subjects([_mention(PHONE)])[0]
    told: list[Made] = []
    mentions = [_mention(PHONE, EMAIL), _mention(ACCOUNT)]
    for _ in range(2):
        _, new = directory.resolve(conn, vault._index_key, mentions, on_made=told.append)
    (made,) = told
    assert made.subjects == ((new, "acme"),)
    assert {link.subject for link in made.links} == {known, new}
    rows = conn.execute("SELECT controller, identifier_index, subject FROM directory").fetchall()
    assert set(made.links) < set(rows)
    assert len(made.links) == 2


def test_people_are_not_made_when_the_second_copy_fails(vault: Vault, conn: Connection) -> None:
    """It is told before the commit: what it raises undoes the people, too."""

    def fails(made: Made) -> None:
        raise DataError(f"{len(made.subjects)} rows, disk full")

    with pytest.raises(DataError, match="1 rows"), conn.transaction():
        directory.resolve(conn, vault._index_key, [_mention(PHONE)], on_made=fails)
    assert _count(conn, "subject") == 0


def test_finding_makes_nobody(vault: Vault, conn: Connection) -> None:
    """A look-up leaves no trace of whom was asked for."""
    assert vault.find_subject("acme", PHONE) is None
    assert vault.find_subjects(PHONE) == []
    assert vault.find_subject("acme", ANONYMOUS) is None
    assert vault.controller_of(uuid4()) is None
    assert _count(conn, "directory") == 0


def test_large_batch(vault: Vault, conn: Connection) -> None:
    """Two thousand people at once, each found again."""
    mentions = [_mention(Identifier(IdentifierKind.ACCOUNT, f"K-{n}")) for n in range(2000)]
    subjects = vault.resolve_subjects(mentions)
    assert len(set(subjects)) == 2000
    assert vault.resolve_subjects(mentions) == subjects
    assert _count(conn, "subject") == 2000


def test_empty_batch(vault: Vault) -> None:
    """Nobody to find."""
    assert vault.resolve_subjects([]) == []


def test_value_postgres_cannot_hold_is_a_data_error(vault: Vault) -> None:
    """A NUL in a controller's id is bad data, said without repeating it; the vault goes on working."""
    with pytest.raises(DataError) as refused:
        vault.resolve_subjects([_mention(PHONE, controller="zq\0me")])
    assert "zq" not in refused.value.found
    assert vault.resolve_subjects([_mention(PHONE)]) != [None]


def test_fifty_first_events_of_one_subject_make_one_subject_and_one_key(
    open_vault: Callable[[], Vault], conn: Connection
) -> None:
    """FAULTS row 44: all see the same subject and the same keys, and nothing is left of the lost attempts."""

    def first_event(vault: Vault) -> tuple[UUID | None, bytes | None, bytes | None]:
        (subject,) = vault.resolve_subjects([_mention(PHONE, EMAIL)])
        assert subject is not None
        ring = vault.keys_for([(subject, "content")], [("acme", "content", 20500)])
        return subject, ring.subject(subject, "content"), ring.epoch("acme", "content", 20500)

    seen = _at_once(open_vault, first_event)
    assert len(set(seen)) == 1
    assert None not in seen[0]
    assert [_count(conn, table) for table in ("subject", "directory", "subject_key", "epoch_key")] == [
        1,
        2,
        1,
        1,
    ]


def test_naive_directory_makes_several_subjects(open_vault: Callable[[], Vault]) -> None:
    """The mutant: look, then insert, without asking again after a lost race. The test above must catch it."""
    looked = Barrier(THREADS)

    def naive_first_event(vault: Vault) -> UUID:
        assert vault.find_subject("acme", PHONE) is None
        looked.wait()
        subject = uuid4()
        with vault._transaction("insert") as own:
            own.execute("INSERT INTO subject (subject, controller) VALUES (%s, 'acme')", (subject,))
            own.execute(
                "INSERT INTO directory VALUES ('acme', %s, %s) ON CONFLICT DO NOTHING", (b"i" * 32, subject)
            )
        return subject

    assert len(set(_at_once(open_vault, naive_first_event))) > 1


def test_overlapping_batches_in_any_order_neither_deadlock_nor_split_a_person(
    open_vault: Callable[[], Vault], conn: Connection
) -> None:
    """Batches that name the same people in opposite order all agree on who is who."""
    people = [Identifier(IdentifierKind.ACCOUNT, f"K-{n}") for n in range(200)]
    turn = itertools.count()

    def batch(vault: Vault) -> dict[Identifier, UUID | None]:
        order = people if next(turn) % 2 else people[::-1]
        return dict(zip(order, vault.resolve_subjects([_mention(p) for p in order]), strict=True))

    seen = _at_once(open_vault, batch, threads=16)
    assert all(subjects == seen[0] for subjects in seen)
    assert _count(conn, "subject") == len(people)


def _at_once(open_vault: Callable[[], Vault], act: Callable[[Vault], T], threads: int = THREADS) -> list[T]:
    """Does the same on many vaults at the same moment."""
    vaults = [open_vault() for _ in range(threads)]
    start = Barrier(threads)

    def one(vault: Vault) -> T:
        start.wait()
        return act(vault)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, vaults))
