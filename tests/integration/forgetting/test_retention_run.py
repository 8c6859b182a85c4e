"""A retention run on real services: what is due goes once, and the ledger says so before and after."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ledger.config import INSTRUCTIONS_TOPIC
from ledger.errors import InfrastructureError
from ledger.forgetting import retention_run
from ledger.forgetting.guard import Approval, SecondPersonNeeded
from ledger.log.records import ReadRecord
from ledger.postgres.advisory_lock import AdvisoryLock
from ledger.vault.destruction import NotDestroyed
from ledger.vault.keys import EpochKeyName
from ledger.vault.vault import Vault
from tests.integration.forgetting.simulated import CALLER, Simulation, noon
from tests.ledger_home import LedgerHome

START = "2026-03-20"
DAY = 86_400_000_000
HISTORY = {"caller_number", "called_number"}


@pytest.fixture(scope="module")
def ledger(home: LedgerHome) -> Iterator[Simulation]:
    """One ledger for the module; its clock goes forward from test to test."""
    with home.parts() as parts, Simulation.begin(parts, noon(START)) as simulation:
        yield simulation


def begin(ledger: Simulation, controller: str, *, days: int = 1) -> None:
    """A controller that keeps its call history for some days, from the next day on; then it is that day."""
    ledger.record(ledger.sets(controller, "call_history", days))
    ledger.now += DAY


def phases(ledger: Simulation, controller: str) -> list[str]:
    """The phases of the destructions of a controller's call history, in order."""
    facts = ledger.facts(controller, "key.destroyed")
    details = [msgspec.json.decode(fact.open_fields) for fact in facts]
    return [each["phase"] for each in details if each["retention_class"] == "call_history"]


def ends(ledger: Simulation, controller: str) -> list[dict[str, Any]]:
    """What was said of the ends of its call history."""
    facts = ledger.facts(controller, "retention.ended")
    details = [msgspec.json.decode(fact.open_fields) for fact in facts]
    return [each for each in details if each["retention_class"] == "call_history"]


def instructions(ledger: Simulation, controller: str) -> list[dict[str, Any]]:
    """The messages on the instructions topic that concern a controller."""
    with ledger.parts.reader({}) as reader:
        partitions = reader.partitions_of(INSTRUCTIONS_TOPIC)
        due = sum(reader.ends(partitions).values())
        reader.assign(dict.fromkeys(partitions, 0))
        read: list[ReadRecord] = []
        while len(read) < due:
            read += [record for batch in reader.poll(1.0).values() for record in batch]
    data = [msgspec.json.decode(record.value or b"")["data"] for record in read]
    return [each for each in data if each["controller"] == controller]


def test_day_is_destroyed_and_everything_about_it_is_a_fact(ledger: Simulation) -> None:
    """Its end, the intent before, the confirmation after, and the instruction to whoever has the data."""
    begin(ledger, "plain")
    ledger.record(ledger.call("plain", "call-1"))
    ledger.now += DAY
    ledger.retain()
    assert ledger.opened("plain")["call-1"] == HISTORY
    ledger.now += DAY
    outcome = ledger.retain()
    assert ("plain", "call_history") in {
        (each.controller, each.retention_class) for each in outcome.plan.epochs
    }
    assert set() == ledger.opened("plain")["call-1"]
    assert phases(ledger, "plain") == ["intent", "confirmed"]
    (end,) = ends(ledger, "plain")
    assert (end["rule"], end["period"], end["held_by"]) == ("customer", "P1D", None)
    (message,) = instructions(ledger, "plain")
    assert ("urn:test:pbx", "erase", outcome.run_id) == (
        message["recipient"],
        message["action"],
        message["run_id"],
    )
    (given,) = ledger.facts("plain", "instruction.given")
    assert message["instruction"] == msgspec.json.decode(given.open_fields)["instruction"]


def test_second_run_has_nothing_to_do(ledger: Simulation) -> None:
    """Once is once, however often the clock strikes."""
    before = len(ledger.entries("plain"))
    assert ledger.retain().plan.destructions == 0
    assert before == len(ledger.entries("plain"))


def test_dry_run_changes_nothing(ledger: Simulation) -> None:
    """It shows the plan and its digest; the run that follows does just that."""
    begin(ledger, "dry")
    ledger.record(ledger.call("dry", "call-1"))
    ledger.now += 2 * DAY
    with ledger.run() as run:
        plan = run.plan()
    assert (plan.destructions, ledger.opened("dry")["call-1"]) == (1, HISTORY)
    assert plan.digest == ledger.retain().plan.digest


def test_late_event_of_a_destroyed_day_loses_its_fields_and_says_so(ledger: Simulation) -> None:
    """A destroyed key is not made again."""
    begin(ledger, "late")
    day = ledger.now
    ledger.record(ledger.call("late", "in-time"))
    ledger.now += 2 * DAY
    ledger.retain()
    ledger.record(ledger.call("late", "too-late", occurred_at=day))
    reasons = {
        dropped.reason
        for entry in ledger.entries("late")
        if entry.event_id == "too-late"
        for dropped in entry.dropped
    }
    assert ({"key_destroyed"}, set()) == (reasons, ledger.opened("late")["too-late"])


def test_hold_on_the_controller_keeps_the_day_and_is_named_once(ledger: Simulation) -> None:
    """Every run finds it over and held; one fact says so until the holds change."""
    begin(ledger, "held")
    ledger.record(ledger.call("held", "call-1"), ledger.holds("held", "claim-1"))
    ledger.now += 2 * DAY
    ledger.retain()
    ledger.retain()
    assert ([end["held_by"] for end in ends(ledger, "held")], phases(ledger, "held")) == (["claim-1"], [])
    ledger.record(ledger.holds("held", "claim-2"))
    ledger.retain()
    assert [end["held_by"] for end in ends(ledger, "held")] == ["claim-1", "claim-1,claim-2"]
    assert ledger.opened("held")["call-1"] == HISTORY


def test_lifting_the_hold_lets_the_day_go(ledger: Simulation) -> None:
    """What was kept beyond its time goes with the next run."""
    ledger.now += DAY
    ledger.record(
        ledger.fact("hold.lifted", "held", hold_id="claim-1"),
        ledger.fact("hold.lifted", "held", hold_id="claim-2"),
    )
    ledger.retain()
    assert (["intent", "confirmed"], set()) == (phases(ledger, "held"), ledger.opened("held")["call-1"])
    assert ends(ledger, "held")[-1]["held_by"] is None


def test_hold_on_a_person_keeps_that_persons_fields_only(ledger: Simulation) -> None:
    """Everybody else's day ends; the held person's fields open until the hold does."""
    begin(ledger, "person")
    ledger.record(ledger.call("person", "call-1"))
    caller = ledger.subject("person", CALLER)
    ledger.record(ledger.holds("person", "claim-1", subject_pseudonym=str(caller)))
    ledger.now += 2 * DAY
    ledger.retain()
    assert phases(ledger, "person") == ["intent", "confirmed"]
    # Each part holds the number of its own subject only.
    assert {"caller_number"} == ledger.opened("person")["call-1"]
    ledger.now += DAY
    ledger.record(ledger.fact("hold.lifted", "person", hold_id="claim-1"))
    assert ledger.retain().released >= 1
    assert set() == ledger.opened("person")["call-1"]


def test_proof_is_destroyed_alone(ledger: Simulation) -> None:
    """The proof of an expired consent ends; that of the person's other consent, on the same day, stands."""
    expired = {"purpose": "newsletter", "subject_phone": CALLER, "expires_at": ledger.now + DAY}
    ledger.record(
        ledger.fact("consent.given", "proofs", event_id="old", **expired),
        ledger.fact(
            "consent.given", "proofs", event_id="standing", purpose="profiling", subject_phone=CALLER
        ),
    )
    ledger.now += 6 * 366 * DAY
    outcome = ledger.retain()
    assert [each.controller for each in outcome.plan.proofs] == ["proofs"]
    opened = ledger.opened("proofs")
    assert (set(), {"subject_phone"}) == (opened["old"], opened["standing"])
    (end,) = [
        details
        for fact in ledger.facts("proofs", "retention.ended")
        if (details := msgspec.json.decode(fact.open_fields))["fact"]
    ]
    assert (end["starts"], end["period"]) == ("consent_end", "P5Y")


def test_more_than_the_bound_waits_for_a_second_person(
    ledger: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes until exactly this plan is approved; the facts say that it was."""
    begin(ledger, "bound")
    for number in range(3):
        ledger.record(ledger.call("bound", f"call-{number}"))
        ledger.now += DAY
    ledger.now += 2 * DAY
    bounded = ledger.parts.settings.model_copy(update={"destructions_max": 2})
    monkeypatch.setattr(ledger, "parts", replace(ledger.parts, settings=bounded))
    with pytest.raises(SecondPersonNeeded) as refused:
        ledger.retain()
    assert (refused.value.exit_code, phases(ledger, "bound")) == (4, [])
    with ledger.run() as run:
        digest = run.plan().digest
    with pytest.raises(SecondPersonNeeded):
        ledger.retain(Approval("0" * 64, "somebody"))
    assert ledger.retain(Approval(digest, "somebody")).run_id.endswith(":approved")
    assert Counter(phases(ledger, "bound")) == {"intent": 3, "confirmed": 3}


class Trouble(Exception):
    """Whatever kills a process."""


class TroubledVault(Vault):
    """A vault that destroys badly, in one of the ways of FAULTS, row 48."""

    trouble: Callable[["TroubledVault", Collection[EpochKeyName], str], frozenset[EpochKeyName]]

    def destroy_epochs(self, names: Collection[EpochKeyName], why: str) -> frozenset[EpochKeyName]:
        """Destroys as the test wants it."""
        return TroubledVault.trouble(self, names, why)


def destroys_and_fails(vault: Vault, names: Collection[EpochKeyName], why: str) -> frozenset[EpochKeyName]:
    """Done, but reported failed."""
    Vault.destroy_epochs(vault, names, why)
    raise InfrastructureError("destroying", found="a lost connection")


def fails(_vault: Vault, _names: Collection[EpochKeyName], _why: str) -> frozenset[EpochKeyName]:
    """Not done, and reported failed."""
    raise InfrastructureError("destroying", found="a lost connection")


def says_yes(_vault: Vault, names: Collection[EpochKeyName], _why: str) -> frozenset[EpochKeyName]:
    """Not done, but reported done."""
    return frozenset(names)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [(destroys_and_fails, InfrastructureError), (fails, InfrastructureError), (says_yes, NotDestroyed)],
    ids=["done but reported failed", "not done", "not done but reported done"],
)
def test_destruction_that_was_not_seen_to_succeed_is_never_confirmed(
    ledger: Simulation,
    trouble: Callable[..., frozenset[EpochKeyName]],
    error: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The intent stands alone until a run looked and found nothing to open."""
    controller = f"trouble-{trouble.__name__}"
    begin(ledger, controller)
    ledger.record(ledger.call(controller, "call-1"))
    ledger.now += 2 * DAY
    monkeypatch.setattr(TroubledVault, "trouble", staticmethod(trouble), raising=False)
    with (
        TroubledVault(ledger.parts.vault_dsn, ledger.parts.key_encryption) as troubled,
        ledger.run(troubled) as run,
        pytest.raises(error),
    ):
        run.carry_out()
    assert phases(ledger, controller) == ["intent"]
    outcome = ledger.retain()
    assert (len(outcome.finished), phases(ledger, controller)) == (1, ["intent", "confirmed"])
    assert set() == ledger.opened(controller)["call-1"]
    assert len(instructions(ledger, controller)) == 1


def test_without_the_look_at_the_vault_a_lie_would_be_published(
    ledger: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: a run that believes what the destroying call returns confirms a key that still opens."""
    begin(ledger, "mutant")
    ledger.record(ledger.call("mutant", "call-1"))
    ledger.now += 2 * DAY
    monkeypatch.setattr(TroubledVault, "trouble", staticmethod(says_yes), raising=False)
    opening: list[bool] = []
    with (
        TroubledVault(ledger.parts.vault_dsn, ledger.parts.key_encryption) as troubled,
        ledger.run(troubled) as run,
    ):
        monkeypatch.setattr(troubled, "confirm_epochs_destroyed", lambda _names: None)
        publish_facts = run._own.publish

        def look_and_publish(facts: Any, occurred_at: int) -> None:
            facts = list(facts)
            if any(fact.event_id.endswith(":confirmed") for fact in facts):
                # A sealer has not looked at the governance partition yet: it would destroy what was announced.
                opening.append("call_history" in {name[1] for name in troubled.live_epochs("mutant")})
            publish_facts(facts, occurred_at)

        monkeypatch.setattr(run._own, "publish", look_and_publish)
        run.carry_out()
    assert opening == [True]


def test_everyone_who_handles_the_class_is_told_and_nobody_else(ledger: Simulation) -> None:
    """Services by the source of their facts, processors by their name; one that handles another class is not."""
    begin(ledger, "told")
    ledger.record(
        ledger.call("told", "call-1", processors=["Speech Example"]),
        ledger.fact("voicemail.left", "told", caller_number=CALLER, processors=["Mailbox Example"]),
    )
    ledger.now += 2 * DAY
    ledger.retain()
    told = {(each["recipient"], each["recipient_kind"]) for each in instructions(ledger, "told")}
    assert {("urn:test:pbx", "service"), ("Speech Example", "processor")} == told


def test_intent_is_finished_although_its_rule_changed_meanwhile(
    ledger: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was announced is done: whoever opened the vault since has done it already."""
    begin(ledger, "changed")
    ledger.record(ledger.call("changed", "call-1"))
    ledger.now += 2 * DAY
    monkeypatch.setattr(TroubledVault, "trouble", staticmethod(fails), raising=False)
    with (
        TroubledVault(ledger.parts.vault_dsn, ledger.parts.key_encryption) as troubled,
        ledger.run(troubled) as run,
        pytest.raises(InfrastructureError),
    ):
        run.carry_out()
    ledger.record(ledger.holds("changed", "too-late"), ledger.sets("changed", "call_history", 365))
    ledger.retain()
    assert phases(ledger, "changed") == ["intent", "confirmed"]


def crash(*_arguments: Any, **_fields: Any) -> None:
    """Dies here."""
    raise Trouble


@pytest.mark.parametrize(
    "step",
    ["hold_fields", "publish_ends", "destroy_epochs", "give_instructions", "publish_confirmed", "release"],
)
def test_run_that_died_anywhere_is_repaired_by_the_next(
    ledger: Simulation, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before any of its steps, the next run ends as if nothing had happened: every fact once."""
    controller = f"crash-{step}"
    begin(ledger, controller)
    ledger.record(ledger.call(controller, "call-1"))
    caller = ledger.subject(controller, CALLER)
    ledger.record(ledger.holds(controller, "claim-1", subject_pseudonym=str(caller)))
    ledger.now += 2 * DAY
    with monkeypatch.context() as patched, ledger.run() as run:
        die_before(patched, run, step)
        if step == "release":
            run.carry_out()
        else:
            with pytest.raises(Trouble):
                run.carry_out()
    ledger.now += DAY // 24
    ledger.retain()
    ledger.retain()
    assert phases(ledger, controller) == ["intent", "confirmed"]
    assert len(ends(ledger, controller)) == 1
    assert {"caller_number"} == ledger.opened(controller)["call-1"]
    assert len(ledger.facts(controller, "instruction.given")) == 1
    assert len({message["instruction"] for message in instructions(ledger, controller)}) == 1


def die_before(patched: pytest.MonkeyPatch, run: Any, step: str) -> None:
    """Makes a run die before one of its steps."""
    vault_steps = {
        "hold_fields": "hold_fields",
        "destroy_epochs": "destroy_epochs",
        "release": "release_held",
    }
    if step in vault_steps:
        patched.setattr(run._vault, vault_steps[step], crash)
    elif step == "give_instructions":
        patched.setattr(retention_run, "give_instructions", crash)
    else:
        publish_facts, published = run._own.publish, []

        def publish_some(facts: Any, occurred_at: int) -> None:
            facts = list(facts)
            confirmed = any(str(fact.event_id).endswith(":confirmed") for fact in facts)
            if facts and confirmed is (step == "publish_confirmed"):
                # The first of them lands, the others do not.
                published.append(facts[0])
                publish_facts(facts[:1], occurred_at)
                raise Trouble
            publish_facts(facts, occurred_at)

        patched.setattr(run._own, "publish", publish_some)


def test_only_one_run_at_a_time(ledger: Simulation) -> None:
    """The second says so and touches nothing."""
    with AdvisoryLock(ledger.parts.vault_dsn, retention_run.LOCK) as lock:
        assert lock.acquire()
        with ledger.run() as run, pytest.raises(InfrastructureError, match="another retention run"):
            run.carry_out()


def test_recipients_answer_is_recorded_against_its_instruction(ledger: Simulation) -> None:
    """`ledger retention` tells the silent from those that answered."""
    begin(ledger, "answered")
    ledger.record(ledger.call("answered", "call-1"))
    ledger.now += 2 * DAY
    ledger.retain()
    with ledger.run() as run:
        (before,) = run._queries.instruction_rows(controller="answered")
    ledger.record(
        ledger.fact(
            "data.erased",
            "answered",
            erasure_id=before.instruction,
            service=before.recipient,
            trigger="retention_end",
            outcome="erased",
        )
    )
    with ledger.run() as run:
        (row,) = run._queries.instruction_rows(controller="answered")
    assert (before.state, row.state) == ("waiting", "confirmed")
