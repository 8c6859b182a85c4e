"""Records of processing activities, from facts alone: GDPR Art. 30(1) and 30(2)."""

from typing import Any

import pytest

from ledger.policies import load_pack
from ledger.rules.keeping.retention import Adoption, ControllerRules, Setting
from ledger.rules.register.records import (
    AfterAgreement,
    Aspect,
    Facts,
    Measures,
    Mechanism,
    Party,
    Register,
    RegisterRole,
    ShownTransfer,
    controllers_of,
    erasure_limit,
    make_register,
)
from ledger.rules.register.register_gaps import missing_from

GARAGE, DENTIST, PROVIDER = "garage-example", "dentist-example", "provider-example"
NOON = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z."""
NO_RULES = ControllerRules()
CALLVOIP = ControllerRules(adoptions=(Adoption(pack=load_pack("callvoip-faq").pack, at=0),))


def aspect(name: str, value: str, **changes: Any) -> Aspect:
    """An aspect of telephony for the garage by its processor."""
    return Aspect(GARAGE, "processor", "telephony", "contract", name, value, 3, 41)._replace(**changes)


def party(name: str, **changes: Any) -> Party:
    """A party of the garage's register."""
    return Party(GARAGE, name, f"{name} example", "office@example.com", "NL", None, 0, 1)._replace(**changes)


def mechanism(**changes: Any) -> Mechanism:
    """Standard clauses with a speech engine in the US."""
    return Mechanism(GARAGE, "Speech-Example", "US", "scc", None, None, "SCC 2021/914", 0, 2)._replace(
        **changes
    )


def shown(**changes: Any) -> ShownTransfer:
    """Speech that was turned into text in the US."""
    return ShownTransfer(GARAGE, "processor", "speech-example", "US", "processing", 3, 42)._replace(**changes)


WHOLE = Facts(
    aspects=(
        aspect("event_type", "call.recorded"),
        aspect("data_category", "voice"),
        aspect("data_category", "phone_number", offset=43),
        aspect("subject_category", "caller"),
        aspect("recipient", "speech-example"),
        aspect("storage_country", "NL"),
        aspect("processing_country", "US"),
        aspect("retention_class", "recording"),
    ),
    parties=tuple(map(party, ("controller", "joint_controller", "representative", "dpo", "processor"))),
    measures=(Measures(GARAGE, ("encrypted_connections",), "Connections are encrypted.", 0, 3),),
    mechanisms=(mechanism(),),
    transfers=(shown(),),
)


def made(role: RegisterRole, facts: Facts, rules: ControllerRules = CALLVOIP) -> Register:
    """The garage's part of a register."""
    return make_register(role, GARAGE, facts, rules, NOON)


def test_register_of_a_controller_has_every_field_of_the_article() -> None:
    """(a) to (g), and nothing is missing."""
    register = made(RegisterRole.CONTROLLER, WHOLE)
    assert {"controller", "joint_controller", "representative", "dpo", "processor"} == register.parties.keys()
    [activity] = register.activities
    assert (activity.purpose, activity.lawful_basis) == ("telephony", "contract")
    assert activity.subject_categories == ("caller",)
    assert activity.data_categories == ("phone_number", "voice")
    assert activity.recipients == ("speech-example",)
    assert activity.transfers == (mechanism(), shown())
    [limit] = activity.erasure_limits
    assert (
        limit.retention_class,
        limit.period,
        limit.rule,
    ) == ("recording", "P365D", "callvoip-faq:CF-07-recording")
    assert limit.after_agreement == (AfterAgreement("P3M", "callvoip-faq:CF-05", False),)
    assert register.measures == WHOLE.measures[0]
    assert activity.entries == ((3, 41), (3, 43))
    assert missing_from(register) == []


def test_register_of_a_processor_has_its_categories_per_controller() -> None:
    """Art. 30(2): only what was done as processor."""
    own = aspect("data_category", "ip_address", role="controller", purpose="security")
    facts = Facts(aspects=(*WHOLE.aspects, own), parties=WHOLE.parties)
    assert [one.purpose for one in made(RegisterRole.PROCESSOR, facts).activities] == ["telephony"]
    assert [one.purpose for one in made(RegisterRole.CONTROLLER, facts).activities] == [
        "security",
        "telephony",
    ]


def test_conduit_is_in_no_register() -> None:
    """MB-05: a mere conduit is neither controller nor processor."""
    facts = Facts(aspects=(aspect("data_category", "content", role="conduit"),))
    assert controllers_of(RegisterRole.CONTROLLER, facts) == []
    assert controllers_of(RegisterRole.PROCESSOR, facts) == []


def test_controllers_are_those_that_facts_name() -> None:
    """One that was only registered has a register that says what is missing; nobody processes for it yet."""
    facts = Facts(aspects=WHOLE.aspects, parties=(party("controller", controller=DENTIST),))
    assert controllers_of(RegisterRole.CONTROLLER, facts) == [DENTIST, GARAGE]
    assert controllers_of(RegisterRole.PROCESSOR, facts) == [GARAGE]


def test_what_no_fact_says_is_said_to_be_missing() -> None:
    """By the letter of the article; nothing is made up."""
    bare = Facts(aspects=(aspect("event_type", "call.recorded"), aspect("retention_class", "recording")))
    assert missing_from(made(RegisterRole.CONTROLLER, bare, NO_RULES)) == [
        "(a) name and contact details of the controller",
        "(a) name and contact details of the data protection officer",
        "(c) categories of data subjects, of telephony",
        "(c) categories of personal data, of telephony",
        "(f) a time limit for erasure of recording, of telephony",
        "(g) a general description of security measures",
    ]
    assert missing_from(made(RegisterRole.PROCESSOR, bare, NO_RULES)) == [
        "(a) name and contact details of the controller",
        "(a) name and contact details of the data protection officer",
        "(a) name and contact details of the processor",
        "(d) a general description of security measures",
    ]


def test_register_without_any_activity_says_so() -> None:
    """An empty register is not a clean one."""
    assert "(b) any activity" in missing_from(made(RegisterRole.CONTROLLER, Facts()))


@pytest.mark.parametrize(
    ("mechanisms", "transfers", "missing"),
    [
        ((mechanism(),), (shown(),), []),
        ((), (shown(),), ["speech-example in US"]),
        ((mechanism(valid_until=NOON),), (shown(),), ["Speech-Example in US", "speech-example in US"]),
        ((mechanism(valid_until=NOON + 1),), (shown(),), []),
        ((mechanism(valid_from=NOON + 1),), (), ["Speech-Example in US"]),
        ((mechanism(mechanism="none"),), (), ["Speech-Example in US"]),
        ((mechanism(mechanism=None),), (), ["Speech-Example in US"]),
        ((mechanism(country="IN"),), (shown(),), ["speech-example in US"]),
        ((), (shown(recipient="", shown_as="storage"),), ["storage in US"]),
        ((mechanism(),), (shown(recipient="", shown_as="storage"),), []),
    ],
)
def test_transfer_rests_on_something_valid_or_is_said_not_to(
    mechanisms: tuple[Mechanism, ...], transfers: tuple[ShownTransfer, ...], missing: list[str]
) -> None:
    """Art. 30(1)(e): a mechanism of another country, or one that has run out, is none."""
    facts = Facts(
        aspects=WHOLE.aspects,
        parties=WHOLE.parties,
        measures=WHOLE.measures,
        mechanisms=mechanisms,
        transfers=transfers,
    )
    found = missing_from(made(RegisterRole.CONTROLLER, facts))
    assert [f"(e) what the transfer to {one} rests on" for one in missing] == found


def test_mechanism_of_nobody_who_receives_anything_is_no_transfer() -> None:
    """A list names everyone a provider could use; the register says who is used."""
    facts = Facts(aspects=WHOLE.aspects, mechanisms=(mechanism(recipient="unused-example"),))
    assert made(RegisterRole.CONTROLLER, facts).transfers == []


def test_facts_of_another_controller_are_not_in_the_register() -> None:
    """Each controller's is its own."""
    facts = Facts(
        aspects=(aspect("data_category", "voice", controller=DENTIST),),
        parties=(party("dpo", controller=DENTIST),),
        measures=(Measures(DENTIST, (), "None.", 0, 3),),
        mechanisms=(mechanism(controller=DENTIST),),
        transfers=(shown(controller=DENTIST),),
    )
    register = made(RegisterRole.CONTROLLER, facts)
    assert (register.parties, register.activities, register.transfers, register.measures) == (
        {},
        [],
        [],
        None,
    )


@pytest.mark.parametrize(
    ("rules", "retention_class", "period", "rule"),
    [
        (CALLVOIP, "signalling", "P3M", "callvoip-faq:CF-08"),
        (NO_RULES, "recording", None, None),
        (NO_RULES, "consent_proof", "P5Y", "ledger:consent-proof"),
        (NO_RULES, "request_confirmation", "P5Y", "ledger:request-confirmation"),
        (
            ControllerRules(
                adoptions=CALLVOIP.adoptions,
                settings=(Setting(retention_class="recording", days=30, at=1),),
            ),
            "recording",
            "P30D",
            "customer",
        ),
        (
            ControllerRules(
                adoptions=CALLVOIP.adoptions,
                settings=(Setting(retention_class="recording", days=30, at=NOON + 1),),
            ),
            "recording",
            "P365D",
            "callvoip-faq:CF-07-recording",
        ),
        (
            ControllerRules(adoptions=(Adoption(pack=load_pack("messagebird").pack, region="eu", at=0),)),
            "consent_proof",
            "P5Y",
            "messagebird:MB-34",
        ),
    ],
)
def test_erasure_limit_is_that_of_the_rules_in_force(
    rules: ControllerRules, retention_class: str, period: str | None, rule: str | None
) -> None:
    """Art. 30(1)(f), per category: by the settings and packs of the moment, and never invented."""
    limit = erasure_limit(rules, retention_class, NOON)
    assert (retention_class, period, rule) == (limit.retention_class, limit.period, limit.rule)


def test_erasure_limit_tells_what_the_end_of_the_agreement_brings() -> None:
    """CF-05 and CD-31: three months, and at once when the controller chooses deletion; a choice is no limit."""
    dpa = ControllerRules(adoptions=(Adoption(pack=load_pack("callvoip-dpa").pack, at=0),))
    limit = erasure_limit(dpa, "recording", NOON)
    assert limit.period is None
    assert limit.after_agreement == (AfterAgreement("P0D", "callvoip-dpa:CD-31", True),)
    facts = Facts(aspects=(aspect("retention_class", "recording"), aspect("subject_category", "caller")))
    missing = missing_from(made(RegisterRole.CONTROLLER, facts, dpa))
    assert "(f) a time limit for erasure of recording, of telephony" in missing
