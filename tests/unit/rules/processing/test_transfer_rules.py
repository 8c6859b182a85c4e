"""Where data is: stored where promised, outside the EEA only on a valid mechanism."""

from datetime import date
from typing import Any

import pytest

from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.processing.eea import LEFT, MEMBERS, in_eea
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.made_packs import noon
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


def backup(storage: str, destination: str, reason: str = "backup") -> tuple[list[str], bool]:
    """Whether a copy that leaves is found to be stored outside the EEA, in words, and whether within is shown."""
    fields = {"reason": reason, "destination_country": destination, "recipient_kind": "processor"}
    entry = processed("data.exported", fields=fields, storage_country=storage)
    found = held(entry, governed(promise("CD-10", "storage", region="eea")))
    broken = [each.found for each in found.findings if each.code == "stored_outside_region"]
    return broken, ("stored_within_region", "pack:CD-10") in marks(found)


@pytest.mark.parametrize(
    ("storage", "destination", "expected"),
    [
        ("NL", "US", ["data.exported backed up in US"]),
        ("NL", "us", ["data.exported backed up in US"]),
        ("", "US", ["data.exported backed up in US"]),
        ("US", "US", ["data.exported stored in US"]),
        ("US", "CH", ["data.exported stored in US and backed up in CH"]),
        ("US", "NL", ["data.exported stored in US"]),
        ("NL", "NO", []),
        ("", "NO", []),
        ("NL", "", []),
    ],
)
def test_back_up_is_stored_where_it_goes(storage: str, destination: str, expected: list[str]) -> None:
    """CD-10: storage is permanent keeping, back-ups included."""
    assert backup(storage, destination) == (expected, not expected)


@pytest.mark.parametrize("reason", ["customer_export", "end_of_agreement", "migration", "access_request"])
def test_other_exports_are_not_stored_by_the_provider(reason: str) -> None:
    """What somebody else keeps is theirs; leaving the EEA is judged as a transfer."""
    assert backup("NL", "US", reason) == ([], True)
    assert backup("", "US", reason) == ([], False)


SCC_ONLY = promise("CB-34", "transfer", mechanisms=("scc",))
OF_CB_34 = ("transfer_without_mechanism", "pack:CB-34")


@pytest.mark.parametrize(
    ("mechanism", "expected"),
    [
        ("scc", []),
        ("bcr", [OF_CB_34]),
        ("derogation", [OF_CB_34]),
        ("adequacy", [OF_CB_34]),
        ("none", [WITHOUT]),
        (None, [WITHOUT]),
    ],
)
@pytest.mark.parametrize("told", ["list", "announcement"])
def test_only_the_mechanisms_that_were_promised(
    mechanism: str | None, expected: list[tuple[str, str]], told: str
) -> None:
    """CB-34: standard clauses, and no other mechanism; what rests on nothing breaks the law, and is found once."""
    if told == "list":
        state = governed(us(mechanism=mechanism), SCC_ONLY)
    else:
        facts = [announced(0, "Twilio", countries=["US"], mechanism=mechanism or "none")]
        state = governed(SCC_ONLY, facts=facts)
    found = held(processed(processors=["Twilio"]), state)
    assert [each for each in codes(found) if each[0] == WITHOUT[0]] == expected


def test_sentence_names_both_mechanisms() -> None:
    """What was promised, and what it rests on instead."""
    found = held(processed(processors=["Twilio"]), governed(us(mechanism="bcr"), SCC_ONLY))
    [finding] = [each for each in found.findings if each.rule]
    assert finding.article == "art. CB-34"
    assert finding.expected == "data outside the EEA on standard contractual clauses only"
    assert finding.found == "call.completed: processed by Twilio in US on binding corporate rules"


def test_mechanisms_are_promised_for_some_purposes() -> None:
    """CB-34 beside CB-35: where another clause allows more, this one asks nothing."""
    scoped = promise("CB-34", "transfer", mechanisms=("scc",), purposes=("telephony",))
    state = governed(us(mechanism="adequacy"), scoped)
    assert OF_CB_34 in codes(held(processed(processors=["Twilio"]), state))
    assert OF_CB_34 not in codes(held(processed(processors=["Twilio"], purpose="web_analytics"), state))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (2 * DAY - MICROSECOND, []),
        (2 * DAY, [OF_CB_34]),
        (5 * DAY - MICROSECOND, [OF_CB_34]),
        (5 * DAY, [WITHOUT]),
    ],
)
def test_mechanism_changes_at_a_moment(at: int, expected: list[tuple[str, str]]) -> None:
    """Clauses give way to a decision on adequacy, and that ends: to the microsecond."""
    facts = [
        announced(0, "Twilio", countries=["US"], mechanism="scc"),
        case_fact(
            "transfer.mechanism_set",
            DAY,
            subprocessor="twilio",
            mechanism="adequacy",
            valid_from=2 * DAY,
            valid_until=5 * DAY,
        ),
        case_fact("transfer.mechanism_set", DAY, subprocessor="twilio", mechanism="none", valid_from=5 * DAY),
    ]
    found = held(processed(processors=["Twilio"], at=at), governed(SCC_ONLY, facts=facts))
    assert codes(found) == expected


def test_a_moment_is_now() -> None:
    """The made-up moments are before the United Kingdom left, or tests would say something else."""
    assert LEFT["GB"] > NOW
