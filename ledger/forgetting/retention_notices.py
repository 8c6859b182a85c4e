"""Whom a retention run tells that a day's data is to go: the services and processors that handle such data.

Who they are is known from the facts: whoever published, or was named as processor in, a fact of a type that holds
fields of the class. One instruction per run, controller and recipient lists the days; the recipient confirms it with
a `data.erased` fact that names the instruction.

What was told already is told again only where an instruction lacks a day: a run that died between two sends goes on
where it stopped. When a proof of consent ends, nobody is told: it is one fact's, and who has a copy of it is not known
by class. Owns: that choice. Leaves to others: sending (`instructions`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ledger.bootstrap import Runtime
from ledger.contract.catalogue import Catalogue
from ledger.forgetting.ended_facts import Destruction
from ledger.forgetting.instructions import Instruction, confirm_by, epoch_text, instruction_id
from ledger.postgres.connection import Connection
from ledger.rules.retention import ControllerRules
from ledger.store.forgetting import ForgettingQueries
from ledger.store.retention_runs import runs_of_days

Epoch = tuple[str, int]
"""(retention class, local day) of one controller."""


def due_instructions(
    parts: Runtime, store: Connection, destructions: Iterable[Destruction], *, run_id: str, given_at: int
) -> list[Instruction]:
    """The instructions that are still to be given for some days.

    Args:
        parts: the event schemas.
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
                    run_id=run,
                )
            )
    return found


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
