"""A header name that is not UTF-8 stops nobody: what kafka-python 3.0.12 takes for a corrupt log."""

from kafka import KafkaProducer

from ledger.bootstrap import Runtime
from ledger.store.queries import Queries
from tests.ledger_home import call, publish, record_all, seal_all


class _Name(str):
    """A header name that encodes to bytes that are not UTF-8, as a client in another language may send."""

    def encode(self, *_encoding: str) -> bytes:
        return b"x-\xff\xfe"


def test_header_name_that_is_not_utf8_does_not_stop_the_sealer(parts: Runtime) -> None:
    """The odd record and its neighbours are all sealed."""
    before, odd, after = (call(f"header-{n}", f"+319701030000{n}", "+3197010300009") for n in range(3))
    publish(parts, before)
    producer = KafkaProducer(bootstrap_servers=parts.kafka, acks="all")
    headers = [*odd.headers, (_Name("x"), b"1")]
    producer.send(odd.topic, value=odd.value, headers=headers).get(timeout=10)
    producer.close()
    publish(parts, after)
    seal_all(parts)
    record_all(parts)
    with parts.store_connection(parts.settings.store_schema) as connection:
        totals = Queries(connection).totals()
    assert totals.accepted + totals.rejected == 3
    assert totals.accepted >= 2
