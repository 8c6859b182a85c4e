"""Naming a data subject on the command line: by pseudonym, or by an identifier looked up in the vault."""

import sys
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from ledger.bootstrap import Runtime
from ledger.errors import CallerError, NotFound
from ledger.store.queries import Queries
from ledger.vault.identifiers import Identifier, IdentifierKind, normalise

SubjectOption = Annotated[
    str | None,
    typer.Option(
        help="A data subject: its pseudonym (UUID), or phone:…, email:…, account:… looked up in the vault; "
        "- reads one line from standard input, which keeps it out of the shell's history.",
    ),
]


def find_streams(parts: Runtime, reference: str | None, controller: str | None) -> list[UUID] | None:
    """The streams a reference names: one per controller that knows the person.

    Returns:
        None when no reference was given.

    Raises:
        NotFound: nobody is known by it; the message does not repeat it.
        CallerError: it has no form we know.
    """
    if reference is None:
        return None
    reference = read_reference(reference)
    identifier = identifier_in(reference)
    if identifier is None:
        return [UUID(reference)]
    with parts.vault() as vault:
        found: Sequence[tuple[str, UUID]] = vault.find_subjects(identifier)
    streams = [stream for known_by, stream in found if controller in (None, known_by)]
    if not streams:
        raise NotFound(
            "nobody is known by that identifier",
            do="Check the identifier and --controller; a person who was erased is not found either",
        )
    return streams


def require_streams(parts: Runtime, reference: str | None, controller: str | None) -> list[UUID]:
    """As `find_streams`, for commands that need a subject.

    Raises:
        CallerError: no reference was given.
    """
    streams = find_streams(parts, reference, controller)
    if streams is None:
        raise CallerError("which data subject?", expected="--subject REF", do="See `ledger trail --help`")
    return streams


def require_recorded(queries: Queries, streams: Sequence[UUID]) -> None:
    """Refuses data subjects of whom nothing is recorded, whatever the time asked about.

    Raises:
        NotFound: none of the streams has an entry.
    """
    if not any(queries.subject_exists(stream) for stream in streams):
        raise NotFound("nothing is recorded about that data subject", do="`ledger trail` lists who is known")


def require_controller(queries: Queries, controller: str | None) -> None:
    """Refuses a controller no fact names: an empty answer to a misspelt name would read as a clean one.

    Raises:
        NotFound: there is none of that name; None asks for all.
    """
    if controller is not None and not queries.controller_exists(controller):
        raise NotFound("no fact names that controller", expected="a controller as `ledger trail` prints it")


def read_reference(reference: str) -> str:
    """A reference as it was given, or the line of standard input that `-` stands for; that can be read once."""
    return sys.stdin.readline().strip() if reference == "-" else reference


def identifier_in(reference: str) -> Identifier | None:
    """The identifier a reference gives; None when it is a pseudonym.

    Raises:
        CallerError: it has no form we know.
    """
    try:
        UUID(reference)
    except ValueError:
        return _identifier(reference)
    return None


def identifying_fields(parts: Runtime, reference: str | None, controller: str) -> dict[str, object]:
    """The fields by which a fact names the person a reference is about, who need not be known yet.

    Args:
        parts: has the vault a pseudonym is looked up in.
        reference: as `--subject` takes it; None for somebody who cannot be named.
        controller: whose person it is.

    Returns:
        No field for nobody.

    Raises:
        NotFound: a pseudonym the controller knows nobody by.
        CallerError: a reference of no form we know, or a withheld number: it would name everybody who withholds theirs.
    """
    if reference is None:
        return {}
    reference = read_reference(reference)
    identifier = identifier_in(reference)
    if identifier is None:
        with parts.vault() as vault:
            if vault.controller_of(UUID(reference)) != controller:
                raise NotFound(
                    "that controller knows nobody by that pseudonym",
                    do="Check the reference and --controller",
                )
        return {"subject_pseudonym": str(UUID(reference))}
    if normalise(identifier) is None:
        raise CallerError("--subject identifies nobody", expected=f"{identifier.kind.value}:… of one person")
    return {f"subject_{identifier.kind.value}": identifier.value}


def _identifier(reference: str) -> Identifier:
    kind, colon, value = reference.partition(":")
    if not colon or kind not in ("phone", "email", "account") or not value:
        raise CallerError(
            "--subject has no form we know",
            expected="a pseudonym (UUID), phone:…, email:…, account:…, or - for standard input",
        )
    return Identifier(IdentifierKind(kind), value)
