"""What governance facts ask of the vault: which keys go, who is closed, what is not kept."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.entry import Entry, LedgerRecord
from ledger.errors import IntegrityError
from ledger.sealing.consequences import Closing, Consequences, consequences
from tests.unit.aggregates.facts import make_entry, make_rejected

ALICE, FACT = UUID(int=1), UUID(int=7)
CONTROLLER = "example-garage"


def governance(event_type: str, event_id: str = "evt-1", occurred_at: int = 0, **fields: Any) -> Entry:
    """One governance fact as recorded."""
    return make_entry(
        event_type=event_type,
        event_id=event_id,
        occurred_at=occurred_at,
        controller=CONTROLLER,
        open_fields=msgspec.json.encode(fields, order="sorted").decode(),
    )


def destroyed(phase: str = "intent", **fields: Any) -> Entry:
    """A destruction of Alice's call history, but for the changes."""
    stated: dict[str, Any] = {
        "destruction_id": "d-1",
        "phase": phase,
        "key_kind": "subject",
        "subject_pseudonym": str(ALICE),
        "epoch_day": None,
        "retention_class": "call_history",
        "why": "erasure_request",
        "request_id": None,
        "fact": None,
    }
    return governance("key.destroyed", **stated | fields)


def of(*records: LedgerRecord) -> Consequences:
    """What records from offset 40 up ask for."""
    return consequences(enumerate(records, start=40))


@pytest.mark.parametrize("phase", ["intent", "confirmed"])
def test_end_of_a_day_destroys_its_key(phase: str) -> None:
    """Announced or confirmed: a restored vault may have seen neither."""
    fact = destroyed(phase, key_kind="epoch", subject_pseudonym=None, epoch_day=20_539, why="retention_end")
    assert Consequences(epochs={"retention_end": {(CONTROLLER, "call_history", 20_539)}}) == of(fact)


@pytest.mark.parametrize("why", ["erasure_request", "consent_withdrawn", "end_of_agreement", "child_found"])
def test_erasure_destroys_classes_and_closes_the_person(why: str) -> None:
    """Every class it names, and none is made again."""
    asked = of(destroyed(why=why), destroyed(why=why, retention_class="recording"))
    expected = Consequences(
        classes={(ALICE, why): {"call_history", "recording"}}, closed={ALICE: Closing(CONTROLLER, why)}
    )
    assert expected == asked


def test_confirmed_erasure_ends_the_identifiers_too() -> None:
    """It is confirmed only once the sealers are past what was in the inbox."""
    assert {ALICE} == of(destroyed("intent"), destroyed("confirmed")).ended
    assert not of(destroyed("intent")).ended


@pytest.mark.parametrize("why", ["retention_end", "proof_ended"])
def test_end_of_a_class_closes_nobody(why: str) -> None:
    """The person goes on, with their other classes."""
    asked = of(destroyed("confirmed", why=why))
    assert Consequences(classes={(ALICE, why): {"call_history"}}) == asked


@pytest.mark.parametrize("why", ["proof_ended", "consent_withdrawn"])
def test_end_of_one_proof_destroys_that_facts_key_only(why: str) -> None:
    """Neither the class nor the person ends with it."""
    asked = of(destroyed("confirmed", why=why, retention_class="consent_proof", fact=str(FACT)))
    assert Consequences(fact_keys={(ALICE, why): {f"consent_proof:{FACT}"}}) == asked


def test_first_version_of_the_fact_asks_for_the_same() -> None:
    """It knew no single facts."""
    fields = msgspec.json.decode(destroyed().open_fields)
    del fields["fact"]
    assert of(destroyed()) == of(governance("key.destroyed", **fields))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"subject_pseudonym": None}, id="nobody"),
        pytest.param({"subject_pseudonym": "+3197010000001"}, id="no pseudonym"),
        pytest.param({"key_kind": "epoch", "epoch_day": None}, id="no day"),
        pytest.param({"fact": "not a fact"}, id="no fact"),
    ],
)
def test_destruction_that_names_no_key_stops_everything(broken: dict[str, Any]) -> None:
    """Passed over, it would leave a key alive that the ledger says is gone; the message quotes nothing of it."""
    with pytest.raises(IntegrityError, match="offset 40") as raised:
        of(destroyed(**broken))
    assert "97010" not in str(raised.value)


def test_setting_is_noted_with_its_time_and_place() -> None:
    """Which of two holds is decided by when it happened, not by when it came."""
    asked = of(
        governance("retention.set", "evt-1", 10, retention_class="recording", days=0),
        governance("retention.set", "evt-2", 5, retention_class="recording", days=30),
    )
    assert [tuple(setting)[1:] for setting in asked.settings] == [
        (CONTROLLER, "recording", 0, 10, 40),
        (CONTROLLER, "recording", 30, 5, 41),
    ]


def test_repeat_of_a_setting_has_the_same_key() -> None:
    """So that a publisher's retry, or another content under its id, changes nothing."""
    one, again = of(
        governance("retention.set", retention_class="recording", days=0),
        governance("retention.set", retention_class="recording", days=30),
    ).settings
    assert one.fact == again.fact


@pytest.mark.parametrize(
    ("retention_class", "days"),
    [
        ("recording", -1),
        ("recording", 366),
        ("consent_proof", 0),
        ("request_confirmation", 0),
        ("access_log", 0),
        ("content_check", 0),
        ("rejected_input", 0),
        ("x" * 4000, 30),  # longer than an index of the vault can hold
    ],
)
def test_setting_that_may_not_hold_is_passed_over(retention_class: str, days: int) -> None:
    """It is recorded and found; a customer has no say in what shows that the law was kept."""
    assert Consequences() == of(governance("retention.set", retention_class=retention_class, days=days))


def test_everything_else_asks_for_nothing() -> None:
    """Notices, the ledger's other facts, rejected input."""
    assert Consequences() == of(
        governance("notice.published"),
        governance("retention.ended", retention_class="call_history", epoch_day=20_539),
        make_rejected(),
    )


ENDED: dict[str, Any] = {
    "retention_class": "call_history",
    "subject_pseudonym": str(ALICE),
    "epoch_day": None,
    "fact": None,
    "held_by": None,
}


def test_end_of_a_hold_releases_what_it_had_put_aside() -> None:
    """By the last of several: what was put aside before it is over."""
    first, second = governance("retention.ended", **ENDED), governance("retention.ended", "evt-2", **ENDED)
    assert Consequences(released={(ALICE, "call_history"): 41}) == of(first, second)


@pytest.mark.parametrize(
    "changed",
    [{"held_by": "claim-1"}, {"fact": str(FACT)}, {"epoch_day": 20_539, "subject_pseudonym": None}],
    ids=["held", "a proof's", "a day's"],
)
def test_other_ends_release_nothing(changed: dict[str, Any]) -> None:
    """Their keys are destroyed by facts of their own."""
    assert Consequences() == of(governance("retention.ended", **{**ENDED, **changed}))
