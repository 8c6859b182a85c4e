"""Every period the packs promise, over simulated years: readable to the last moment, unreadable from the next.

One timeline is played once, on real services with a clock of our own: facts are sealed when they happen, and a
retention run is carried out before, at the last moment of, and right after each last day. The dates are written out
here, by the calendar, and not computed by what is tested.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from ledger.vault.keys import EpochKeyName
from tests.integration.forgetting.simulated import (
    CALLED,
    CALLER,
    Simulation,
    after,
    day_number,
    micros,
    noon,
)
from tests.ledger_home import LedgerHome

BEGIN = "2023-06-01"
HELD_ALWAYS = "no-policy-example"
"""A controller that adopted nothing: its data of the same days and classes stays."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One promise: what happens on `day` is readable through `last` and not a moment longer.

    Args:
        name: as the test is called; also the controller.
        pack: what the controller adopted.
        event_type: of the fact.
        shows: a personal field of the class.
        fields: of the fact.
        settings: (moment, class, days) the customer set.
        terminations: (moment said, moment of the end, choice).
        neighbour: a day whose data is still readable when this one's is gone; None where the end is one for all days.
        survives: a field of the same fact that stays, of another class.
    """

    name: str
    day: str
    last: str
    event_type: str
    shows: str
    fields: Mapping[str, Any]
    pack: str | None = None
    region: str | None = None
    settings: tuple[tuple[str, str, int], ...] = ()
    terminations: tuple[tuple[str, str, str], ...] = ()
    neighbour: str | None = None
    survives: str | None = None


CALL = {"caller_number": CALLER, "called_number": CALLED}
SIGNAL = {"caller_number": CALLER, "called_number": CALLED, "user_agent": "Example/1"}
DIALLED = {"user_account": "agent-7", "dialled_number": CALLED}
MESSAGE = {"sender_number": CALLER, "recipient_number": CALLED, "content": "Invented text"}
EXPORT = {"subject_phone": CALLER}
FAX = {"sender_number": CALLER, "recipient_number": CALLED}

CASES = (
    Case(
        name="logs-anonymised-after-two-weeks",
        pack="callvoip-faq",
        event_type="signalling.logged",
        fields=SIGNAL,
        shows="caller_number",
        day="2026-03-15",
        last="2026-03-29",  # the day of 23 hours
        neighbour="2026-03-16",
        survives="user_agent",
    ),
    Case(
        name="logs-deleted-after-three-months",
        pack="callvoip-faq",
        event_type="signalling.logged",
        fields=SIGNAL,
        shows="user_agent",
        day="2023-11-30",
        last="2024-02-29",  # there is no 30 February, and this year has a 29th
        neighbour="2023-12-01",
    ),
    Case(
        name="click-to-dial-kept-ninety-days",
        pack="callvoip-faq",
        event_type="number.dialled",
        fields=DIALLED,
        shows="dialled_number",
        day="2026-07-27",
        last="2026-10-25",  # the day of 25 hours
        neighbour="2026-07-28",
    ),
    Case(
        name="communication-kept-six-months",
        pack="messagebird",
        region="eu",
        event_type="message.sent",
        fields=MESSAGE,
        shows="sender_number",
        day="2024-08-31",
        last="2025-02-28",
        neighbour="2024-09-01",
    ),
    Case(
        name="content-kept-six-months-in-the-eu",
        pack="messagebird",
        region="eu",
        event_type="message.sent",
        fields=MESSAGE,
        shows="content",
        day="2024-02-29",
        last="2024-08-29",
        neighbour="2024-03-01",
    ),
    Case(
        name="content-kept-two-years-elsewhere",
        pack="messagebird",
        region="us",
        event_type="message.sent",
        fields=MESSAGE,
        shows="content",
        day="2024-02-29",
        last="2026-02-28",
        neighbour="2024-03-01",
    ),
    Case(
        name="confirmation-of-a-request-kept-five-years",
        pack="messagebird",
        event_type="data.exported",
        fields=EXPORT,
        shows="subject_phone",
        day="2024-02-29",
        last="2029-02-28",
        neighbour="2024-03-01",
    ),
    Case(
        name="confirmation-of-a-request-kept-five-years-without-any-policy",
        event_type="data.exported",
        fields=EXPORT,
        shows="subject_phone",
        day="2024-02-28",
        last="2029-02-28",
        neighbour="2024-03-01",
    ),
    Case(
        name="terminated-thirty-days-ago",
        pack="callingbird",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        terminations=(("2025-09-20", "2025-09-25", "silent"),),
        day="2025-09-01",
        last="2025-10-25",
    ),
    Case(
        name="terminated-three-months-ago",
        pack="callvoip-faq",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        terminations=(("2025-11-01", "2025-11-30", "silent"),),
        day="2025-10-01",
        last="2026-02-28",
    ),
    Case(
        name="terminated-and-deletion-chosen",
        pack="callvoip-dpa",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        terminations=(("2025-11-01", "2025-11-30", "delete"),),
        day="2025-10-01",
        last="2025-11-30",
    ),
    Case(
        name="terminated-in-silence-without-any-period",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        terminations=(("2025-11-01", "2025-11-30", "silent"),),
        day="2025-10-01",
        last="2026-02-28",
    ),
    Case(
        name="kept-for-the-duration-of-the-service",
        pack="cloudtalk",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        terminations=(("2025-11-01", "2025-11-30", "return_and_delete"),),
        day="2025-10-01",
        last="2025-12-30",  # nobody exports it: thirty days to return it
    ),
    Case(
        name="customer-set-one-day",
        pack="callvoip-faq",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        settings=(("2025-03-01", "call_history", 1),),
        day="2025-03-29",
        last="2025-03-30",  # the day of 23 hours
        neighbour="2025-03-30",
    ),
    Case(
        name="customer-set-a-year",
        pack="callvoip-faq",
        event_type="fax.transmitted",
        fields=FAX,
        shows="sender_number",
        settings=(("2023-06-10", "fax", 365),),
        day="2023-10-29",
        last="2024-10-28",  # a leap day lies in between
        neighbour="2023-10-30",
    ),
    Case(
        name="customer-set-nothing-and-the-policy-has-a-year-at-most",
        pack="callvoip-faq",
        event_type="fax.transmitted",
        fields=FAX,
        shows="sender_number",
        day="2023-10-29",
        last="2024-10-28",
        neighbour="2023-10-30",
    ),
    Case(
        name="shortening-acts-on-what-is-there",
        pack="callvoip-faq",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        settings=(("2025-03-01", "call_history", 90), ("2025-03-12", "call_history", 7)),
        day="2025-03-10",
        last="2025-03-17",
        neighbour="2025-03-11",
    ),
    Case(
        name="lengthening-acts-on-what-comes",
        pack="callvoip-faq",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        settings=(("2025-03-01", "call_history", 7), ("2025-03-12", "call_history", 90)),
        day="2025-03-10",
        last="2025-03-17",
        neighbour="2025-03-13",
    ),
    Case(
        name="set-to-nothing-ends-what-is-there-with-its-day",
        pack="callvoip-faq",
        event_type="call.completed",
        fields=CALL,
        shows="caller_number",
        settings=(("2025-03-01", "call_history", 90), ("2025-03-10T18:00", "call_history", 0)),
        day="2025-03-10",
        last="2025-03-10",
    ),
)


class Proof(NamedTuple):
    """A proof of consent: given on a day, stopped by something, readable through the last day."""

    name: str
    given: str
    last: str
    expires: str | None = None
    withdrawn: str | None = None
    again: str | None = None
    terminated: str | None = None


PROOFS = (
    Proof("proof-withdrawn-on-a-leap-day", given="2023-07-01", withdrawn="2024-02-29", last="2029-02-28"),
    Proof("proof-expired", given="2023-07-01", expires="2024-03-31", last="2029-03-31"),
    Proof("proof-superseded", given="2023-07-01", again="2024-05-05", last="2029-05-05"),
    Proof("proof-of-an-ended-agreement", given="2023-07-01", terminated="2024-06-06", last="2029-06-06"),
)

KEYS_ONLY = (
    ("account", "2024-02-29", "2034-02-28"),
    ("marketing", "2024-02-29", "2025-02-28"),
)
"""Classes no event type has yet, ten years and twelve months in the messagebird pack: it is their days' keys that are
looked at."""
KEYS_CONTROLLER = "keys-only-example"


@dataclass
class Timeline:
    """What was seen: name -> whether it was readable the day before the last, at its last moment, and right after."""

    seen: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    neighbours: dict[str, bool] = field(default_factory=dict)
    others: dict[str, bool] = field(default_factory=dict)
    survivors: dict[str, bool] = field(default_factory=dict)
    retained_at: int = 0


Happening = Callable[[Simulation, Timeline], None]


@pytest.fixture(scope="module")
def timeline(home: LedgerHome) -> Timeline:
    """Plays everything, in the order of time."""
    happenings: dict[int, list[Happening]] = defaultdict(list)
    for case in CASES:
        _plan_case(happenings, case)
    for proof in PROOFS:
        _plan_proof(happenings, proof)
    _plan_keys(happenings)
    seen = Timeline()
    with home.parts() as parts, Simulation.begin(parts, noon(BEGIN)) as ledger:
        for moment in sorted(happenings):
            ledger.now = moment
            for happening in happenings[moment]:
                happening(ledger, seen)
    return seen


def _plan_case(happenings: dict[int, list[Happening]], case: Case) -> None:
    def publish(event_id: str, controller: str) -> Happening:
        return lambda ledger, _: ledger.record(
            ledger.fact(case.event_type, controller, event_id=event_id, **case.fields)
        )

    if case.pack is not None:
        pack = case.pack
        happenings[noon(BEGIN)].append(
            lambda ledger, _: ledger.record(ledger.adopts(case.name, pack, case.region))
        )
    for at, retention_class, days in case.settings:
        happenings[_moment(at)].append(
            lambda ledger, _, c=retention_class, d=days: ledger.record(ledger.sets(case.name, c, d))  # type: ignore[misc]
        )
    for said, end, choice in case.terminations:
        happenings[_moment(said)].append(
            lambda ledger, _, e=end, c=choice: ledger.record(  # type: ignore[misc]
                ledger.fact(
                    "agreement.terminated", case.name, agreement_id="agreement", ends_at=noon(e), choice=c
                )
            )
        )
    happenings[noon(case.day)] += [publish("watched", case.name), publish(case.name, HELD_ALWAYS)]
    if case.neighbour is not None:
        happenings[noon(case.neighbour)].append(publish("neighbour", case.name))

    def look(ledger: Simulation, seen: Timeline) -> None:
        _retain(ledger, seen)
        opened = ledger.opened(case.name)
        seen.seen[case.name].append(case.shows in opened["watched"])
        if "neighbour" in opened:
            seen.neighbours[case.name] = case.shows in opened["neighbour"]
        if case.survives is not None:
            seen.survivors[case.name] = case.survives in opened["watched"]
        seen.others[case.name] = case.shows in ledger.opened(HELD_ALWAYS)[case.name]

    for moment in _around(case.last, not_before=noon(case.day)):
        happenings[moment].append(look)


def _plan_proof(happenings: dict[int, list[Happening]], proof: Proof) -> None:
    def consent(event_type: str, event_id: str, **fields: Any) -> Happening:
        return lambda ledger, _: ledger.record(
            ledger.fact(
                event_type,
                proof.name,
                event_id=event_id,
                subject_phone=CALLER,
                purpose="newsletter",
                **fields,
            )
        )

    expires = None if proof.expires is None else noon(proof.expires)
    happenings[noon(proof.given)].append(consent("consent.given", "watched", expires_at=expires))
    if proof.withdrawn is not None:
        happenings[noon(proof.withdrawn)].append(consent("consent.withdrawn", "withdrawn"))
    if proof.again is not None:
        happenings[noon(proof.again)].append(consent("consent.given", "again", expires_at=None))
    if proof.terminated is not None:
        end = noon(proof.terminated)
        happenings[end].append(
            lambda ledger, _: ledger.record(
                ledger.fact(
                    "agreement.terminated",
                    proof.name,
                    agreement_id="agreement",
                    ends_at=end,
                    choice="delete",
                )
            )
        )

    def look(ledger: Simulation, seen: Timeline) -> None:
        _retain(ledger, seen)
        opened = ledger.opened(proof.name)
        seen.seen[proof.name].append("subject_phone" in opened["watched"])
        if proof.again is not None:
            seen.neighbours[proof.name] = "subject_phone" in opened["again"]

    for moment in _around(proof.last, not_before=noon(proof.given)):
        happenings[moment].append(look)


def _plan_keys(happenings: dict[int, list[Happening]]) -> None:
    happenings[noon(BEGIN)].append(
        lambda ledger, _: ledger.record(ledger.adopts(KEYS_CONTROLLER, "messagebird", "eu"))
    )
    for retention_class, day, last in KEYS_ONLY:
        name: EpochKeyName = (KEYS_CONTROLLER, retention_class, day_number(day))

        def make(ledger: Simulation, _seen: Timeline, name: EpochKeyName = name) -> None:
            with ledger.parts.vault() as vault:
                vault.keys_for([], [name])

        def look(ledger: Simulation, seen: Timeline, name: EpochKeyName = name) -> None:
            _retain(ledger, seen)
            with ledger.parts.vault() as vault:
                seen.seen[name[1]].append(vault.read_keys([], [name]).epoch(*name) is not None)

        happenings[noon(day)].append(make)
        for moment in _around(last, not_before=noon(day)):
            happenings[moment].append(look)


def _retain(ledger: Simulation, seen: Timeline) -> None:
    """One run per moment, however many look at it."""
    if seen.retained_at != ledger.now:
        ledger.retain()
        seen.retained_at = ledger.now


def _around(last: str, *, not_before: int) -> list[int]:
    """A day before the last moment of a day, that moment, and the next one."""
    end = after(last)
    return [max(end - 86_400_000_000, not_before + 1), end - 1, end]


def _moment(text: str) -> int:
    return micros(text) if "T" in text else noon(text)


NAMES = [
    *(case.name for case in CASES),
    *(proof.name for proof in PROOFS),
    *(name for name, _, _ in KEYS_ONLY),
]


@pytest.mark.parametrize("name", NAMES)
def test_readable_through_the_last_day_and_not_a_moment_longer(timeline: Timeline, name: str) -> None:
    """The promise, to the microsecond: leap days, short months, and days of 23 and 25 hours included."""
    assert timeline.seen[name] == [True, True, False]


@pytest.mark.parametrize("name", [case.name for case in CASES if case.neighbour] + ["proof-superseded"])
def test_the_next_days_data_is_untouched(timeline: Timeline, name: str) -> None:
    """One end is one day's."""
    assert timeline.neighbours[name]


@pytest.mark.parametrize("name", [case.name for case in CASES if case.survives])
def test_another_class_of_the_same_fact_is_untouched(timeline: Timeline, name: str) -> None:
    """Who it was about goes; the rest of the log stays for its own period."""
    assert timeline.survivors[name]


@pytest.mark.parametrize(
    "name", [case.name for case in CASES if not case.name.startswith("confirmation-of-a-request")]
)
def test_another_controllers_data_of_the_same_day_is_untouched(timeline: Timeline, name: str) -> None:
    """A controller without a policy keeps what it has; it is found, and nothing is destroyed."""
    assert timeline.others[name]


def test_nothing_is_kept_from_the_fact_that_sets_nothing(home: LedgerHome, timeline: Timeline) -> None:
    """0 days: the field is not sealed at all, and the entry says why."""
    with home.parts() as parts, Simulation.begin(parts, noon("2035-01-01")) as ledger:
        ledger.record(ledger.sets("zero-example", "call_history", 0))
        ledger.record(ledger.call("zero-example", "call-1"))
        dropped = {
            (each.field, each.reason) for entry in ledger.entries("zero-example") for each in entry.dropped
        }
        assert (set(), "not_kept") == (
            ledger.opened("zero-example")["call-1"],
            dict(dropped)["caller_number"],
        )
