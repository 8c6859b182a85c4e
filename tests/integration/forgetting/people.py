"""People to be erased: one test's own controller, numbers and names, and what is recorded of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import UUID

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.forgetting.erasure import Erasures, Order
from ledger.log.publisher import InboxRecord
from ledger.sealing.opening import open_record, read_keys
from ledger.store.forgetting_rows import ErasureState
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.ledger_home import NOON, call, inbox_record, ledger_records, publish, settle

PBX, SITE, SPEECH = "urn:test:pbx", "urn:test:site", "Speech Example"
RECIPIENTS = (SPEECH, PBX, SITE)
DAY = 86_400_000_000
_numbers = count(1)
_answers = count(1)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A controller of one test's own, its caller and the party called, and a clock that can be set."""

    parts: Runtime
    controller: str
    caller: str = field(default_factory=lambda: f"+319701{next(_numbers):07}")
    called: str = field(default_factory=lambda: f"+319701{next(_numbers):07}")

    def at(self, now: int) -> "Scene":
        """The same, at another time."""
        return replace(self, parts=replace(self.parts, clock=lambda: now))

    def subject(self, number: str) -> UUID:
        """The pseudonym a number leads to."""
        with self.parts.vault() as vault:
            found = vault.find_subject(self.controller, Identifier(IdentifierKind.PHONE, number))
        assert found is not None
        return found

    def life(self) -> None:
        """A call with a recording, a voicemail and a consent of the caller; seen by two services and a processor."""
        publish(
            self.parts,
            self.call("call", caller_name="Alice Voorbeeld", processors=[SPEECH]),
            inbox_record(
                "voicemail.left",
                "voicemail",
                controller=self.controller,
                caller_number=self.caller,
                called_number=self.called,
                transcript="Would you call me back about the garden, please?",
            ),
            inbox_record(
                "consent.given",
                "consent",
                source=SITE,
                controller=self.controller,
                purpose="newsletter",
                subject_phone=self.caller,
            ),
        )
        settle(self.parts)

    def call(self, event_id: str, **fields: Any) -> InboxRecord:
        """A call of the two."""
        return call(event_id, self.caller, self.called, **{"controller": self.controller, **fields})

    def order(self, **changes: Any) -> Order:
        """An order to erase the caller."""
        order = Order(stream=self.subject(self.caller), controller=self.controller, trigger="request")
        return replace(order, **changes)

    def erasures(self) -> Erasures:
        """What erases, sealing and recording in this process."""
        return Erasures(self.parts, settle=settle)

    def erase(self, *, known_as: tuple[str, ...] = (), **changes: Any) -> ErasureState:
        """Starts the caller's erasure and takes it as far as it goes."""
        erasures = Erasures(self.parts, settle=settle, known_as=known_as)
        state, started = erasures.start(self.order(**changes))
        assert started
        return erasures.advance(state.erasure_id)

    def answer(self, state: ErasureState, *recipients: str, source: str | None = None, **fields: Any) -> None:
        """Recipients' confirmations, published and recorded: each from itself, the processor's by the exchange."""
        stated = {"outcome": "erased", "trigger": state.trigger, "object_count": 1, **fields}
        publish(
            self.parts,
            *(
                inbox_record(
                    "data.erased",
                    f"{state.erasure_id}:{recipient}:{stated['outcome']}:{next(_answers)}",
                    source=source or (PBX if recipient == SPEECH else recipient),
                    controller=self.controller,
                    subject_pseudonym=str(state.stream),
                    erasure_id=state.erasure_id,
                    service=recipient,
                    **stated,
                )
                for recipient in recipients
            ),
        )
        settle(self.parts)

    def opened(self, stream: UUID) -> Mapping[str, Mapping[str, object]]:
        """Event id -> what opens of it, of every entry of a stream on the topic that opens at all."""
        records = [decode_record(record.value or b"") for record in ledger_records(self.parts)]
        entries = [record for record in records if isinstance(record, Entry) and record.stream == stream]
        with self.parts.vault() as vault:
            ring = read_keys(vault, entries)
        return {entry.event_id: fields for entry in entries if (fields := open_record(ring, entry))}


def governance(event_type: str, event_id: str, controller: str, **fields: Any) -> InboxRecord:
    """A governance fact of an operator."""
    occurred_at = fields.pop("occurred_at", NOON)
    return inbox_record(
        event_type,
        event_id,
        source="urn:ledger:operator",
        controller=controller,
        occurred_at=occurred_at,
        **fields,
    )


def ticking(clock: Callable[[], int], fail_at: int) -> Callable[[], int]:
    """A clock that works until it is asked for the n-th time: a crash wherever the code looks at it."""
    asked = count(1)

    def tick() -> int:
        if next(asked) >= fail_at:
            raise Crashed
        return clock()

    return tick


class Crashed(Exception):
    """The process died here."""
