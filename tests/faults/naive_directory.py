"""A mutant: `ledger seal` with one thing wrong. It looks whether a person is known, and then makes one.

Between the two it pauses, as any process may; `tests/faults/test_keys.py` must notice. Run as a process, with its slot.
"""

import sys
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from consumers.lifecycle import StopRequest
from ledger.bootstrap import runtime
from ledger.cli.processes import parse_slot
from ledger.config import Settings
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, blind_index
from ledger.vault.vault import Vault
from tests.faults.broken_erasure import broken

PAUSE_S = 0.3


class NaiveDirectory(Vault):
    """Takes nobody's word for a lost race: who was unknown when it looked is somebody new."""

    def resolve_subjects(self, mentions: Sequence[Mention]) -> list[UUID | None]:
        """Looks, pauses, and makes."""
        people = {(m.controller, identifier) for m in mentions for identifier in m.identifiers}
        known = {person: self.find_subject(*person) for person in people}
        time.sleep(PAUSE_S)
        known |= {person: self._make(*person) for person, subject in known.items() if subject is None}
        return [next((known[m.controller, each] for each in m.identifiers), None) for m in mentions]

    def _make(self, controller: str, identifier: Identifier) -> UUID:
        subject = uuid4()
        with self._transaction("make a subject") as conn:
            conn.execute("INSERT INTO subject (subject, controller) VALUES (%s, %s)", (subject, controller))
            conn.execute(
                "INSERT INTO directory VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (controller, blind_index(self._index_key, controller, identifier), subject),
            )
        return subject


if __name__ == "__main__":
    stopping = StopRequest()
    stopping.listen()
    with (
        runtime(Settings()) as connected,
        broken(connected, NaiveDirectory).sealer_loop(parse_slot(sys.argv[1])) as sealing,
    ):
        sealing.run(stopping)
