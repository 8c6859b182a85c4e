"""What a retention run is to do: rules, live keys and holds in, a plan out. Pure.

The vault says which days still open, the ledger says until when each may, and the plan is the difference at one
moment. Three things keep data whose time is over:

- a hold on all of a controller keeps the day's key;
- a hold on one person does not: everybody else's day ends, and what opens that person's fields of it is put aside
  first (`Aside`), to be released when no hold covers it any more (`Release`);
- a proof of consent has its own clock and its own key; a hold on its person, or on the controller, keeps it.

Owns: the decision. Leaves to others: periods and ends (`ledger.rules.keeping.retention`), whether the clock is to be
believed (`guard`), carrying it out (`retention_run`). DESIGN sections 7 and 8.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import msgspec

from ledger.rules.calendar.periods import last_day
from ledger.rules.keeping.holds import free_from
from ledger.rules.keeping.proof import CONSENT_PROOF, DEFAULT_PROOF_PERIOD, proof_ends
from ledger.rules.keeping.retention import ControllerRules, End, epoch_end
from ledger.store.forgetting_rows import ConsentRow
from ledger.vault.keys import EpochKeyName

PROOF_CLASS = CONSENT_PROOF
DAY_MICROS = 86_400 * 1_000_000
LEAP_DAYS = 3
"""A period in years may be this much shorter, in days, than the same one from 1970."""
AGREEMENT_END = "agreement_end"
WHY_RETENTION = "retention_end"
WHY_AGREEMENT = "end_of_agreement"
WHY_PROOF = "proof_ended"
NO_RULES = ControllerRules()
"""Of a controller no governance fact names: what holds is the ledger's own."""


class EpochEnding(NamedTuple):
    """One class's day whose time is over; `held_by` names the holds that keep it, none when it is destroyed."""

    controller: str
    retention_class: str
    day: int
    end: End
    held_by: str | None

    @property
    def name(self) -> EpochKeyName:
        """The key's name in the vault."""
        return (self.controller, self.retention_class, self.day)

    @property
    def why(self) -> str:
        """The reason the destruction is recorded with."""
        return WHY_AGREEMENT if self.end.starts == AGREEMENT_END else WHY_RETENTION


class ProofEnding(NamedTuple):
    """One fact about a consent whose proof's time is over."""

    controller: str
    subject: UUID
    fact: UUID
    end: End
    held_by: str | None


Ending = EpochEnding | ProofEnding


class HeldSubject(NamedTuple):
    """Of whom the vault has put something aside."""

    controller: str
    subject: UUID
    retention_class: str


class Aside(NamedTuple):
    """What of a day is to be put aside before its key is destroyed: one held person's fields of a class."""

    controller: str
    subject: UUID
    retention_class: str
    day: int


class Release(NamedTuple):
    """What was put aside and is held no longer; `ended_at` is when the last hold on it ended."""

    controller: str
    subject: UUID
    retention_class: str
    ended_at: int


@dataclass(frozen=True, kw_only=True)
class RetentionPlan:
    """Everything one run does, in the order of names.

    Args:
        epochs: days to destroy.
        proofs: proofs to destroy.
        held: what is over and kept.
        aside: what to put aside first.
        release: what to let go of.
    """

    epochs: tuple[EpochEnding, ...] = ()
    proofs: tuple[ProofEnding, ...] = ()
    held: tuple[Ending, ...] = ()
    aside: tuple[Aside, ...] = ()
    release: tuple[Release, ...] = ()

    @property
    def due(self) -> tuple[Ending, ...]:
        """Everything it destroys."""
        return (*self.epochs, *self.proofs)

    @property
    def destructions(self) -> int:
        """How many keys it destroys."""
        return len(self.due)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what it destroys, 64 hex digits: the same plan has the same one, whenever it was made.

        Over JSON: {"epochs": [[controller, class, day]…], "proofs": [[controller, subject, fact]…]}, both sorted.
        """
        destroyed = {
            "epochs": sorted(list(ending.name) for ending in self.epochs),
            "proofs": sorted([each.controller, str(each.subject), str(each.fact)] for each in self.proofs),
        }
        return sha256(msgspec.json.encode(destroyed)).hexdigest()


def make_plan(
    *,
    rules: Mapping[str, ControllerRules],
    live: Iterable[EpochKeyName],
    consents: Iterable[ConsentRow],
    held: Iterable[HeldSubject],
    as_of: int,
) -> RetentionPlan:
    """Plans a run.

    Args:
        rules: controller -> what was adopted, set, terminated and held; a controller without any may be absent.
        live: the epoch keys that still open.
        consents: the changes of consent of which any proof still stands, all of a subject's and purpose's.
        held: what the vault has put aside.
        as_of: now, microseconds UTC; facts that are dated later do not act yet.
    """
    known = _known(rules, as_of)
    epochs = [each for each in _epoch_endings(known, live, as_of) if each.end.ended_at <= as_of]
    proofs = [each for each in _proof_endings(known, consents, as_of) if each.end.ended_at <= as_of]
    over: list[Ending] = [*epochs, *proofs]
    destroyed = [each for each in epochs if each.held_by is None]
    return RetentionPlan(
        epochs=tuple(destroyed),
        proofs=tuple(each for each in proofs if each.held_by is None),
        held=tuple(each for each in over if each.held_by is not None),
        aside=tuple(_asides(known, destroyed, as_of)),
        release=tuple(_releases(known, held, as_of)),
    )


def epoch_endings(
    rules: Mapping[str, ControllerRules], live: Iterable[EpochKeyName], as_of: int
) -> list[EpochEnding]:
    """The end of every live day that has one, due or not, in the order of names; for showing."""
    return _epoch_endings(_known(rules, as_of), live, as_of)


def proof_endings(
    rules: Mapping[str, ControllerRules], consents: Iterable[ConsentRow], as_of: int
) -> list[ProofEnding]:
    """The end of every proof whose clock has started, due or not; for showing."""
    return _proof_endings(_known(rules, as_of), consents, as_of)


def releases(rules: Mapping[str, ControllerRules], held: Iterable[HeldSubject], as_of: int) -> list[Release]:
    """What was put aside and is held no longer; for showing."""
    return _releases(_known(rules, as_of), held, as_of)


def kept_by(rules: Mapping[str, ControllerRules], held: HeldSubject, as_of: int) -> str | None:
    """The ids of the holds that keep what was put aside; none when nothing does."""
    of = rules.get(held.controller, NO_RULES).known_at(as_of)
    return _kept_by(of, held.retention_class, held.subject, as_of)


def stopped_before(rules: Mapping[str, ControllerRules], as_of: int) -> int:
    """The moment before which reliance on a consent stopped if its proof's time is over, by the shortest period."""
    periods = [DEFAULT_PROOF_PERIOD]
    for of in rules.values():
        periods += [
            one.rule.period for one in of.holding if one.rule.period and one.rule.covers(CONSENT_PROOF)
        ]
    shortest = min(last_day(0, period) for period in periods) - LEAP_DAYS
    return as_of - max(shortest, 0) * DAY_MICROS


def _known(rules: Mapping[str, ControllerRules], as_of: int) -> dict[str, ControllerRules]:
    return {controller: of.known_at(as_of) for controller, of in rules.items()}


def _epoch_endings(
    rules: Mapping[str, ControllerRules], live: Iterable[EpochKeyName], as_of: int
) -> list[EpochEnding]:
    endings = []
    for controller, retention_class, day in sorted(live):
        of = rules.get(controller, NO_RULES)
        # None for a class with a key per fact: its clock is not the day's.
        end = epoch_end(of, retention_class, day)
        if end is not None:
            held_by = _kept_by(of, retention_class, None, as_of)
            freed = _freed(of, retention_class, None, end) if held_by is None else end
            endings.append(EpochEnding(controller, retention_class, day, freed, held_by))
    return endings


def _proof_endings(
    rules: Mapping[str, ControllerRules], consents: Iterable[ConsentRow], as_of: int
) -> list[ProofEnding]:
    grouped: dict[tuple[str, UUID, str], list[ConsentRow]] = defaultdict(list)
    for row in consents:
        grouped[row.controller, row.subject, row.purpose].append(row)
    endings = []
    for (controller, subject, _), rows in grouped.items():
        of = rules.get(controller, NO_RULES)
        # Those whose own proof is gone are asked about as well: the end of one follows from the next.
        ends = proof_ends([row.change for row in rows], of, rows[0].erased_at)
        standing = {row.change.fact for row in rows if not row.destroyed}
        held_by = _kept_by(of, PROOF_CLASS, subject, as_of)
        endings += [
            ProofEnding(
                controller,
                subject,
                fact,
                _freed(of, PROOF_CLASS, subject, end) if held_by is None else end,
                held_by,
            )
            for fact, end in ends.items()
            if fact in standing
        ]
    return sorted(endings, key=lambda each: (each.controller, each.subject, each.fact))


def _freed(of: ControllerRules, retention_class: str, subject: UUID | None, end: End) -> End:
    """The end as it counts when holds kept the data beyond it: from when nothing held it any more."""
    free = free_from(of.holds, retention_class, end.ended_at, subject)
    return end if free is None else end._replace(ended_at=free)


def _kept_by(of: ControllerRules, retention_class: str, subject: UUID | None, as_of: int) -> str | None:
    """The ids of the holds that keep all of a controller's class, or one person's; none when nothing does."""
    ids = [
        hold.hold_id
        for hold in of.holds
        if (hold.subject is None or hold.subject == subject) and hold.holds(retention_class, as_of)
    ]
    return ",".join(sorted(ids)) or None


def _asides(
    rules: Mapping[str, ControllerRules], destroyed: Iterable[EpochEnding], as_of: int
) -> list[Aside]:
    asides = {
        Aside(each.controller, hold.subject, each.retention_class, each.day)
        for each in destroyed
        for hold in rules.get(each.controller, NO_RULES).holds
        if hold.subject is not None and hold.holds(each.retention_class, as_of)
    }
    return sorted(asides)


def _releases(rules: Mapping[str, ControllerRules], held: Iterable[HeldSubject], as_of: int) -> list[Release]:
    return sorted(
        Release(*kept, ended_at=_held_until(of, kept, as_of))
        for kept in held
        if _kept_by(of := rules.get(kept.controller, NO_RULES), kept.retention_class, kept.subject, as_of)
        is None
    )


def _held_until(of: ControllerRules, kept: HeldSubject, as_of: int) -> int:
    """When the last hold on what was put aside ended; now, where no hold is known."""
    ends = [
        hold.end
        for hold in of.holds
        if hold.subject in {None, kept.subject} and hold.names(kept.retention_class) and hold.end is not None
    ]
    return max((end for end in ends if end <= as_of), default=as_of)
