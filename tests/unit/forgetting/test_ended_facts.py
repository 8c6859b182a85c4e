"""The facts of an end: their ids follow from what they say, and their fields are those of the schemas."""

from typing import Any
from uuid import UUID

import pytest

from ledger.contract.catalogue import Catalogue
from ledger.contract.writing import complete_datum
from ledger.forgetting.ended_facts import (
    CONFIRMED,
    INTENT,
    destroyed_fact,
    destruction_of,
    ended_fact,
    released_fact,
)
from ledger.forgetting.own_facts import COMMON, OwnFact
from ledger.forgetting.retention_plan import Ending, EpochEnding, ProofEnding, Release
from ledger.rules.keeping.retention import End
from ledger.rules.packs.policy_pack import Action, Start

CATALOGUE = Catalogue.load()
END = End(1_774_609_200_000_000, "P90D", Start.EVENT, "customer", Action.DESTROY)
SUBJECT = UUID("6f7b0a52-0000-4000-8000-000000000001")
FACT = UUID("6f7b0a52-0000-4000-8000-00000000000a")
DAY = EpochEnding("dentist-example", "call_history", 20_539, END, None)
PROOF = ProofEnding("dentist-example", SUBJECT, FACT, END, None)


def facts(ending: Ending) -> list[OwnFact]:
    """Everything that is said of an end."""
    destruction = destruction_of(ending)
    return [
        ended_fact(ending, "run-1"),
        destroyed_fact(destruction, INTENT),
        destroyed_fact(destruction, CONFIRMED),
    ]


@pytest.mark.parametrize("ending", [DAY, PROOF], ids=["a day", "a proof"])
def test_facts_are_what_their_schemas_ask_for(ending: Ending) -> None:
    """Complete and of the right types, so that none is rejected."""
    for fact in facts(ending):
        schema = CATALOGUE.latest(fact.event_type)
        assert schema is not None
        assert schema.own
        complete_datum(schema, {"controller": fact.controller, **COMMON, **fact.fields})


def test_release_is_complete_and_one_fact_for_each_end_of_a_hold() -> None:
    """Found by two runs it is one; of a later hold on the same person another, or it would be taken for a repeat."""
    release = Release("dentist-example", SUBJECT, "call_history", 7)
    first, again = released_fact(release, "run-1"), released_fact(release, "run-2")
    schema = CATALOGUE.latest("retention.ended")
    assert schema is not None
    complete_datum(schema, {"controller": first.controller, **COMMON, **first.fields})
    assert first.event_id == again.event_id
    assert first.event_id != released_fact(release._replace(ended_at=8), "run-1").event_id


def test_ids_do_not_depend_on_the_run() -> None:
    """Found by two runs, one end is one fact."""
    assert ended_fact(DAY, "run-1").event_id == ended_fact(DAY, "run-2").event_id


@pytest.mark.parametrize(
    "other",
    [
        DAY._replace(day=20_540),
        DAY._replace(retention_class="voicemail"),
        DAY._replace(controller="garage-example"),
        PROOF,
    ],
    ids=["day", "class", "controller", "proof"],
)
def test_different_keys_have_different_ids(other: Ending) -> None:
    """No two destructions are taken for one."""
    ids = [fact.event_id for each in (DAY, other) for fact in facts(each)]
    assert len(ids) == len(set(ids))


def test_end_that_is_held_by_other_holds_is_another_fact() -> None:
    """Held, held by others, and destroyed: three things to say of one day."""
    endings: list[Any] = [DAY, DAY._replace(held_by="claim-1"), DAY._replace(held_by="claim-1,claim-2")]
    assert len({ended_fact(ending, "run-1").event_id for ending in endings}) == 3


def test_intent_and_confirmation_name_the_same_destruction() -> None:
    """The one is told from the other by its phase."""
    _, intent, confirmed = facts(PROOF)
    assert intent.fields["destruction_id"] == confirmed.fields["destruction_id"]
    assert (intent.fields["phase"], confirmed.fields["phase"]) == (INTENT, CONFIRMED)
