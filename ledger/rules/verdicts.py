"""What became of promises: kept, broken, due, no evidence yet or text only, each with the entries that show it. Pure.

Owns: which evidence counts for which entry of a pack, and what it comes to. Leaves to others: which findings, marks and
deadlines a kind of promise has (`ledger.rules.packs.rule_kinds`), fetching them (`ledger.store.promises`).

A promise binds a controller from its first adoption of the pack; what the law alone says counts from then on. What was
judged by the promise itself counts whenever it happened. An entry that names what it is about, such as purposes or
rights, is held to what the law says of those only. The worst holds: of a promise's entries, and of controllers.

Source: DESIGN section 8. Times are microseconds since the epoch, UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ledger.rules.keeping.retention import CUSTOMER
from ledger.rules.packs.policy_pack import EVERY_CLASS, PackEntry, PolicyPack
from ledger.rules.packs.rule_kinds import RULE_KINDS, TEXT_ONLY, concerns, deadlines_of

RETENTION = "retention"
LAW = ""
"""The rule of what is judged by the law itself."""


class Verdict(StrEnum):
    """What a promise came to."""

    BROKEN = "broken"
    DUE = "due"
    KEPT = "kept"
    NO_EVIDENCE = "no_evidence"
    TEXT_ONLY = "text_only"


WORST_FIRST = tuple(Verdict)
"""The order in which one verdict outweighs another."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that holds of several; no evidence when there is none."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.NO_EVIDENCE)


class Source(StrEnum):
    """What kind of thing counts for a promise."""

    FINDING = "finding"
    DEADLINE = "deadline"
    RETENTION = "retention"
    MARK = "mark"


class Evidence(NamedTuple):
    """One thing that may count for promises, and the entry that shows it.

    Attributes:
        source: what it is.
        name: code of the finding, name of the deadline, retention class, or mark.
        rule: the promise it was judged by, pack:entry; empty for the law; `customer` for days a customer set.
        verdict: what it comes to for a promise it counts for.
        at: when what it is about happened.
        partition, offset: of the entry.
        until: by when something is owed; None otherwise.
        through: the last moment it stands for, where that is later than `at`: of a mark the end of its month.
        detail: the retention class it is about, where it is about one, or the case of a deadline.
        says: what was found, for people.
        about: the purpose, right or processors it is about; empty where promises do not tell that apart.
    """

    source: Source
    name: str
    rule: str
    verdict: Verdict
    at: int
    partition: int
    offset: int
    until: int | None = None
    through: int | None = None
    detail: str = ""
    says: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A pack that binds a controller: as it adopted it last, with the first moment any version bound it."""

    controller: str
    pack: PolicyPack
    since: int


class Held(NamedTuple):
    """What an entry came to for one controller: the evidence that counts, oldest first."""

    verdict: Verdict
    broken: tuple[Evidence, ...] = ()
    due: tuple[Evidence, ...] = ()
    kept: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EntryVerdict:
    """What one entry of a pack came to."""

    entry: PackEntry
    rule: str
    by_controller: Mapping[str, Held]

    @property
    def verdict(self) -> Verdict:
        """The worst of all controllers."""
        if self.entry.kind == TEXT_ONLY:
            return Verdict.TEXT_ONLY
        return worst(held.verdict for held in self.by_controller.values())


@dataclass(frozen=True, kw_only=True)
class PromiseVerdict:
    """What one promise of a document came to: the worst of its entries."""

    pack: PolicyPack
    promise: str
    entries: tuple[EntryVerdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its entries and of all controllers."""
        return worst(each.verdict for each in self.entries)

    @property
    def deciding(self) -> EntryVerdict:
        """The entry that the verdict is of, the first where there are several."""
        return next(each for each in self.entries if each.verdict is self.verdict)

    @property
    def by_controller(self) -> Mapping[str, Verdict]:
        """The worst of its entries for each controller it binds."""
        names = sorted({name for each in self.entries for name in each.by_controller})
        return {
            name: worst(
                each.by_controller[name].verdict for each in self.entries if name in each.by_controller
            )
            for name in names
        }


Sorted = Mapping[tuple[Source, str], Sequence[Evidence]]
"""Evidence by source and name; that of retention by source alone, under no name."""


def judge_promises(
    packs: Sequence[PolicyPack],
    bindings: Sequence[Binding],
    evidence: Mapping[str, Sequence[Evidence]],
) -> list[PromiseVerdict]:
    """The verdict on every promise of some packs.

    Args:
        packs: each once; the promises are in the order of their entries.
        bindings: who is bound by which of them.
        evidence: by controller, oldest first.
    """
    found = {controller: sort_evidence(each) for controller, each in evidence.items()}
    return [
        PromiseVerdict(pack=pack, promise=promise, entries=tuple(judged))
        for pack in packs
        for of_pack in [[one for one in bindings if one.pack == pack]]
        for promise, entries in by_promise(pack).items()
        for judged in [[_judge_entry(f"{pack.id}:{entry.id}", entry, of_pack, found) for entry in entries]]
    ]


def by_promise(pack: PolicyPack) -> dict[str, list[PackEntry]]:
    """The entries of each promise, in the order of the pack; settings of the ledger's own belong to none."""
    found: dict[str, list[PackEntry]] = {}
    for entry in pack.entries:
        if entry.promise is not None:
            found.setdefault(entry.promise, []).append(entry)
    return found


def sort_evidence(evidence: Iterable[Evidence]) -> Sorted:
    """A controller's evidence, so that an entry looks at its own only; in each group the order stays."""
    found: dict[tuple[Source, str], list[Evidence]] = {}
    for each in evidence:
        name = "" if each.source is Source.RETENTION else each.name
        found.setdefault((each.source, name), []).append(each)
    return found


def promises_broken(
    code: str, rule: str, about: str, at: int, bindings: Iterable[Binding]
) -> Iterator[tuple[PolicyPack, PackEntry]]:
    """The entries that a finding breaks, of the packs that bind its controller.

    Args:
        code, rule, about: the finding's.
        at: when the entry it is on happened.
        bindings: the controller's.
    """
    finding = Evidence(Source.FINDING, code, rule, Verdict.BROKEN, at, 0, 0, about=about)
    for one in bindings:
        for entry in one.pack.entries:
            if (
                entry.promise is not None
                and hold(
                    f"{one.pack.id}:{entry.id}", entry, {(Source.FINDING, code): [finding]}, since=one.since
                ).broken
            ):
                yield one.pack, entry


def hold(rule: str, entry: PackEntry, evidence: Sorted, *, since: int) -> Held:
    """What an entry came to for one controller.

    Args:
        rule: the entry, pack:entry.
        entry: what is promised.
        evidence: the controller's, of any promises.
        since: from when on the pack binds the controller.
    """
    if entry.kind == TEXT_ONLY:
        return Held(Verdict.TEXT_ONLY)
    counting = sorted(_counting(rule, entry, evidence, since), key=_by_time)
    broken, due, kept = (
        tuple(each for each in counting if each.verdict is verdict)
        for verdict in (Verdict.BROKEN, Verdict.DUE, Verdict.KEPT)
    )
    return Held(worst(each.verdict for each in counting), broken, due, kept)


def _judge_entry(
    rule: str, entry: PackEntry, bindings: Iterable[Binding], evidence: Mapping[str, Sorted]
) -> EntryVerdict:
    held = {
        one.controller: hold(rule, entry, evidence.get(one.controller, {}), since=one.since)
        for one in bindings
    }
    return EntryVerdict(entry=entry, rule=rule, by_controller=held)


def _counting(rule: str, entry: PackEntry, evidence: Sorted, since: int) -> Iterator[Evidence]:
    kind = RULE_KINDS[entry.kind]
    names = [
        *((Source.FINDING, code) for code in kind.breaks),
        *((Source.DEADLINE, name) for name in deadlines_of(entry)),
        *((Source.MARK, mark) for mark in kind.shows),
    ]
    for name in names:
        for each in evidence.get(name, ()):
            stands_for = each.at if each.through is None else each.through
            by_law = each.rule == LAW and stands_for >= since and concerns(entry, each.about)
            if by_law or _is_of(rule, entry, each):
                yield each
    if entry.kind == RETENTION:
        yield from (each for each in evidence.get((Source.RETENTION, ""), ()) if _is_of(rule, entry, each))


def _is_of(rule: str, entry: PackEntry, evidence: Evidence) -> bool:
    """Whether something was judged by an entry: named after it, or by the days it lets a customer set."""
    if evidence.rule != CUSTOMER:
        return evidence.rule == rule
    return bool(entry.parameters.get("customer_set")) and (
        entry.parameters.get("class") in {evidence.detail, EVERY_CLASS}
    )


def _by_time(evidence: Evidence) -> tuple[int, int, int, str]:
    return (evidence.at, evidence.partition, evidence.offset, evidence.name)
