"""Who an identifier belongs to: identifier -> data subject, per controller, by blind index.

Subjects are random UUIDs: nothing about a person can be computed from one. Two identifiers lead to one
subject once an event has named both together. Two subjects that already exist are never merged: a number that
both use (a reception desk, a family) would otherwise join people for ever, and their keys with them.

A subject that is forgotten (`ledger.vault.closing`) has no identifier and gets none any more; its pseudonym still
names it, because services confirm an erasure by it.

Owns: the tables subject and directory. Leaves to others: transactions (`ledger.vault.vault`), keys, and
ending a link (the erasure's and the number's own life cycle). DESIGN section 7.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
import psycopg

from ledger.errors import InfrastructureError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.identifiers import Identifier, as_pseudonym, blind_index
from ledger.vault.made import Made, MadeLink, MadeSubject, OnMade

RESOLVE_ATTEMPTS_MAX = 10
"""An attempt is lost when another sealer links one of our identifiers first, or a subject we link to is forgotten;
that then stands, so the next attempt finds it. Ten in a row means something else is wrong."""

_SQL = load_sql(Path(__file__).parent / "sql" / "directory.sql")


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """One person as one event names them.

    Args:
        controller: the controller whose directory is asked.
        identifiers: all of this one person, the most telling first.
    """

    controller: str
    identifiers: tuple[Identifier, ...]


class _Link(NamedTuple):
    """The key of one directory row."""

    controller: str
    blind_index: bytes


class _Owner(NamedTuple):
    """What is known of a subject that a pseudonym names."""

    controller: str
    forgotten: bool


@dataclass(kw_only=True)
class _Assignment:
    """What a batch's mentions lead to, and what must be stored for that."""

    subjects: list[UUID | None] = field(default_factory=list)
    new_subjects: dict[UUID, str] = field(default_factory=dict)  # subject -> controller
    new_links: dict[_Link, UUID] = field(default_factory=dict)


def resolve(
    conn: Connection, index_key: bytes, mentions: Sequence[Mention], *, on_made: OnMade | None = None
) -> list[UUID | None]:
    """The subjects a batch's mentions mean, made where nobody is known.

    In order of the batch, and of each mention's identifiers: the first known one decides, the unknown ones
    are linked to the same subject. A pseudonym is known if it is a subject of that controller and otherwise
    ignored: publishers cannot make subjects of their own choosing. The pseudonym of a forgotten subject
    decides before any identifier, and nothing is linked to it: beside it an identifier that nobody knows yet may be
    somebody's a moment later, and a record that is sealed again must reach the same subject (`in_flight`).

    Two queries and, for new people, two inserts, whatever the size of the batch. Identifiers are inserted in
    key order, so concurrent batches wait for each other without deadlock; one that finds an identifier taken
    when its turn comes undoes its inserts and asks again, so that one first event seen fifty times makes one
    subject.

    Args:
        conn: at READ COMMITTED; the caller commits.
        index_key: 32 bytes, keys the blind index.
        mentions: any number.
        on_made: told of the subjects and links made here, before the commit; not called when none were.

    Returns:
        For each mention its subject; None when nothing in it identifies anybody.

    Raises:
        InfrastructureError: lost the race too often.
    """
    keys = [_keys(index_key, mention) for mention in mentions]
    links = {key for its_keys in keys for key in its_keys if isinstance(key, _Link)}
    pseudonyms = {key for its_keys in keys for key in its_keys if isinstance(key, UUID)}
    for _ in range(RESOLVE_ATTEMPTS_MAX):
        assignment = _assign(mentions, keys, _known_links(conn, links), _known_subjects(conn, pseudonyms))
        if not assignment.new_links:
            return assignment.subjects
        if _store(conn, assignment):
            if on_made is not None:
                on_made(_made(assignment))
            return assignment.subjects
    raise InfrastructureError(
        "resolve data subjects: other processes kept linking the same identifiers",
        found=f"{RESOLVE_ATTEMPTS_MAX} attempts lost",
        do="Start again; if it repeats, look for two sealers on one inbox partition.",
    )


def find(conn: Connection, index_key: bytes, controller: str, identifier: Identifier) -> UUID | None:
    """The subject one controller knows by an identifier; makes none."""
    if (pseudonym := as_pseudonym(identifier)) is not None:
        return pseudonym if controller_of(conn, pseudonym) == controller else None
    index = blind_index(index_key, controller, identifier)
    if index is None:
        return None
    row = conn.execute(_SQL["find"], {"controller": controller, "index": index}).fetchone()
    return row[0] if row else None


def find_any(conn: Connection, index_key: bytes, identifier: Identifier) -> list[tuple[str, UUID]]:
    """Every (controller, subject) an identifier leads to, by controller; one HMAC per controller there is."""
    if (pseudonym := as_pseudonym(identifier)) is not None:
        owner = controller_of(conn, pseudonym)
        return [(owner, pseudonym)] if owner is not None else []
    controllers = [row[0] for row in conn.execute(_SQL["controllers"])]
    indexes = ((name, blind_index(index_key, name, identifier)) for name in controllers)
    known = _known_links(conn, {_Link(name, index) for name, index in indexes if index is not None})
    return sorted((link.controller, subject) for link, subject in known.items())


def controller_of(conn: Connection, subject: UUID) -> str | None:
    """The controller a subject belongs to; None when there is no such subject."""
    owner = _known_subjects(conn, {subject}).get(subject)
    return owner.controller if owner is not None else None


def _keys(index_key: bytes, mention: Mention) -> list[_Link | UUID]:
    """What to look a mention up by: directory rows and pseudonyms, in its own order."""
    keys: list[_Link | UUID] = []
    for identifier in mention.identifiers:
        if (pseudonym := as_pseudonym(identifier)) is not None:
            keys.append(pseudonym)
        elif (index := blind_index(index_key, mention.controller, identifier)) is not None:
            keys.append(_Link(mention.controller, index))
    return keys


def _assign(
    mentions: Sequence[Mention],
    keys: Sequence[Sequence[_Link | UUID]],
    known: Mapping[_Link, UUID],
    owners: Mapping[UUID, _Owner],
) -> _Assignment:
    """Decides who is who; pure but for the random pseudonyms of new people."""
    assignment = _Assignment()
    for mention, its_keys in zip(mentions, keys, strict=True):
        links = [key for key in its_keys if isinstance(key, _Link)]
        candidates = (
            (known.get(key) or assignment.new_links.get(key))
            if isinstance(key, _Link)
            else (key if key in owners and owners[key].controller == mention.controller else None)
            for key in its_keys
        )
        forgotten = (
            key for key in its_keys if isinstance(key, UUID) and owners.get(key) == (mention.controller, True)
        )
        subject = next((one for one in chain(forgotten, candidates) if one is not None), None)
        if subject is None and links:
            subject = uuid4()
            assignment.new_subjects[subject] = mention.controller
        if subject is not None and not (subject in owners and owners[subject].forgotten):
            for link in links:
                if link not in known:
                    assignment.new_links.setdefault(link, subject)
        assignment.subjects.append(subject)
    return assignment


def _store(conn: Connection, assignment: _Assignment) -> bool:
    """Inserts new subjects and links, all or none; False when an identifier was taken or a subject forgotten."""
    links = assignment.new_links
    stored = False
    with conn.transaction() as attempt:
        conn.execute(
            _SQL["add_subjects"],
            {
                "subjects": list(assignment.new_subjects),
                "controllers": list(assignment.new_subjects.values()),
            },
        )
        inserted = conn.execute(
            _SQL["link_identifiers"],
            {
                "controllers": [link.controller for link in links],
                "indexes": [link.blind_index for link in links],
                "subjects": list(links.values()),
            },
        ).rowcount
        stored = inserted == len(links)
        if not stored:
            raise psycopg.Rollback(attempt)  # ends the block, undoing this attempt only
    return stored


def _made(assignment: _Assignment) -> Made:
    return Made(
        subjects=tuple(MadeSubject(*item) for item in assignment.new_subjects.items()),
        links=tuple(MadeLink(*link, subject) for link, subject in assignment.new_links.items()),
    )


def _known_links(conn: Connection, links: Iterable[_Link]) -> dict[_Link, UUID]:
    asked = list(links)
    if not asked:
        return {}
    rows = conn.execute(
        _SQL["known_identifiers"],
        {"controllers": [link.controller for link in asked], "indexes": [link.blind_index for link in asked]},
        binary=True,
    )
    return {_Link(controller, index): subject for controller, index, subject in rows}


def _known_subjects(conn: Connection, subjects: Iterable[UUID]) -> dict[UUID, _Owner]:
    asked = list(subjects)
    if not asked:
        return {}
    rows = conn.execute(_SQL["known_subjects"], {"subjects": asked}, binary=True)
    return {subject: _Owner(controller, forgotten) for subject, controller, forgotten in rows}
