"""Where data is: stored where promised, outside the EEA only on a valid mechanism."""

from datetime import date
from typing import Any

import pytest

from ledger.rules.eea import LEFT, MEMBERS, in_eea
from ledger.rules.listed_processor import ListedProcessor
from ledger.rules.policy_pack import PackEntry
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.packs import noon
from tests.unit.rules.processed import NOW, announced, codes, governed, held, marks, processed

MICROSECOND = 1
WITHOUT, WITH = ("transfer_without_mechanism", ""), ("transfer_with_mechanism", "")


def us(**changes: Any) -> PackEntry:
    """A list with one sub-processor in the United States."""
    row = {"name": "Twilio", "service": "s", "countries": ("US",), "mechanism": "scc", "agreement": True}
    return promise("MB-48", "subprocessors", processors=(ListedProcessor(**{**row, **changes}),))


def transfer_of(*, country: str = "NL", state: Any = None, **changes: Any) -> tuple[bool, bool]:
    """Whether a transfer is found to lack a mechanism, and whether one is shown."""
    found = held(processed(storage_country=country, **changes), state or governed())
    return WITHOUT in codes(found), WITH in marks(found)


@pytest.mark.parametrize("country", [*sorted(MEMBERS), "nl", ""])
def test_within_the_eea_there_is_no_transfer(country: str) -> None:
    """Nor where nothing is stored."""
    assert transfer_of(country=country) == (False, False)


def test_eea_has_thirty_states() -> None:
    """27 of the Union and three of EFTA; Aland and six outermost regions have codes of their own."""
    assert len(MEMBERS - {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}) == 30
    assert "CH" not in MEMBERS


def test_united_kingdom_left() -> None:
    """X16: at midnight in Brussels that ended 2020, the moment itself is outside."""
    left = LEFT["GB"]
    assert noon("2020-12-31") < left < noon("2021-01-01")
    assert in_eea("GB", left - MICROSECOND)
    assert not in_eea("GB", left)
    assert transfer_of(country="GB", at=left - MICROSECOND) == (False, False)
    assert transfer_of(country="GB", at=left) == (True, False)


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("call.transcribed", {"processing_country": "US", "engine_processor": ""}),
        ("data.exported", {"destination_country": "US"}),
        ("data.accessed", {"actor_country": "US"}),
    ],
)
def test_processing_and_access_are_apart_from_storage(event_type: str, fields: dict[str, Any]) -> None:
    """X7: stored here, and transcribed, sent or looked at there."""
    assert transfer_of(event_type=event_type, fields=fields) == (True, False)
    entry: dict[str, Any] = {"event_type": event_type, "fields": fields, "processors": ["Twilio"]}
    assert transfer_of(state=governed(us()), **entry) == (False, True)


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("data.exported", {"destination_country": "US", "recipient_kind": "data_subject"}),
        ("data.accessed", {"actor_country": "US", "actor_role": "data_subject"}),
        ("data.exported", {"destination_country": ""}),
        ("data.accessed", {"actor_country": ""}),
    ],
)
def test_own_data_and_unknown_places_are_no_transfer(event_type: str, fields: dict[str, Any]) -> None:
    """Who gets their own data is no recipient abroad, and nobody can hold an unknown country against anyone."""
    assert transfer_of(event_type=event_type, fields=fields) == (False, False)


def test_engine_is_a_processor_though_not_listed_as_one() -> None:
    """The processor that runs the engine has the mechanism for where the engine runs."""
    fields = {"engine_processor": "twilio", "processing_country": "US"}
    assert transfer_of(event_type="call.transcribed", fields=fields, state=governed(us())) == (False, True)


def test_processors_own_country_counts() -> None:
    """Stored in the Netherlands and processed in the United States is in the United States."""
    assert transfer_of(processors=["Twilio"], state=governed(us())) == (False, True)
    assert transfer_of(processors=["Twilio"], state=governed(us(mechanism="none"))) == (True, False)
    assert transfer_of(processors=["Twilio"], state=governed(us(mechanism=None))) == (True, False)
    assert transfer_of(processors=["Twilio"], state=governed(us(mechanism="not_needed"))) == (True, False)


def test_another_processors_mechanism_does_not_cover_it() -> None:
    """Each processor's country rests on its own mechanism."""
    rows = (
        ListedProcessor(name="Twilio", service="s", countries=("US",), mechanism="scc"),
        ListedProcessor(name="Zapier", service="s", countries=("US",), mechanism="none"),
    )
    state = governed(promise("MB-48", "subprocessors", processors=rows))
    found = held(processed(processors=["Twilio", "Zapier"]), state)
    [finding] = [each for each in found.findings if each.code == WITHOUT[0]]
    assert finding.found == "call.completed: processed by Zapier in US without a valid mechanism"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2020-07-15", (False, True)),
        ("2020-07-16", (False, True)),
        ("2020-07-17", (True, False)),
        ("2023-07-09", (True, False)),
    ],
)
def test_listed_mechanism_ends_with_its_last_day(on: str, expected: tuple[bool, bool]) -> None:
    """X16, Schrems II: the Privacy Shield was struck down on 16 July 2020."""
    shield = us(mechanism="adequacy", valid_from=date(2016, 7, 12), valid_until=date(2020, 7, 16))
    assert transfer_of(at=noon(on), processors=["Twilio"], state=governed(shield)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(2 * DAY - MICROSECOND, (True, False), id="before it begins"),
        pytest.param(2 * DAY, (False, True), id="the moment it begins"),
        pytest.param(5 * DAY - MICROSECOND, (False, True), id="its last moment"),
        pytest.param(5 * DAY, (True, False), id="the moment it ends"),
    ],
)
def test_mechanism_by_facts(at: int, expected: tuple[bool, bool]) -> None:
    """X16: the validity that was stated, to the microsecond."""
    facts = [
        announced(0, "Twilio", countries=["US"], mechanism="none"),
        case_fact(
            "transfer.mechanism_set", DAY, subprocessor="twilio", valid_from=2 * DAY, valid_until=5 * DAY
        ),
    ]
    assert transfer_of(at=at, processors=["Twilio"], state=governed(facts=facts)) == expected


def test_mechanism_that_falls_away_by_a_fact_beats_the_document() -> None:
    """What a document lists holds until a fact says otherwise of the country."""
    gone = case_fact("transfer.mechanism_set", DAY, subprocessor="Twilio", mechanism="none", valid_from=DAY)
    assert transfer_of(processors=["Twilio"], state=governed(us(), facts=[gone])) == (True, False)


@pytest.mark.parametrize(
    ("parameters", "country", "expected"),
    [
        ({"countries": ("NL",)}, "NL", "kept"),
        ({"countries": ("NL",)}, "nl", "kept"),
        ({"countries": ("NL",)}, "DE", "storage in NL only"),
        ({"region": "eea"}, "DE", "kept"),
        ({"region": "eea"}, "US", "storage in the EEA only"),
        ({"region": "eea", "countries": ("CH",)}, "CH", "kept"),
        ({"region": "eea", "countries": ("CH",)}, "US", "storage in CH and the EEA only"),
        ({"region": "eea"}, "", "nothing"),
    ],
)
def test_storage(parameters: dict[str, object], country: str, expected: str) -> None:
    """CF-06, CD-10: in Amsterdam and Rotterdam, in the EEA; nothing is said where nothing is stored."""
    rule = "pack:CD-10"
    found = held(processed(storage_country=country), governed(promise("CD-10", "storage", **parameters)))
    shown = ("stored_within_region", rule) in marks(found)
    broken = [each for each in found.findings if each.code == "stored_outside_region"]
    assert shown is (expected == "kept")
    assert [(each.rule, each.expected) for each in broken] == (
        [] if expected in {"kept", "nothing"} else [(rule, expected)]
    )


def test_a_moment_is_now() -> None:
    """The made-up moments are before the United Kingdom left, or tests would say something else."""
    assert LEFT["GB"] > NOW
