"""Whom a retention run tells that a day's data is to go: the services and processors that handle such data.

Who they are is known from the facts: whoever published, or was named as processor in, a fact of a type that holds
fields of the class. One instruction per run, controller and recipient lists the days; the recipient confirms it with
a `data.erased` fact that names the instruction.

What was told already is told again only where an instruction lacks a day: a run that died between two sends goes on
where it stopped. When a proof of consent ends, nobody is told: it is one fact's, and who has a copy of it is not known
by class.

A person on hold is excepted: the instruction names the recipient's own events of those days that are about the person.
When the hold ends, one instruction per person, class and recipient names them again, to be erased now. Owns: that
choice. Leaves to others: sending (`instructions`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from ledger.bootstrap import Runtime
from ledger.contract.catalogue import Catalogue
from ledger.entry import Entry
from ledger.forgetting.ended_facts import Destruction, released_fact
from ledger.forgetting.instructions import (
    Except,
    Instruction,
    Reference,
    confirm_by,
    epoch_text,
    instruction_id,
)
from ledger.forgetting.put_aside import put_aside
from ledger.forgetting.retention_plan import Release
from ledger.postgres.connection import Connection
from ledger.projections.recipients import recipients_of
from ledger.rules.keeping.retention import ControllerRules
from ledger.store.forgetting import ForgettingQueries
from ledger.store.retention_runs import runs_of_days
from ledger.vault.vault import Vault

Epoch = tuple[str, int]
"""(retention class, local day) of one controller."""
Recipient = tuple[str, str]
"""(name, kind)"""
Kept = Mapping[tuple[UUID, Epoch], Sequence[Entry]]
"""Of each person and day of one controller, the facts of which something is put aside."""


def due_instructions(
    parts: Runtime,
    vault: Vault,
    store: Connection,
    destructions: Iterable[Destruction],
    *,
    run_id: str,
    given_at: int,
) -> list[Instruction]:
    """The instructions that are still to be given for some days.

    Args:
        parts: the event schemas.
        vault: what is put aside in it is excepted.
        store: up to date with what this run published.
        destructions: proofs among them are passed over.
        run_id: of the run at hand, for a day that no recorded run names.
        given_at: now, microseconds UTC.
    """
    queries = ForgettingQueries(store)
    rules = queries.controller_rules()
    found: list[Instruction] = []
    for (run, controller), epochs in _by_run(store, destructions, run_id).items():
        of = rules.get(controller, ControllerRules()).known_at(given_at)
        packs = [adoption.pack for adoption in of.adopted]
        given = queries.instruction_rows(controller=controller, run_id=run)
        kept = _kept(vault, queries, controller, epochs)
        for (name, kind), theirs in _by_recipient(parts.catalogue, queries, controller, epochs).items():
            before = [row for row in given if (row.recipient, row.recipient_kind) == (name, kind)]
            told = {text for row in before for text in row.epochs}
            missing = [epoch for epoch in theirs if epoch_text(*epoch) not in told]
            if not missing:
                continue
            found.append(
                Instruction(
                    instruction=instruction_id(run, controller, name, kind, str(len(before))),
                    recipient=name,
                    recipient_kind=kind,
                    action="erase",
                    controller=controller,
                    confirm_by=confirm_by(packs, name, given_at),
                    retention_classes=sorted({retention_class for retention_class, _ in missing}),
                    epochs=missing,
                    excepts=_excepts(kept, missing, (name, kind)),
                    run_id=run,
                )
            )
    return found


def release_instructions(
    vault: Vault, queries: ForgettingQueries, release: Release, *, run_id: str, given_at: int
) -> list[Instruction]:
    """The instructions to erase what a hold had kept of a person; MUST be given before it is released.

    Args:
        vault: where it is put aside still.
        queries: of the store.
        release: whose, and of which class.
        run_id: of the run at hand.
        given_at: now, microseconds UTC.
    """
    of = queries.controller_rules().get(release.controller, ControllerRules()).known_at(given_at)
    packs = [adoption.pack for adoption in of.adopted]
    events: dict[Recipient, dict[Reference, None]] = defaultdict(dict)
    for entry in put_aside(vault, queries, release.subject, release.retention_class):
        for recipient in recipients_of(entry):
            events[recipient][Reference(entry.event_source, entry.event_id)] = None
    # By the end of the hold and not by the run: given again after a crash, each has the same id.
    belongs_to = released_fact(release, run_id).event_id
    return [
        Instruction(
            instruction=instruction_id(belongs_to, release.controller, name, kind),
            recipient=name,
            recipient_kind=kind,
            action="erase",
            controller=release.controller,
            confirm_by=confirm_by(packs, name, given_at),
            retention_classes=[release.retention_class],
            subject=release.subject,
            references=list(references),
            run_id=run_id,
        )
        for (name, kind), references in sorted(events.items())
    ]


def _kept(vault: Vault, queries: ForgettingQueries, controller: str, epochs: Sequence[Epoch]) -> Kept:
    kept: dict[tuple[UUID, Epoch], list[Entry]] = defaultdict(list)
    classes, days = {name for name, _ in epochs}, set(epochs)
    for of, subject, retention_class in vault.held_subjects():
        if of != controller or retention_class not in classes:
            continue
        theirs = {day for name, day in days if name == retention_class}
        for entry in put_aside(vault, queries, subject, retention_class, theirs):
            if (epoch := (retention_class, entry.occurred_day)) in days:
                kept[subject, epoch].append(entry)
    return kept


def _excepts(kept: Kept, epochs: Sequence[Epoch], recipient: Recipient) -> list[Except]:
    """Whose events of some days the recipient is to leave alone."""
    events: dict[UUID, dict[Reference, None]] = defaultdict(dict)
    for (subject, epoch), entries in kept.items():
        for entry in entries:
            if epoch in epochs and recipient in recipients_of(entry):
                events[subject][Reference(entry.event_source, entry.event_id)] = None
    return [Except(subject, list(references)) for subject, references in sorted(events.items())]


def _by_run(
    store: Connection, destructions: Iterable[Destruction], run_id: str
) -> dict[tuple[str, str], list[Epoch]]:
    """(run, controller) -> the days it found to be over, in order."""
    days = [
        (each.controller, each.retention_class, each.day) for each in destructions if each.day is not None
    ]
    runs = runs_of_days(store, days)
    grouped: dict[tuple[str, str], list[Epoch]] = defaultdict(list)
    for controller, retention_class, day in sorted(days):
        run = runs.get((controller, retention_class, day), run_id)
        grouped[run, controller].append((retention_class, day))
    return grouped


def _by_recipient(
    catalogue: Catalogue, queries: ForgettingQueries, controller: str, epochs: Sequence[Epoch]
) -> dict[tuple[str, str], list[Epoch]]:
    """(name, kind) -> the days of the classes it handles, in order."""
    grouped: dict[tuple[str, str], list[Epoch]] = defaultdict(list)
    for retention_class in sorted({name for name, _ in epochs}):
        types = _event_types(catalogue, retention_class)
        recipients = queries.recipients_for(controller, types) if types else []
        for recipient in recipients:
            grouped[recipient] += [epoch for epoch in epochs if epoch[0] == retention_class]
    return grouped


def _event_types(catalogue: Catalogue, retention_class: str) -> list[str]:
    """The types of facts with a personal field of a class, in any version."""
    return sorted(
        event_type
        for event_type, versions in catalogue.versions.items()
        if any(
            field.retention_class == retention_class for each in versions for field in each.personal_fields
        )
    )
