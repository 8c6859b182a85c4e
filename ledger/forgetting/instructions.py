"""What services and processors are told to do with data they hold, on topic `ledger.instructions`.

A message is CloudEvents JSON, keyed by its recipient. It names nobody: a person is the ledger's pseudonym, and what
to erase is pointed at by the recipient's own event ids, or by class and day. The recipient answers with a
`data.erased` fact of its own, which names the instruction (retention) or the erasure.

Each step, in this order; behind each, what a crash there leaves and what repairs it:

1. send the messages, every acknowledgement waited for;   messages without a fact: sent again, under the same ids
2. publish `instruction.given` for each.                  nothing is owed once the ledger has recorded it

Owns: the message, its ids, and when a confirmation is due. Leaves to others: who is told what
(`retention_run`, `erasure`), and what is made of the answers (the store's `erasure_confirmations`).
Source: GDPR Art. 19 and 28(3)(g); CloudEvents 1.0, JSON format.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
import structlog

from ledger.bootstrap import Runtime
from ledger.config import INSTRUCTIONS_TOPIC
from ledger.contract.cloudevents import format_time
from ledger.contract.writing import structured_headers
from ledger.forgetting.own_facts import OWN_SOURCE, OwnFact, OwnFacts
from ledger.log.publisher import InboxPublisher, InboxRecord
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import Period, first_moment_after, last_day
from ledger.rules.packs.policy_pack import PolicyPack

INSTRUCTION_TYPE = "ledger.instruction"
CONFIRMATION_TYPE = "data.erased"
REFERENCES_MAX = 10_000
"""References in one message: a year of one person's calls."""
REFERENCE_BYTES_MAX = 512 * 1024
"""References in one message, as text: half of what Kafka takes by default."""
CONFIRM_WITHIN_DEFAULT = Period(days=30)
"""For a controller whose policies name no time."""
UNIX_EPOCH = date(1970, 1, 1)

log = structlog.get_logger()


class Reference(NamedTuple):
    """One of the recipient's own events, by the source and id it gave."""

    source: str
    id: str


class Except(NamedTuple):
    """A person on hold, whose data of the days named is to stay: the recipient's own events about the person."""

    subject: UUID
    references: Sequence[Reference]


_Named = tuple[UUID | None, Reference]
"""An event, and the person on hold whom it is about; None for an event to act on."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What one recipient is told.

    Args:
        instruction: the id; the same instruction has the same one however often it is sent.
        recipient: the name the facts have for it.
        recipient_kind: `service` or `processor`.
        action: `erase`, `stop` or `restrict`.
        controller: whose data it is.
        confirm_by: when the confirmation is due, microseconds UTC.
        retention_classes: the classes of data.
        epochs: (class, local day) each; none for a person.
        subject: the person's pseudonym; None for the data of days.
        references: the recipient's own events about the person; read twice, and there may be millions.
        excepts: of the days' data, what is to stay.
        erasure_id: the erasure it belongs to.
        run_id: the retention run it belongs to.
    """

    instruction: str
    recipient: str
    recipient_kind: str
    action: str
    controller: str
    confirm_by: int
    retention_classes: Sequence[str]
    epochs: Sequence[tuple[str, int]] = ()
    subject: UUID | None = None
    references: Iterable[Reference] = ()
    excepts: Sequence[Except] = ()
    erasure_id: str | None = None
    run_id: str | None = None

    @property
    def confirms(self) -> str:
        """What the recipient's `data.erased` gives as `erasure_id`."""
        return self.erasure_id or self.instruction


def instruction_id(belongs_to: str, controller: str, recipient: str, *parts: str) -> str:
    """The id of an instruction: the same question always gives the same id.

    Args:
        belongs_to: the erasure or the run.
        controller: whose data it is.
        recipient: who is told.
        parts: whatever else tells one instruction of it from another.
    """
    # As JSON, so that no two different lists read alike.
    name = msgspec.json.encode([belongs_to, controller, recipient, *parts]).decode()
    return str(uuid5(NAMESPACE_URL, f"urn:ledger:instruction:{name}"))


def confirm_by(packs: Sequence[PolicyPack], recipient: str, given_at: int) -> int:
    """When a recipient's confirmation is due.

    Args:
        packs: those the controller has adopted.
        recipient: its name; a pack's time is its own when the pack's key is part of the name.
        given_at: microseconds UTC.

    Returns:
        The first moment after the last day, microseconds UTC: the earliest of the packs that name the recipient,
        else of their defaults, else of `CONFIRM_WITHIN_DEFAULT`.
    """
    name = recipient.lower()
    named = [period for pack in packs for key, period in pack.confirm_within.items() if key in name]
    periods = named or [pack.confirm_within_default for pack in packs] or [CONFIRM_WITHIN_DEFAULT]
    day = local_day(given_at)
    return min(first_moment_after(last_day(day, period)) for period in periods)


def give_instructions(
    parts: Runtime,
    own: OwnFacts,
    instructions: Sequence[Instruction],
    *,
    given_at: int,
    recorded: Collection[str] = (),
) -> list[str]:
    """Sends instructions and publishes that they were given; the caller settles.

    Args:
        parts: where Kafka is.
        own: publishes the ledger's own facts.
        instructions: any number.
        given_at: now, microseconds UTC.
        recorded: ids whose `instruction.given` the store has: these are not sent again.

    Returns:
        The ids that were sent.

    Raises:
        InfrastructureError: some may have been sent; calling again is safe.
    """
    due = [each for each in instructions if each.instruction not in recorded]
    if not due:
        return []
    with InboxPublisher(parts.kafka) as publisher:
        publisher.publish(record for each in due for record in messages(each, given_at))
    # A crash here leaves instructions sent and not recorded; the next attempt sends them again with the same ids.
    own.publish([_given(each) for each in due], given_at)
    log.info("instructions.given", instructions=len(due))
    return [each.instruction for each in due]


def messages(instruction: Instruction, given_at: int) -> Iterator[InboxRecord]:
    """The messages of one instruction: more than one when the references do not fit into one."""
    parts = sum(1 for _ in _chunks(_named(instruction)))
    # No more parts than were counted, though facts that come in meanwhile may be referred to as well.
    for number, chunk in zip(range(1, parts + 1), _chunks(_named(instruction)), strict=False):
        yield InboxRecord(
            topic=INSTRUCTIONS_TOPIC,
            key=instruction.recipient.encode(),
            value=_message(instruction, given_at, number, parts, chunk),
            headers=structured_headers(),
        )


def epoch_text(retention_class: str, day: int) -> str:
    """A class's day as facts and messages name it: `call_history 2026-03-27`."""
    return f"{retention_class} {day_text(day)}"


def day_text(day: int) -> str:
    """A local day, days since 1970-01-01, as `2026-03-27`."""
    return (UNIX_EPOCH + timedelta(days=day)).isoformat()


def _named(instruction: Instruction) -> Iterator[_Named]:
    for reference in instruction.references:
        yield None, reference
    for kept in instruction.excepts:
        for reference in kept.references:
            yield kept.subject, reference


def _chunks(references: Iterable[_Named]) -> Iterator[list[_Named]]:
    """At least one, which is empty when there are no references."""
    chunk: list[_Named] = []
    size = 0
    for reference in references:
        length = len(msgspec.json.encode(reference))
        if chunk and (len(chunk) == REFERENCES_MAX or size + length > REFERENCE_BYTES_MAX):
            yield chunk
            chunk, size = [], 0
        chunk.append(reference)
        size += length
    yield chunk


def _message(
    instruction: Instruction, given_at: int, part: int, parts: int, named: Sequence[_Named]
) -> bytes:
    whole = instruction.instruction
    references: dict[UUID | None, list[dict[str, str]]] = {None: []}
    for subject, each in named:
        references.setdefault(subject, []).append({"source": each.source, "id": each.id})
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": whole if parts == 1 else f"{whole}/{part}",
            "source": OWN_SOURCE,
            "type": INSTRUCTION_TYPE,
            "time": format_time(given_at),
            "datacontenttype": "application/json",
            "data": {
                "instruction": whole,
                "part": part,
                "parts": parts,
                "recipient": instruction.recipient,
                "recipient_kind": instruction.recipient_kind,
                "action": instruction.action,
                "controller": instruction.controller,
                "erasure_id": instruction.erasure_id,
                "run_id": instruction.run_id,
                "subject_pseudonym": None if instruction.subject is None else str(instruction.subject),
                "retention_classes": list(instruction.retention_classes),
                "epochs": [
                    {"retention_class": name, "day": day_text(day)} for name, day in instruction.epochs
                ],
                "references": references.pop(None),
                "except": [
                    {"subject_pseudonym": str(subject), "references": theirs}
                    for subject, theirs in references.items()
                ],
                "confirm_by": format_time(instruction.confirm_by),
                "confirm": {
                    "type": CONFIRMATION_TYPE,
                    "erasure_id": instruction.confirms,
                    "service": instruction.recipient,
                },
            },
        }
    )


def _given(instruction: Instruction) -> OwnFact:
    return OwnFact(
        event_type="instruction.given",
        event_id=f"instruction.given:{instruction.instruction}",
        controller=instruction.controller,
        fields={
            "instruction": instruction.instruction,
            "recipient": instruction.recipient,
            "recipient_kind": instruction.recipient_kind,
            "action": instruction.action,
            "erasure_id": instruction.erasure_id,
            "run_id": instruction.run_id,
            "subject_pseudonym": None if instruction.subject is None else str(instruction.subject),
            "retention_classes": list(instruction.retention_classes),
            "epochs": [epoch_text(name, day) for name, day in instruction.epochs],
            "except_subjects": [str(each.subject) for each in instruction.excepts],
            "confirm_by": instruction.confirm_by,
        },
    )
