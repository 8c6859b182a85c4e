"""How this project sends: idempotent, acknowledged by all in-sync replicas, every send future asked."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from ledger.log.failures import BOOTSTRAP_TIMEOUT_MS, AppendUnclear, translated_kafka_errors

ACKNOWLEDGE_TIMEOUT_S = 30.0
"""How long a batch may wait for its acknowledgements; past that it is unclear what landed."""
LINGER_MS = 5
"""Records of one batch are sent back to back: a few milliseconds fill the produce requests."""


def connect_producer(bootstrap: str, **settings: int) -> KafkaProducer:
    """A producer that sends each record once and in order; after an error it MUST NOT be used again.

    Args:
        bootstrap: the brokers.
        settings: further settings of the client, sizes mostly.

    Raises:
        InfrastructureError: Kafka did not answer.
    """
    with translated_kafka_errors("connecting to Kafka"):
        return KafkaProducer(
            bootstrap_servers=bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=LINGER_MS,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
            delivery_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
            request_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000 / 2),
            max_block_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
            **settings,
        )


def send_all(producer: KafkaProducer, sends: Iterable[dict[str, Any]]) -> list[Any]:
    """Sends records, given as the arguments of `KafkaProducer.send`, and waits for every acknowledgement.

    Returns:
        The client's metadata of each record, in order.

    Raises:
        KafkaError, OSError: as the client raises them; what landed is unclear. Callers make them their own.
    """
    futures = [producer.send(**send) for send in sends]
    # flush() alone proves nothing: a failed send does not make it raise. Each future is asked.
    producer.flush(timeout=ACKNOWLEDGE_TIMEOUT_S)
    return [future.get(timeout=ACKNOWLEDGE_TIMEOUT_S) for future in futures]


class TopicWriter:
    """Appends to one of the ledger's own topics; after any error it MUST NOT be used again.

    Args:
        bootstrap: the brokers.
        settings: further settings of the client, sizes mostly.
    """

    def __init__(self, bootstrap: str, **settings: int) -> None:
        self._producer = connect_producer(bootstrap, **settings)

    def _append(self, sends: Sequence[dict[str, Any]], *, what: str, do: str) -> None:
        """Sends records as `send_all` does.

        Args:
            sends: the arguments of `KafkaProducer.send`.
            what: what is done, for the error's message.
            do: what to do about the error.

        Raises:
            AppendUnclear: any send failed or was not acknowledged in time.
        """
        try:
            send_all(self._producer, sends)
        except (kafka_errors.KafkaError, OSError, TimeoutError) as error:
            raise AppendUnclear(
                what, expected=f"{len(sends)} acknowledgements", found=type(error).__name__, do=do
            ) from error

    def close(self) -> None:
        """Closes the producer; what was not acknowledged was never believed, so nothing is owed."""
        self._producer.close(timeout=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
