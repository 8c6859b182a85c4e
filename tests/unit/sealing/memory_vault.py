"""A vault in memory: the port the sealer and the readers use, without PostgreSQL."""

from collections.abc import Collection, Sequence
from secrets import token_bytes
from uuid import UUID

from ledger.vault.directory import Mention
from ledger.vault.held import HeldField, HeldName
from ledger.vault.identifiers import as_pseudonym, normalise
from ledger.vault.in_flight import Stretch
from ledger.vault.keys import EpochKeyName, KeyRing, SubjectKeyName
from ledger.vault.vault import Vault

OWN_FACTS_KEY = bytes(range(32))


class MemoryVault(Vault):
    """Keys and directory in dicts; a destroyed key is None and never comes back."""

    def __init__(self) -> None:
        self.subject_keys: dict[SubjectKeyName, bytes | None] = {}
        self.epoch_keys: dict[EpochKeyName, bytes | None] = {}
        self.directory: dict[tuple[str, str, str], UUID] = {}
        self.controllers: dict[UUID, str] = {}
        self.held: dict[HeldName, bytes] = {}
        self.asked_held: list[frozenset[bytes]] = []
        self.in_flight: tuple[Stretch, ...] | None = None

    def __repr__(self) -> str:
        return "MemoryVault()"

    @property
    def own_facts_key(self) -> bytes:
        """The same for every vault in memory."""
        return OWN_FACTS_KEY

    def begin_sealing(self, batch: Collection[Stretch]) -> None:
        """Remembers the batch; nobody is forgotten in memory."""
        assert self.in_flight is None, "a batch is in flight"
        self.in_flight = tuple(batch)

    def end_sealing(self) -> None:
        """Ends it."""
        assert self.in_flight is not None, "no batch is in flight"
        self.in_flight = None

    def resolve_subjects(self, mentions: Sequence[Mention]) -> list[UUID | None]:
        """The first identifier that is known decides; the others are linked to the same subject."""
        return [self._resolve(mention) for mention in mentions]

    def _resolve(self, mention: Mention) -> UUID | None:
        links = [
            (mention.controller, identifier.kind.value, normal)
            for identifier in mention.identifiers
            if as_pseudonym(identifier) is None and (normal := normalise(identifier)) is not None
        ]
        pseudonyms = [
            pseudonym
            for identifier in mention.identifiers
            if (pseudonym := as_pseudonym(identifier)) is not None
            and self.controllers.get(pseudonym) == mention.controller
        ]
        known = [self.directory[link] for link in links if link in self.directory] + pseudonyms
        if not known and not links:
            return None
        subject = known[0] if known else UUID(int=1000 + len(self.controllers))
        self.controllers.setdefault(subject, mention.controller)
        for link in links:
            self.directory.setdefault(link, subject)
        return subject

    def keys_for(self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]) -> KeyRing:
        """Makes the keys there are not."""
        for name in subject_keys:
            self.subject_keys.setdefault(name, token_bytes(32))
        for epoch in epochs:
            self.epoch_keys.setdefault(epoch, token_bytes(32))
        return self.read_keys(subject_keys, epochs)

    def read_keys(
        self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]
    ) -> KeyRing:
        """Makes none."""
        return KeyRing(
            {name: self.subject_keys[name] for name in subject_keys if name in self.subject_keys},
            {name: self.epoch_keys[name] for name in epochs if name in self.epoch_keys},
            {*subject_keys, *epochs},
        )

    def hold_fields(self, rows: Collection[HeldField]) -> frozenset[HeldName]:
        """Holds them all."""
        self.held |= {row.name: row.secret for row in rows}
        return frozenset(row.name for row in rows)

    def held_fields(self, salts: Collection[bytes]) -> dict[HeldName, bytes]:
        """Remembers that it was asked."""
        self.asked_held.append(frozenset(salts))
        return {name: secret for name, secret in self.held.items() if name[0] in salts}

    def destroy_subject_class(self, subject: UUID, retention_class: str) -> None:
        """Leaves a tombstone."""
        self.subject_keys[subject, retention_class] = None

    def destroy_day(self, controller: str, retention_class: str, day: int) -> None:
        """Leaves a tombstone."""
        self.epoch_keys[controller, retention_class, day] = None
