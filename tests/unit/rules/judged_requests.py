"""Requests and the promises that bind them, for the tests of the rules, made up."""

from datetime import date, datetime, time, timedelta
from typing import Any

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.rights_request import RightsRequest
from ledger.entry import Entry
from ledger.rules.calendar.local_day import LOCAL_TIME
from ledger.rules.calendar.periods import MICROS_MIN
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Deadline, Judged
from ledger.rules.keeping.retention import Adoption, ControllerRules
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack
from ledger.rules.requests.judgement import judge_request
from tests.unit.aggregates.facts import STREAM
from tests.unit.aggregates.request_facts import REQUEST_ID

PACK = "p"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def local(day: str, clock: str = "12:00") -> int:
    """A local moment, microseconds since the epoch."""
    moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), LOCAL_TIME)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def end_of(day: str) -> int:
    """The local midnight that ends a day: the first moment that is too late."""
    return local((date.fromisoformat(day) + timedelta(days=1)).isoformat(), "00:00")


def promise(kind: str, entry: str = "A", **parameters: Any) -> PackEntry:
    """An entry of a pack."""
    return PackEntry(
        id=entry, promise=entry, kind=kind, article=f"art. {entry}", text="t", parameters=parameters
    )


def promised(*entries: PackEntry, at: int = MICROS_MIN, pack: str = PACK) -> ControllerState:
    """A controller that adopted a pack of these entries."""
    return promised_by({pack: entries}, at=at)


def promised_by(packs: dict[str, tuple[PackEntry, ...]], *, at: int = MICROS_MIN) -> ControllerState:
    """A controller that adopted several packs."""
    rules = ControllerRules(
        adoptions=tuple(
            Adoption(pack=PolicyPack(id=name, version="1", title=name, entries=entries), at=at)
            for name, entries in packs.items()
        )
    )
    return ControllerState("dentist-example", rules)


NO_PROMISES = promised()


def person(*facts: Entry) -> DataSubject:
    """The person after some facts, recorded from offset 1 on."""
    subject = DataSubject.unseen(STREAM)
    for offset, fact in enumerate(facts, start=1):
        subject.record(fact, offset)
    return subject


def request(*facts: Entry) -> RightsRequest:
    """The request of some facts, recorded from offset 1 on."""
    return person(*facts).requests[REQUEST_ID]


def judge(*facts: Entry, by: ControllerState = NO_PROMISES) -> Judged:
    """What the request of some facts comes to."""
    return judge_request(request(*facts), by)


def codes(judged: Judged) -> list[tuple[int, str, str]]:
    """Offset, code and rule of every finding."""
    return sorted((each.offset, each.finding.code, each.finding.rule) for each in judged.findings)


def marks(judged: Judged) -> list[tuple[str, str]]:
    """Mark and rule of all that is shown."""
    return sorted((each.mark, each.rule) for each in judged.shown)


def finding(judged: Judged, code: str, rule: str = "") -> Finding:
    """The one finding of a code by a rule."""
    [found] = [
        each.finding for each in judged.findings if (each.finding.code, each.finding.rule) == (code, rule)
    ]
    return found


def deadline(judged: Judged, rule: str = "") -> Deadline:
    """The one deadline of a rule."""
    [found] = [each for each in judged.deadlines if each.rule == rule]
    return found
