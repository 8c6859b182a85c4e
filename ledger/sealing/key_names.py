"""Which subject key seals a field: the class's, or, in some classes, the fact's own.

Most classes have one subject key per person, which ends when the person is erased. Proofs of consent end one by
one, years apart, so in the classes of `KEY_PER_FACT` each fact has a subject key of its own. The vault takes the
name as it is: what stands before the colon is the class. The ledger record keeps the plain class; fact and stream
are in the record already.
"""

from uuid import UUID

from ledger.contract.retention_classes import KEY_PER_FACT
from ledger.entry import Entry, LedgerRecord
from ledger.recording.repeats import fact_key


def subject_key_class(retention_class: str, stream: UUID, event_source: str, event_id: str) -> str:
    """The class part of a subject key's name.

    Args:
        retention_class: of the field.
        stream: the data subject, or the stream of facts about nobody.
        event_source: of the fact; not looked at when the class has one key per person.
        event_id: likewise.

    Returns:
        The class itself, or `class:fact`, where fact is the key a repeat of the same fact is known by: a
        publisher's retry is sealed under the same key and dies with it.
    """
    if retention_class not in KEY_PER_FACT:
        return retention_class
    return fact_class(retention_class, fact_key(stream, event_source, event_id))


def fact_class(retention_class: str, fact: UUID) -> str:
    """The class part of the name of one fact's own subject key."""
    return f"{retention_class}:{fact}"


def record_key_class(record: LedgerRecord, retention_class: str) -> str:
    """The class part of the subject key's name of a sealed field of a ledger record."""
    if not isinstance(record, Entry):
        return retention_class  # rejected input states no fact
    return subject_key_class(retention_class, record.stream, record.event_source, record.event_id)
