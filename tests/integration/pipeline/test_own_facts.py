"""The ledger's own facts through the whole pipeline: recorded once when they are the ledger's, rejected when not."""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.errors import CallerError
from ledger.forgetting.own_facts import COMMON, OWN_SOURCE, OwnFact, OwnFacts
from ledger.log.publisher import InboxRecord
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.own_facts import MAC_HEADER, own_fact_mac
from tests.integration.pipeline.looking import since, totals
from tests.ledger_home import (
    CATALOGUE,
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    settle,
)

ALICE, BORIS = "+3197010000001", "+3197010000002"
DAY = local_day(NOON)


@pytest.fixture
def own(parts: Runtime) -> Iterator[OwnFacts]:
    """Publishes the ledger's own facts, sealing and recording them in this process."""
    with parts.vault() as vault:
        yield OwnFacts(parts, vault, settle=settle)


def day_destroyed(controller: str, phase: str = "intent") -> OwnFact:
    """The end of one day of a controller's call history."""
    return OwnFact(
        "key.destroyed",
        f"{controller}:call_history:{DAY}:{phase}",
        controller,
        {
            "phase": phase,
            "destruction_id": f"{controller}:call_history:{DAY}",
            "key_kind": "epoch",
            "epoch_day": DAY,
            "retention_class": "call_history",
            "why": "retention_end",
        },
    )


def forged(controller: str, mac: bytes | None = None) -> InboxRecord:
    """The same fact from somebody who may publish to the topic and has no key."""
    fields: dict[str, Any] = {**COMMON, **day_destroyed(controller).fields, "controller": controller}
    record = inbox_record(
        "key.destroyed", f"forged {controller}", source=OWN_SOURCE, subject_pseudonym=None, **fields
    )
    return record if mac is None else record._replace(headers=[*record.headers, (MAC_HEADER, mac)])


def opens(parts: Runtime, controller: str) -> bool:
    """Whether the day's key of a controller is still there."""
    with parts.vault() as vault:
        return (controller, "call_history", DAY) in vault.live_epochs(controller)


@pytest.mark.parametrize(
    "mac", [pytest.param(None, id="no header"), pytest.param(b"0" * 64, id="wrong header")]
)
def test_forged_destruction_is_rejected_and_destroys_nothing(
    home: LedgerHome, parts: Runtime, mac: bytes | None
) -> None:
    """It stays in the log as what somebody sent, with its reason, and the key lives."""
    controller = f"forged-{mac is None}"
    publish(parts, call(f"call of {controller}", ALICE, BORIS, controller=controller))
    settle(parts)
    before = totals(parts)
    publish(parts, forged(controller, mac))
    settle(parts)
    assert (since(before, parts).accepted, since(before, parts).rejected) == (0, 1)
    assert home.json("rejected", "list")["rejected"][-1]["reason"] == "not_the_ledger"
    assert opens(parts, controller)


def test_mac_of_another_fact_is_worth_nothing(home: LedgerHome, parts: Runtime) -> None:
    """Whoever reads the inbox has seen right MACs; each is one fact's."""
    controller = "copied-mac"
    publish(parts, call("call of copied", ALICE, BORIS, controller=controller))
    settle(parts)
    schema = CATALOGUE.latest("key.destroyed")
    assert schema is not None
    with parts.vault() as vault:
        seen = own_fact_mac(
            vault.own_facts_key,
            event_type="key.destroyed",
            event_id="another",
            source=OWN_SOURCE,
            occurred_at=NOON,
            value=forged(controller).value,
        )
    publish(parts, forged(controller, seen))
    settle(parts)
    assert home.json("rejected", "list")["rejected"][-1]["reason"] == "not_the_ledger"
    assert opens(parts, controller)


def test_true_destruction_is_recorded_and_destroys(parts: Runtime, own: OwnFacts) -> None:
    """The intent is enough: whoever opens the vault next carries it out."""
    controller = "true-destruction"
    publish(parts, call("call of true", ALICE, BORIS, controller=controller))
    settle(parts)
    before = totals(parts)
    own.publish([day_destroyed(controller)], NOON)
    own.settle()
    assert (since(before, parts).accepted, since(before, parts).rejected) == (1, 0)
    assert not opens(parts, controller)


def test_published_twice_is_once_whenever_it_is_said_again(
    home: LedgerHome, parts: Runtime, own: OwnFacts
) -> None:
    """A crash before it was known to be published: said again a day later it has no effect, and is no finding."""
    controller = "said-twice"
    before = totals(parts)
    own.publish([day_destroyed(controller)], NOON)
    own.settle()
    own.publish([day_destroyed(controller)], NOON + 86_400_000_000)
    own.settle()
    became = since(before, parts)
    assert (became.accepted, became.rejected, became.duplicates) == (1, 0, 1)
    entries = home.json("trail", "--controller", controller)["entries"]
    assert len(entries) == 1
    findings = home.run("trail", "--controller", controller, "--json").stdout
    assert b"event_id_reused" not in findings


def test_settling_waits_for_what_was_published_here(parts: Runtime, own: OwnFacts) -> None:
    """Recorded means that queries see it."""
    controller = "settled"
    own.publish([day_destroyed(controller), day_destroyed(controller, "confirmed")], NOON)
    own.settle()
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM audit_trail WHERE controller = %s", (controller,)
        ).fetchall()
    assert rows == [(2,)]


def test_settling_seals_and_records_itself_when_nobody_does(parts: Runtime) -> None:
    """A command on a ledger without running processes ends all the same."""
    controller = "nobody-runs"
    with parts.vault() as vault:
        own = OwnFacts(parts, vault)
        own.publish([day_destroyed(controller)], NOON)
        own.settle()
    assert not opens(parts, controller)


def test_intents_are_recorded_before_their_confirmations(parts: Runtime, own: OwnFacts) -> None:
    """One controller's facts keep their order."""
    controller = "in-order"
    own.publish([day_destroyed(controller), day_destroyed(controller, "confirmed")], NOON)
    own.settle()
    entries = [decode_record(record.value or b"") for record in ledger_records(parts)]
    assert [day_destroyed(controller, phase).event_id for phase in ("intent", "confirmed")] == [
        entry.event_id for entry in entries if isinstance(entry, Entry) and entry.controller == controller
    ]


@pytest.mark.parametrize("event_type", ["hold.lifted", "no.such_event"])
def test_what_is_not_its_own_the_ledger_does_not_sign(event_type: str, own: OwnFacts) -> None:
    """An operator's hold is an operator's; signed, it would be the ledger's."""
    with pytest.raises(CallerError):
        own.publish([OwnFact(event_type, "id", "anyone", {})], NOON)
