"""Every number of the issue, per pack: open the day before the end and on the last day, due on the day after.

Each end is checked at the microsecond: the last moment of the last day in Amsterdam, and the first of the next.
"""

from datetime import date, timedelta
from uuid import UUID

import pytest

from ledger.contract.cloudevents import parse_time
from ledger.policies import load_pack
from ledger.rules.calendar.local_day import local_day
from ledger.rules.keeping.proof import ConsentFact, proof_ends
from ledger.rules.keeping.retention import Adoption, ControllerRules, End, Setting, epoch_end
from tests.unit.rules.made_packs import EPOCH, adopted, day, noon, readable, terminated

LONG_AGO = "2018-05-25"
CUSTOMER_SET = ("call_history", "recording", "voicemail", "fax")


def adoptions(*packs: str, region: str | None = None) -> tuple[Adoption, ...]:
    """Adoptions of installed packs, long ago."""
    return adopted(*(load_pack(one).pack for one in packs), at=noon(LONG_AGO), region=region)


def assert_boundary(end: End | None, last: date) -> None:
    """The data is there through its last day, local time, and due from the midnight that ends it."""
    assert end is not None
    last_day = (last - EPOCH).days
    assert (last_day, last_day + 1) == (local_day(end.ended_at - 1), local_day(end.ended_at))
    before, on, after = (noon((last + timedelta(days=days)).isoformat()) for days in (-1, 0, 1))
    assert (before < end.ended_at, on < end.ended_at, after < end.ended_at) == (True, True, False)


@pytest.mark.parametrize(
    ("pack_id", "region", "retention_class", "start", "last", "by", "action"),
    [
        # 2 weeks
        (
            "callvoip-faq",
            None,
            "signalling_identity",
            "2026-03-27",
            "2026-04-10",
            "CF-08-identity",
            "drop_identity",
        ),
        (
            "callvoip-faq",
            None,
            "signalling_identity",
            "2028-02-29",
            "2028-03-14",
            "CF-08-identity",
            "drop_identity",
        ),
        (
            "callvoip-faq",
            None,
            "signalling_identity",
            "2026-10-11",
            "2026-10-25",
            "CF-08-identity",
            "drop_identity",
        ),
        # 3 months
        ("callvoip-faq", None, "signalling", "2026-03-27", "2026-06-27", "CF-08", "destroy"),
        ("callvoip-faq", None, "signalling", "2028-02-29", "2028-05-29", "CF-08", "destroy"),
        ("callvoip-faq", None, "signalling", "2026-11-30", "2027-02-28", "CF-08", "destroy"),
        ("callvoip-faq", None, "signalling", "2026-07-25", "2026-10-25", "CF-08", "destroy"),
        ("callvoip-faq", None, "signalling", "2025-12-29", "2026-03-29", "CF-08", "destroy"),
        # 90 days
        ("callvoip-faq", None, "click_to_dial", "2026-03-27", "2026-06-25", "CF-10", "destroy"),
        ("callvoip-faq", None, "click_to_dial", "2028-02-29", "2028-05-29", "CF-10", "destroy"),
        ("callvoip-faq", None, "click_to_dial", "2026-07-27", "2026-10-25", "CF-10", "destroy"),
        ("callvoip-faq", None, "click_to_dial", "2025-12-29", "2026-03-29", "CF-10", "destroy"),
        # 6 months
        ("messagebird", "eu", "message_content", "2026-03-27", "2026-09-27", "MB-29-content-eu", "destroy"),
        ("messagebird", "eu", "message_content", "2026-08-31", "2027-02-28", "MB-29-content-eu", "destroy"),
        ("messagebird", "eu", "message_content", "2027-08-31", "2028-02-29", "MB-29-content-eu", "destroy"),
        (
            "messagebird",
            "eu",
            "communication",
            "2026-03-27",
            "2026-09-27",
            "MB-29-communication-eu",
            "destroy",
        ),
        ("messagebird", None, "message_content", "2026-03-27", "2026-09-27", "MB-29-content-eu", "destroy"),
        # 6 months, of end users, everywhere
        ("messagebird", "us", "communication", "2026-03-27", "2026-09-27", "MB-30", "destroy"),
        # 2 years
        (
            "messagebird",
            "us",
            "message_content",
            "2026-03-27",
            "2028-03-27",
            "MB-29-content-other",
            "destroy",
        ),
        (
            "messagebird",
            "us",
            "message_content",
            "2028-02-29",
            "2030-02-28",
            "MB-29-content-other",
            "destroy",
        ),
        (
            "messagebird",
            "us",
            "message_content",
            "2026-02-28",
            "2028-02-28",
            "MB-29-content-other",
            "destroy",
        ),
        # 12 months
        ("messagebird", "eu", "marketing", "2026-03-27", "2027-03-27", "MB-32", "destroy"),
        ("messagebird", "eu", "marketing", "2028-02-29", "2029-02-28", "MB-32", "destroy"),
        ("messagebird", "us", "marketing", "2025-10-25", "2026-10-25", "MB-32", "destroy"),
        # 10 years
        ("messagebird", "eu", "account", "2026-03-27", "2036-03-27", "MB-33", "destroy"),
        ("messagebird", "eu", "account", "2028-02-29", "2038-02-28", "MB-33", "destroy"),
        # 5 years, the confirmation of a request
        ("messagebird", "eu", "request_confirmation", "2026-03-27", "2031-03-27", "MB-36", "destroy"),
        ("messagebird", "eu", "request_confirmation", "2028-02-29", "2033-02-28", "MB-36", "destroy"),
    ],
)
def test_period_from_the_event(
    *, pack_id: str, region: str | None, retention_class: str, start: str, last: str, by: str, action: str
) -> None:
    """From the day of the event or the fulfilment, which does not count itself."""
    rules = ControllerRules(adoptions=adoptions(pack_id, region=region))
    end = epoch_end(rules, retention_class, day(start))
    assert_boundary(end, date.fromisoformat(last))
    assert end is not None
    assert (f"{pack_id}:{by}", action) == (end.rule, end.action)


@pytest.mark.parametrize(
    ("packs", "choice", "ends", "last", "by", "period"),
    [
        # 30 days after the end of the agreement
        (["callingbird"], "silent", "2026-03-27", "2026-04-26", "callingbird:CB-31", "P30D"),
        (["callingbird"], "silent", "2028-02-29", "2028-03-30", "callingbird:CB-31", "P30D"),
        (["callingbird"], "silent", "2027-01-30", "2027-03-01", "callingbird:CB-31", "P30D"),
        (["callingbird"], "silent", "2026-09-25", "2026-10-25", "callingbird:CB-31", "P30D"),
        (["callingbird"], "delete", "2026-03-27", "2026-03-27", "ledger:agreement-end-chosen", "P0D"),
        # 3 months after it
        (["callvoip-faq"], "silent", "2026-03-27", "2026-06-27", "callvoip-faq:CF-05", "P3M"),
        (["callvoip-faq"], "silent", "2026-11-30", "2027-02-28", "callvoip-faq:CF-05", "P3M"),
        (["callvoip-faq"], "silent", "2027-11-30", "2028-02-29", "callvoip-faq:CF-05", "P3M"),
        (["callvoip-faq"], "silent", "2025-12-29", "2026-03-29", "callvoip-faq:CF-05", "P3M"),
        # X4: at the controller's choice, and silence is not for ever
        (["callvoip-faq", "callvoip-dpa"], "silent", "2026-03-27", "2026-06-27", "callvoip-faq:CF-05", "P3M"),
        (["callvoip-faq", "callvoip-dpa"], "return", "2026-03-27", "2026-06-27", "callvoip-faq:CF-05", "P3M"),
        (["callvoip-faq", "callvoip-dpa"], "delete", "2026-03-27", "2026-03-27", "callvoip-dpa:CD-31", "P0D"),
        (
            ["callvoip-faq", "callvoip-dpa"],
            "return_and_delete",
            "2026-03-27",
            "2026-04-26",
            "ledger:export-hold",
            "P30D",
        ),
        # X9: what is to be returned waits for its export, thirty days
        (["callingbird"], "return", "2026-03-27", "2026-04-26", "callingbird:CB-31", "P30D"),
        (["cloudtalk"], "return", "2026-03-27", "2026-04-26", "ledger:export-hold", "P30D"),
        (["cloudtalk"], "return_and_delete", "2028-02-29", "2028-03-30", "ledger:export-hold", "P30D"),
        (["callvoip-dpa"], "silent", "2026-03-27", "2026-06-27", "ledger:agreement-end", "P3M"),
        # only while it is used
        (["cloudtalk"], "silent", "2026-03-27", "2026-03-27", "cloudtalk:CT-07", "P0D"),
        (["cloudtalk"], "silent", "2026-10-25", "2026-10-25", "cloudtalk:CT-07", "P0D"),
        # of two providers the earlier
        (["callingbird", "callvoip-faq"], "silent", "2026-03-27", "2026-04-26", "callingbird:CB-31", "P30D"),
    ],
)
def test_period_from_the_end_of_the_agreement(
    *, packs: list[str], choice: str, ends: str, last: str, by: str, period: str
) -> None:
    """From the day the agreement ends, whenever before that the data came."""
    rules = ControllerRules(adoptions=adoptions(*packs), terminations=(terminated(noon(ends), choice),))
    for came in (ends, (date.fromisoformat(ends) - timedelta(days=40)).isoformat()):
        end = epoch_end(rules, "transcript", day(came))
        assert_boundary(end, date.fromisoformat(last))
        assert end is not None
        assert (by, period, "agreement_end") == (end.rule, end.period, end.starts)


@pytest.mark.parametrize("pack_id", ["callingbird", "callvoip-faq", "callvoip-dpa", "cloudtalk"])
def test_nothing_ends_an_agreement_that_runs(pack_id: str) -> None:
    """CT-16: indefinite is a finding, not a period; the others wait for the end of the agreement."""
    assert epoch_end(ControllerRules(adoptions=adoptions(pack_id)), "transcript", day("2026-03-27")) is None


@pytest.mark.parametrize("retention_class", CUSTOMER_SET)
@pytest.mark.parametrize("start", ["2026-03-27", "2027-03-01", "2028-02-29"])
def test_customer_set_days(retention_class: str, start: str) -> None:
    """CF-07: every number of days from 0 to 365, counted in days, over leap years and changes of the clock."""
    packs = adoptions("callvoip-faq")
    for days in range(366):
        setting = Setting(retention_class=retention_class, days=days, at=noon("2019-01-01"))
        end = epoch_end(ControllerRules(adoptions=packs, settings=(setting,)), retention_class, day(start))
        assert_boundary(end, date.fromisoformat(start) + timedelta(days=days))
        assert end is not None
        assert ("customer", f"P{days}D") == (end.rule, end.period)


@pytest.mark.parametrize("retention_class", CUSTOMER_SET)
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param((), id="nothing set"),
        pytest.param((366,), id="out of range"),
        pytest.param((-1,), id="below it"),
    ],
)
def test_customer_who_sets_nothing(retention_class: str, settings: tuple[int, ...]) -> None:
    """Without a setting that holds, it is the most that can be set."""
    made = tuple(
        Setting(retention_class=retention_class, days=days, at=noon("2019-01-01")) for days in settings
    )
    rules = ControllerRules(adoptions=adoptions("callvoip-faq"), settings=made)
    end = epoch_end(rules, retention_class, day("2027-03-01"))
    assert_boundary(end, date(2028, 2, 29))
    assert end is not None
    assert end.rule.startswith("callvoip-faq:CF-07-")


@pytest.mark.parametrize(
    ("stopped", "last"),
    [
        ("2026-03-27", "2031-03-27"),
        ("2024-02-29", "2029-02-28"),
        ("2021-10-25", "2026-10-25"),
        ("2021-03-29", "2026-03-29"),
    ],
)
@pytest.mark.parametrize("packs", [["messagebird"], ["callvoip-faq"], []])
@pytest.mark.parametrize("how", ["withdrawn", "expired", "superseded", "relationship ended"])
def test_five_years_of_proof(how: str, packs: list[str], stopped: str, last: str) -> None:
    """MB-34: five years after the consent stopped being relied on, by the pack or by default."""
    given, other = UUID(int=1), UUID(int=2)
    expires = noon(stopped) if how == "expired" else None
    changes = [ConsentFact(given, "given", noon("2019-01-01"), expires)]
    if how in {"withdrawn", "superseded"}:
        changes.append(
            ConsentFact(other, "withdrawn" if how == "withdrawn" else "given", noon(stopped), None)
        )
    ended = (terminated(noon(stopped)),) if how == "relationship ended" else ()
    ends = proof_ends(changes, ControllerRules(adoptions=adoptions(*packs), terminations=ended))
    assert ({given, other} if how == "withdrawn" else {given}) == ends.keys()
    for end in ends.values():
        assert_boundary(end, date.fromisoformat(last))
        expected = (
            "messagebird:MB-34" if packs == ["messagebird"] else "ledger:consent-proof",
            "consent_end",
        )
        assert expected == (end.rule, end.starts)


def test_erasure_and_tax_law() -> None:
    """X11: what a duty keeps outlives the agreement, each class with its own end."""
    rules = ControllerRules(
        adoptions=adoptions("messagebird", region="eu"),
        terminations=(terminated(noon("2026-06-10"), "delete"),),
    )
    ends = {
        name: epoch_end(rules, name, day("2026-03-27"))
        for name in ("marketing", "communication", "request_confirmation", "account")
    }
    lasts = {name: readable(end.ended_at - 1).split()[0] for name, end in ends.items() if end is not None}
    assert lasts == {
        "marketing": "2026-06-10",
        "communication": "2026-06-10",
        "request_confirmation": "2031-03-27",
        "account": "2036-03-27",
    }


@pytest.mark.parametrize(
    ("start", "ended_at"),
    [
        pytest.param("2025-12-29", "2026-03-29T22:00:00Z", id="ends with the day of 23 hours"),
        pytest.param("2026-07-27", "2026-10-25T23:00:00Z", id="ends with the day of 25 hours"),
        pytest.param("2026-01-01", "2026-04-01T22:00:00Z", id="summer"),
        pytest.param("2026-10-01", "2026-12-30T23:00:00Z", id="winter"),
    ],
)
def test_ninety_days_to_the_moment(start: str, ended_at: str) -> None:
    """The clock change moves the moment in UTC, not the day."""
    end = epoch_end(ControllerRules(adoptions=adoptions("callvoip-faq")), "click_to_dial", day(start))
    assert end is not None
    assert parse_time(ended_at) == end.ended_at


def test_three_months_and_ninety_days_are_two_units() -> None:
    """X2: over the days of 2026 the two ends of one provider differ as the calendar says."""
    rules = ControllerRules(adoptions=adoptions("callvoip-faq"))
    first = day("2026-01-01")
    differences: dict[int, int] = {}
    for start in range(first, first + 365):
        months, days = (epoch_end(rules, name, start) for name in ("signalling", "click_to_dial"))
        assert months is not None
        assert days is not None
        difference = local_day(months.ended_at) - local_day(days.ended_at)
        differences[difference] = differences.get(difference, 0) + 1
    assert differences == {-1: 29, 0: 62, 1: 63, 2: 211}
