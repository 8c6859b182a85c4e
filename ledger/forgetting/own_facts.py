"""Publishing the ledger's own facts: through the inbox like everybody's, and authenticated (ADR 17).

The caller gives each fact an id that follows from what it says, so that publishing it twice is once, whenever that
is: the ledger keeps the first. Order: facts of one controller on one topic are recorded in the order published.

Owns: the common fields, the headers, waiting until it is recorded. Leaves to others: what is true, and when it may
be said.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ledger.bootstrap import Runtime
from ledger.contract.writing import cloudevent_headers, encode_single_object
from ledger.draining import drain
from ledger.errors import CallerError
from ledger.log.publisher import InboxPublisher, InboxRecord
from ledger.log.records import Partition
from ledger.sealing.own_facts import MAC_HEADER, own_fact_mac
from ledger.vault.vault import Vault

OWN_SOURCE = "urn:ledger:self"
COMMON: Mapping[str, object] = {
    "role": "processor",
    "purpose": "accountability",
    "lawful_basis": "legal_obligation",
    "data_categories": [],
    "processors": [],
    "storage_country": "",
}
"""What every one of them states first: GDPR Art. 5(2), on the controller's behalf."""


class OwnFact(NamedTuple):
    """One fact: its type, an id that follows from it, the controller it concerns, and its fields.

    The fields are those of the newest schema of its type beyond the common ones; one with a default may be left out.
    `occurred_at` is when it happened where that is not when it is published, microseconds since the epoch, UTC.
    """

    event_type: str
    event_id: str
    controller: str
    fields: Mapping[str, object]
    occurred_at: int | None = None


class OwnFacts:
    """Publishes the ledger's own facts, and waits for them.

    Args:
        parts: where to.
        vault: has the key they are authenticated with.
        settle: seals and records what is in the inbox, in place of waiting for the processes that do; for tests.
    """

    def __init__(
        self, parts: Runtime, vault: Vault, *, settle: Callable[[Runtime], None] | None = None
    ) -> None:
        self._parts = parts
        self._vault = vault
        self._settle = settle
        self._ends: dict[Partition, int] = {}

    def publish(self, facts: Iterable[OwnFact], occurred_at: int) -> None:
        """Publishes facts in their order; returns when each is acknowledged.

        A crash, or an error, leaves some published: publish all again.

        Args:
            facts: any number.
            occurred_at: when those happened that do not say, microseconds since the epoch, UTC.

        Raises:
            CallerError: a type that is not the ledger's own.
            Unreadable: the fields are not what the schema says.
            InfrastructureError: Kafka did not acknowledge.
        """
        records = [
            self._record(fact, occurred_at if fact.occurred_at is None else fact.occurred_at)
            for fact in facts
        ]
        if not records:
            return
        with InboxPublisher(self._parts.kafka) as publisher:
            for landed in publisher.publish(records):
                partition = Partition(landed.topic, landed.partition)
                self._ends[partition] = max(landed.offset + 1, self._ends.get(partition, 0))

    def settle(self) -> None:
        """Returns once everything published here is recorded, sealing and recording it when nobody else does.

        Raises:
            InfrastructureError: nothing moves.
        """
        if self._ends:
            if self._settle is not None:
                self._settle(self._parts)
            else:
                drain(self._parts, self._ends, ourselves=True, on_progress=lambda _done, _all: None)
        self._ends.clear()

    def _record(self, fact: OwnFact, occurred_at: int) -> InboxRecord:
        schema = self._parts.catalogue.latest(fact.event_type)
        if schema is None or not schema.own:
            raise CallerError(
                f"cannot publish {fact.event_type} as the ledger's own",
                expected='a type whose schema says "publisher": "ledger"',
                do="Publish it as any service does.",
            )
        value = encode_single_object(schema, {"controller": fact.controller, **COMMON, **fact.fields})
        mac = own_fact_mac(
            self._vault.own_facts_key,
            event_type=schema.event_type,
            event_id=fact.event_id,
            source=OWN_SOURCE,
            occurred_at=occurred_at,
            value=value,
        )
        headers = cloudevent_headers(schema, fact.event_id, OWN_SOURCE, occurred_at)
        # One controller's facts in one partition, so that an intent is sealed before its confirmation.
        return InboxRecord(schema.topic, fact.controller.encode(), value, [*headers, (MAC_HEADER, mac)])
