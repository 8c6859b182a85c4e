"""A day of four invented providers, planned record by record and always the same for the same seed.

Most of it is in order. Some is not, on purpose: processing after a withdrawal, recordings nobody announced,
a publisher's repeats, an id used twice for different things, and about one record in a hundred that cannot be
read. So a demo has something to accept, reject, drop and find.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, count
from random import Random
from typing import NamedTuple

from ledger.dev import (
    call_stories,
    consent_stories,
    minor_stories,
    request_stories,
    rights_stories,
    signalling_stories,
)
from ledger.dev.opening import opening
from ledger.dev.planned import HOUR, MINUTE, Encoding, Fault, PlannedRecord, Repeat, Stage

EVENTS_DEFAULT = 2000
RECORDS_PER_PERSON = 12
"""Calls, messages and choices an average person has in the day: enough for a timeline worth reading."""
PEOPLE_MIN = 20
BAD_SHARE = 0.01
REPEAT_SHARE = 0.01
CONFLICT_SHARE = 0.003
"""Of the records: ones that cannot be read, exact repeats, and other content under an id already used."""
ODD_MIN = 3
SIGNALLING_MIN = 10
_AVRO_FAULTS = frozenset(
    {Fault.TRUNCATED, Fault.TRAILING_BYTES, Fault.UNKNOWN_FINGERPRINT, Fault.MISSING_HEADER}
)

Story = Callable[[Stage, int], list[PlannedRecord]]


@dataclass(frozen=True, kw_only=True)
class StoryKind:
    """How often a story is told: at least `times_min` times, and with its share of the records that remain."""

    tell: Story
    records: int
    share: float
    times_min: int


STORIES: Sequence[StoryKind] = (
    StoryKind(tell=call_stories.plain_call, records=1, share=0.22, times_min=10),
    StoryKind(tell=call_stories.anonymous_call, records=1, share=0.02, times_min=3),
    StoryKind(tell=call_stories.assistant_call, records=4, share=0.16, times_min=10),
    StoryKind(tell=call_stories.recorded_call, records=3, share=0.12, times_min=4),
    StoryKind(tell=call_stories.declared_recording, records=2, share=0.01, times_min=3),
    StoryKind(tell=call_stories.undeclared_recording, records=2, share=0, times_min=1),
    StoryKind(tell=call_stories.voicemail, records=2, share=0.06, times_min=10),
    StoryKind(tell=call_stories.fax, records=1, share=0.01, times_min=10),
    StoryKind(tell=call_stories.click_to_dial, records=2, share=0.02, times_min=3),
    StoryKind(tell=consent_stories.message, records=1, share=0.12, times_min=10),
    StoryKind(tell=consent_stories.one_time_password, records=1, share=0.04, times_min=3),
    StoryKind(tell=consent_stories.consent_kept, records=2, share=0.04, times_min=3),
    StoryKind(tell=consent_stories.consent_withdrawn, records=3, share=0.02, times_min=4),
    StoryKind(tell=consent_stories.withdrawal_ignored, records=4, share=0.02, times_min=4),
    StoryKind(tell=consent_stories.consent_given_again, records=4, share=0.01, times_min=2),
    StoryKind(tell=consent_stories.consent_refused, records=1, share=0.01, times_min=8),
    StoryKind(tell=consent_stories.refusal_ignored, records=2, share=0.004, times_min=2),
    StoryKind(tell=consent_stories.cookie_banner, records=1, share=0.02, times_min=3),
    StoryKind(tell=rights_stories.export, records=2, share=0.005, times_min=10),
    StoryKind(tell=rights_stories.erasure, records=1, share=0.01, times_min=10),
    StoryKind(tell=rights_stories.rectification, records=1, share=0.003, times_min=4),
    StoryKind(tell=rights_stories.restriction, records=2, share=0.002, times_min=2),
    StoryKind(tell=rights_stories.access, records=1, share=0.01, times_min=6),
    StoryKind(tell=rights_stories.disclosure, records=1, share=0.002, times_min=4),
)
"""Signalling logs fill the rest, so that the day has exactly the number of records that was asked for."""


TOLD_ONCE: Sequence[Callable[[Stage], list[PlannedRecord]]] = (
    request_stories.assistant_requests,
    request_stories.switchboard_requests,
    request_stories.call_centre_requests,
    request_stories.messaging_requests,
    request_stories.objection_ignored,
    rights_stories.demanded,
    minor_stories.minors,
)
"""Stories of the weeks before the day and of the day itself, told once in a day of any size."""


class Day(NamedTuple):
    """A planned day: what governs it, and what happens, each in the order in which it is published."""

    opening: list[PlannedRecord]
    rest: Iterator[PlannedRecord]


def day(events: int = EVENTS_DEFAULT, seed: int = 1, on: date = date(2026, 3, 27)) -> Iterator[PlannedRecord]:
    """Plans a day, in the order in which it is published, as `plan` does."""
    planned = plan(events, seed, on)
    return chain(planned.opening, planned.rest)


def plan(events: int, seed: int, on: date) -> Day:
    """Plans a day.

    Memory does not grow with the number of records beyond eight bytes each.

    Args:
        events: how many records. A day with every important kind in it has some 530; fewer asked gives those.
        seed: the same seed, number and date give the same records, byte for byte; on another day the same happens,
            and each fact has another id.
        on: the local day (Europe/Amsterdam).
    """
    random = Random(seed)  # noqa: S311 - invented traffic, to be repeated, not to be kept secret
    identifiers = Random(f"{seed} {on.isoformat()}")  # noqa: S311 - as above
    stage = Stage(random, identifiers, on, people=max(PEOPLE_MIN, events // RECORDS_PER_PERSON))
    governing = opening(stage)
    before = [record for story in TOLD_ONCE for record in story(stage)]
    odd = _OddOnes.plan(random, events)
    told = _stories_for(events - len(governing) - len(before) - odd.extra)
    return Day(opening=governing, rest=_rest(stage, before, told, odd))


def _rest(
    stage: Stage, before: Sequence[PlannedRecord], told: list[Story], odd: "_OddOnes"
) -> Iterator[PlannedRecord]:
    random = stage.random
    random.shuffle(told)
    starts = sorted(stage.midnight + round(random.triangular(7, 21, 11) * HOUR) for _ in told)
    order = count()
    waiting = [(record.occurred_at, next(order), record) for record in before]
    heapq.heapify(waiting)
    for position, (start, tell) in enumerate(zip(starts, told, strict=True)):
        while waiting and waiting[0][0] <= start:
            yield heapq.heappop(waiting)[2]
        for record in tell(stage, start):
            heapq.heappush(waiting, (record.occurred_at, next(order), record))
            for extra in odd.beside(record, story=position, of=len(told)):
                # published later than the record it repeats, and still about the same moment
                publish_at = record.occurred_at + 3 * MINUTE
                heapq.heappush(waiting, (publish_at, next(order), extra))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _stories_for(records: int) -> list[Story]:
    told: list[Story] = []
    least = SIGNALLING_MIN + sum(kind.times_min * kind.records for kind in STORIES)
    to_share = max(0, records - least)
    filler = SIGNALLING_MIN + to_share
    for kind in STORIES:
        more = int(to_share * kind.share) // kind.records
        told += [kind.tell] * (kind.times_min + more)
        filler -= more * kind.records
    return told + [signalling_stories.signalling] * filler


@dataclass(kw_only=True)
class _OddOnes:
    """Copies of good records, spread evenly over the day: repeats, conflicts, and broken ones."""

    kinds: list[Fault | Repeat]
    done: int = 0

    @classmethod
    def plan(cls, random: Random, events: int) -> "_OddOnes":
        bad = max(len(Fault), round(events * BAD_SHARE))
        repeats = max(ODD_MIN, round(events * REPEAT_SHARE))
        conflicts = max(ODD_MIN, round(events * CONFLICT_SHARE))
        faults = list(Fault)
        kinds: list[Fault | Repeat] = [faults[index % len(faults)] for index in range(bad)]
        kinds += [Repeat.SAME_CONTENT] * repeats + [Repeat.OTHER_CONTENT] * conflicts
        random.shuffle(kinds)
        return cls(kinds=kinds)

    @property
    def extra(self) -> int:
        return len(self.kinds)

    def beside(self, record: PlannedRecord, *, story: int, of: int) -> Iterator[PlannedRecord]:
        """The copies due by this story: as many as keep step with the day."""
        due = len(self.kinds) * (story + 1) // of
        while self.done < due:
            kind = self.kinds[self.done]
            self.done += 1
            yield _copy(record, kind, number=self.done)


def _copy(record: PlannedRecord, kind: Fault | Repeat, *, number: int) -> PlannedRecord:
    if isinstance(kind, Fault):
        encoding: Encoding = "avro" if kind in _AVRO_FAULTS else "json"
        return replace(record, event_id=f"{record.event_id}-{number}", encoding=encoding, fault=kind)
    if kind is Repeat.SAME_CONTENT:
        return replace(record, repeat=kind)
    return replace(record, repeat=kind, data={**record.data, "storage_country": "US"})
