"""The one place where kafka-python's errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors as kafka_errors

from ledger.errors import InfrastructureError, IntegrityError, LedgerError

BOOTSTRAP_TIMEOUT_MS = 3000
"""How long one attempt to reach any broker may take; the composition root tries a few times."""


class AppendUnclear(InfrastructureError):
    """A send was not acknowledged: the records may or may not be in the log.

    The caller MUST throw the writer away and exit without moving progress; whoever starts next seals the
    same inbox records again, and the recorder drops what is there already.
    """


class TopicMissing(InfrastructureError):
    """The topic does not exist, or does not yet."""


class LogRegressed(IntegrityError):
    """The log ends before a position that was already acknowledged: its tail is lost."""


class LogHole(IntegrityError):
    """An offset is missing where the log promises dense offsets."""


class InboxDataLost(IntegrityError):
    """The inbox no longer holds records that were never sealed."""


@contextmanager
def translated_kafka_errors(what: str) -> Iterator[None]:
    """Turns kafka-python's errors into `InfrastructureError`.

    Args:
        what: what was being done, for the message.

    Raises:
        InfrastructureError: Kafka refused or did not answer.
    """
    try:
        yield
    except LedgerError:
        raise
    except (kafka_errors.KafkaError, OSError, TimeoutError) as error:
        raise InfrastructureError(
            what,
            expected="an answer from Kafka",
            found=type(error).__name__,
            do="Check that the brokers in LEDGER_KAFKA are up and reachable, then start again",
        ) from error
