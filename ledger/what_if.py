"""What the same history would have come to under another pack: a replay by other rules, beside the live state.

Every adoption of a pack with that id carries the other pack instead; a controller that never adopted it can be held to
it from the beginning. Facts stay what they are, own facts included: that a deadline passed was said of the deadlines
there were. The replay builds a shadow schema that is dropped; live state is only read, in one snapshot.

Owns: the comparison. Leaves to others: the replay (`ledger.replay`), judging by another pack
(`ledger.recording.governance_facts`), showing it (`ledger.cli.what_if`).
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ledger.bootstrap import Runtime
from ledger.errors import CallerError
from ledger.postgres.connection import Connection
from ledger.recording.governance_facts import GovernanceFacts
from ledger.replay import Until, replay
from ledger.rules.calendar.periods import MICROS_MIN
from ledger.rules.packs.policy_pack import PolicyPack
from ledger.rules.verdicts import Binding, Verdict, judge_promises
from ledger.store.deadlines import DeadlineRow, read_deadlines
from ledger.store.findings import JudgedFinding, judged_findings
from ledger.store.ledger_store import read_positions, repeatable_read
from ledger.store.promises import Asked, PromiseQueries


class Count(NamedTuple):
    """How many findings of a rule and code are open, and how many would be."""

    rule: str
    code: str
    are: int
    would_be: int


class ChangedDeadline(NamedTuple):
    """A deadline by the rules in force and by the others; None where there is or would be none."""

    before: DeadlineRow | None
    after: DeadlineRow | None


class ChangedVerdict(NamedTuple):
    """What a promise came to for a controller, and what it would; None where it is no promise to it."""

    controller: str
    promise: str
    before: Verdict | None
    after: Verdict | None


Promise = tuple[str, str]
"""A controller, and a promise of the pack."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What some rules made of the history: open findings, where each deadline stands, what became of promises."""

    findings: Sequence[JudgedFinding] = ()
    deadlines: Sequence[DeadlineRow] = ()
    verdicts: Mapping[Promise, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What other rules would change.

    Attributes:
        would_open: findings there would be, and are not.
        would_not_open: findings there are, and would not be.
        would_read_otherwise: findings there are and would be, in other words: as they are, and as they would be.
        counts: of each rule and code that has or would have findings.
        deadlines: those that would end at another time, come to something else, or not be there.
        verdicts: on promises of the pack, that would be others.
    """

    would_open: Sequence[JudgedFinding]
    would_not_open: Sequence[JudgedFinding]
    would_read_otherwise: Sequence[tuple[JudgedFinding, JudgedFinding]]
    counts: Sequence[Count]
    deadlines: Sequence[ChangedDeadline]
    verdicts: Sequence[ChangedVerdict]


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer: whom the pack would bind, how many ledger records were judged again, and the difference.

    `bindings` and `bindings_then` say whom which packs bind, as it is and as it would be.
    """

    adopted_by: Sequence[str]
    from_start: bool
    entries: int
    seconds: float
    difference: Difference
    bindings: Sequence[Binding]
    bindings_then: Sequence[Binding]


def what_if(
    parts: Runtime,
    pack: PolicyPack,
    *,
    controller: str | None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> WhatIf:
    """Judges the whole history under another pack.

    Args:
        parts: where everything is.
        pack: in place of every adopted one with its id.
        controller: only this one's difference; held to the pack from the beginning when it never adopted it.
        on_progress: called with (records done, records in all).

    Raises:
        CallerError: nobody adopted a pack with that id, and no controller is named.
        IntegrityError: as `replay`.
    """
    asked = Asked(controller=controller, now=parts.clock())
    with parts.store_connection(parts.settings.store_schema) as live, repeatable_read(live):
        positions = read_positions(live)
        bindings = PromiseQueries(live).bindings(asked)
        are = _outcome(live, asked, pack.id, bindings)
    adopters = sorted({one.controller for one in bindings if one.pack.id == pack.id})
    if not adopters and controller is None:
        raise CallerError(
            f"no controller adopted a pack {pack.id}",
            expected="a pack with the id of one that was adopted",
            do="Name the controller to hold to it: --controller ID.",
        )
    held = [controller] if controller is not None and not adopters else []
    then = [
        *(replace(one, pack=pack) if one.pack.id == pack.id else one for one in bindings),
        *(Binding(controller=each, pack=pack, since=MICROS_MIN) for each in held),
    ]
    built: list[Outcome] = []
    result = replay(
        parts,
        until=Until(positions=positions),
        into=None,
        on_progress=on_progress,
        governance=GovernanceFacts({pack.id: pack}, from_start=held),
        look=lambda shadow: built.append(_outcome(shadow, asked, pack.id, then)),
    )
    return WhatIf(
        adopted_by=adopters or held,
        from_start=bool(held),
        entries=result.entries,
        seconds=result.seconds,
        difference=difference(are, built[0]),
        bindings=bindings,
        bindings_then=then,
    )


def difference(are: Outcome, would_be: Outcome) -> Difference:
    """Holds what two sets of rules made of one history against each other. Pure."""
    before, after = ({_key(row): row for row in outcome.findings} for outcome in (are, would_be))
    return Difference(
        would_open=[row for key, row in after.items() if key not in before],
        would_not_open=[row for key, row in before.items() if key not in after],
        would_read_otherwise=[
            (row, after[key])
            for key, row in before.items()
            if key in after and _words(row) != _words(after[key])
        ],
        counts=_counts(are.findings, would_be.findings),
        deadlines=_changed_deadlines(are.deadlines, would_be.deadlines),
        verdicts=[
            ChangedVerdict(*promise, are.verdicts.get(promise), would_be.verdicts.get(promise))
            for promise in {**are.verdicts, **would_be.verdicts}
            if are.verdicts.get(promise) != would_be.verdicts.get(promise)
        ],
    )


def _outcome(connection: Connection, asked: Asked, pack_id: str, bindings: Sequence[Binding]) -> Outcome:
    """What one schema holds, as those read it whom these packs bind."""
    packs: list[PolicyPack] = []
    for one in bindings:
        if one.pack.id == pack_id and one.pack not in packs:
            packs.append(one.pack)
    judged = judge_promises(packs, bindings, PromiseQueries(connection).evidence(asked))
    return Outcome(
        findings=judged_findings(connection, controller=asked.controller, limit=sys.maxsize),
        deadlines=read_deadlines(connection, controller=asked.controller),
        verdicts={
            (controller, each.promise): verdict
            for each in judged
            for controller, verdict in each.by_controller.items()
        },
    )


def _key(row: JudgedFinding) -> tuple[int, int, str, str]:
    return (row.partition, row.offset, row.code, row.rule)


def _words(row: JudgedFinding) -> tuple[str, str, str]:
    return (row.article, row.expected, row.found)


def _counts(are: Sequence[JudgedFinding], would_be: Sequence[JudgedFinding]) -> list[Count]:
    before, after = (Counter((row.rule, row.code) for row in rows) for rows in (are, would_be))
    return [Count(*key, before[key], after[key]) for key in sorted(before | after)]


def _changed_deadlines(are: Sequence[DeadlineRow], would_be: Sequence[DeadlineRow]) -> list[ChangedDeadline]:
    before, after = ({_deadline_key(row): row for row in rows} for rows in (are, would_be))
    pairs = [ChangedDeadline(before.get(key), after.get(key)) for key in {**before, **after}]
    return [pair for pair in pairs if _stands(pair.before) != _stands(pair.after)]


def _deadline_key(row: DeadlineRow) -> tuple[object, ...]:
    return (row.stream, row.case_kind, row.case_id, row.name, row.rule)


def _stands(row: DeadlineRow | None) -> tuple[int, str] | None:
    return None if row is None else (row.ends_at, row.state)
