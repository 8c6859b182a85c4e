"""`ledger seal` on input that kills it: reading a record that holds the poison ends the process, as a segfault would.

Run as a process; it ends with exit code 0 once the inbox is sealed.
"""

import os

from consumers.sealer import SealerLoop, inbox_positions
from ledger.bootstrap import Runtime, runtime
from ledger.config import Settings
from ledger.log.records import ReadRecord
from ledger.log.writer import LedgerWriter
from ledger.sealing.governance import GovernanceFollower
from ledger.sealing.sealer import Reading, Refusal, Sealer

POISON = b"the poison"
KILLED = 86


class PoisonedSealer(Sealer):
    """Dies of the poison."""

    def read(self, record: ReadRecord, attempts: int) -> Reading | Refusal:
        """Ends the process without a word, or reads."""
        if POISON in (record.value or b""):
            os._exit(KILLED)
        return super().read(record, attempts)


def seal(parts: Runtime) -> None:
    """Seals as `ledger seal` does, to the end of the inbox."""
    with (
        parts.vault() as vault,
        parts.reader({}) as reader,
        parts.reader({}) as governance,
        LedgerWriter(parts.kafka) as writer,
    ):
        positions = inbox_positions(reader, vault, (1, 1))
        due = sum(reader.ends(positions).values()) - sum(positions.values())
        reader.assign(positions)
        sealer = PoisonedSealer(
            vault, parts.catalogue, ledger_partitions=parts.settings.ledger_partitions, registry=None
        )
        loop = SealerLoop(
            reader=reader,
            writer=writer,
            vault=vault,
            sealer=sealer,
            governance=GovernanceFollower(vault, governance),
            progress=positions,
        )
        while due > 0:
            due -= loop.step()


if __name__ == "__main__":
    with runtime(Settings()) as connected:
        seal(connected)
