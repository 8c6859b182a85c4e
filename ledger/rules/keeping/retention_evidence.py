"""What an entry shows of how long data is kept: until when it is owed, that it went, and what nobody gave an end. Pure.

Owns: which promises a period and its end are about. Leaves to others: the periods (`ledger.rules.keeping.retention`),
what became of what is owed (`ledger.rules.keeping.owed`).

Source: GDPR Art. 5(1)(e), 13(2)(a), 28(3)(g); CD-31, CF-07, MB-34.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.aggregates.subject_state import ConsentChange
from ledger.entry import Entry
from ledger.rules.calendar.moment_text import listed
from ledger.rules.calendar.periods import MICROS_MAX
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.keeping.agreement_end import RETURN
from ledger.rules.keeping.holds import GRACE_MICROS
from ledger.rules.keeping.owed import RETENTION_DUE
from ledger.rules.keeping.proof import ConsentFact, proof_ends
from ledger.rules.keeping.retention import CONSENT_PROOF, CUSTOMER, ends_by_rule, epoch_end
from ledger.rules.keeping.retention_facts import LEDGER

RETENTION_UNDEFINED = "retention_undefined"


class _Ended(msgspec.Struct, frozen=True):
    rule: str
    retention_class: str
    ended_at: int
    epoch_day: int | None = None


_read_ended = reader(_Ended)


def retention_due(state: ControllerState, classes: Iterable[str], day: int) -> tuple[Shown, ...]:
    """Until when each class of one local day's data is owed, by each promise that is about it.

    Args:
        state: what is known.
        classes: retention classes of the ledger.
        day: days since 1970-01-01, local.

    Returns:
        One mark per class and promise; none for classes without an end, and where the ledger's own default ends them.
        What the customer set itself is owed under every promise that it may set it.
    """
    return tuple(
        Shown(RETENTION_DUE, promise, due_at, name)
        for name in sorted(classes)
        for promise, due_at in promised_ends(state, name, day).items()
    )


def promised_ends(state: ControllerState, retention_class: str, day: int) -> dict[str, int]:
    """By promise, when one local day's data of a class is due; the earliest where several periods are of one."""
    found: dict[str, int] = {}
    for rule, ended_at in ends_by_rule(state.rules, retention_class, day).items():
        for promise in promises_of(state, rule, retention_class):
            found[promise] = min(ended_at, found.get(promise, ended_at))
    return found


def promises_of(state: ControllerState, rule: str, retention_class: str) -> Iterator[str]:
    """The promises that a period belongs to, by where it comes from: pack:entry, the customer, or the ledger itself.

    By the last adoption of each pack, as for the period itself: rules of retention act on the data that is there.
    """
    if rule != CUSTOMER:
        if not rule.startswith(f"{LEDGER}:"):
            yield rule
        return
    for name, entry in state.entries("retention", MICROS_MAX):
        if entry.parameters.get("customer_set") and entry.parameters.get("class") == retention_class:
            yield name


def promises_ended(state: ControllerState, entry: Entry) -> dict[str, int]:
    """The promises that what a `retention.ended` fact is about was kept under, each with when it was due by it.

    Those of the period that ended it, and every other about the same day's data: a looser one is kept when a stricter
    one ends the data first. What a hold had kept is due by none of them sooner than the fact says.
    """
    said = _read_ended(entry.open_fields)
    if said is None:
        return {}
    found = dict.fromkeys(promises_of(state, said.rule, said.retention_class), said.ended_at)
    if said.epoch_day is not None:
        for promise, ended_at in promised_ends(state, said.retention_class, said.epoch_day).items():
            found.setdefault(promise, max(ended_at, said.ended_at))
    return found


def kept_in_time(state: ControllerState, entry: Entry) -> Iterator[str]:
    """The promises that a `retention.ended` fact shows were kept: due, and not more than two days ago."""
    for promise, ended_at in promises_ended(state, entry).items():
        if entry.sealed_at - ended_at <= GRACE_MICROS:
            yield promise


def promises_overrun(state: ControllerState, entry: Entry) -> Iterator[str]:
    """The promises that a `retention.ended` fact shows were not kept: it came later than that."""
    for promise, ended_at in promises_ended(state, entry).items():
        if entry.sealed_at - ended_at > GRACE_MICROS:
            yield promise


def returned_as_promised(state: ControllerState, at: int) -> Iterator[str]:
    """The promises that an export of all of the controller's data keeps: it chose to have it back when it leaves.

    Args:
        state: what is known.
        at: when it was made; while the agreement runs, or before its end is told, it lacks what comes after it.
    """
    if any(each.choice in RETURN and at >= max(each.ends_at, each.at) for each in state.rules.ended):
        for one in state.rules.holding:
            if one.rule.on_choice:
                yield f"{one.pack}:{one.rule.entry}"


def proofs_due(state: ControllerState, changes: Iterable[ConsentChange]) -> tuple[Shown, ...]:
    """Until when the proofs of one person's consent for one purpose are owed, as far as their clocks have started."""
    # Who asks is told when, not of which: the place of each tells them apart.
    facts = [
        ConsentFact(UUID(int=place), each.state.value, each.occurred_at, each.expires_at)
        for place, each in enumerate(changes)
    ]
    marks = (
        Shown(RETENTION_DUE, promise, end.ended_at, CONSENT_PROOF)
        for end in proof_ends(facts, state.rules).values()
        for promise in promises_of(state, end.rule, CONSENT_PROOF)
    )
    return tuple(dict.fromkeys(marks))


def judge_undefined(state: ControllerState, classes: Iterable[str], day: int) -> Iterator[Finding]:
    """Classes of an entry that nobody has said the end of. A proof of consent ends by itself."""
    endless = [
        name
        for name in sorted(classes)
        if name != CONSENT_PROOF and epoch_end(state.rules, name, day) is None
    ]
    if endless:
        yield Finding(
            code=RETENTION_UNDEFINED,
            article="GDPR Art. 13(2)(a), 5(1)(e)",
            expected="a period, or what decides it, for every class of data",
            found=f"no end is known of {listed(endless)}",
        )
