"""Everything the governance facts of one controller say, up to an offset of ledger partition 0. Pure.

Owns: which packs, agreements, sub-processors and other cases there are, which entries of packs hold at a moment, and
between which moments nothing changes. Leaves to others: judging by them (`ledger.rules.processing.judgement`,
`ledger.rules.contracts.judgement`, `ledger.rules.requests.judgement`), and which offset a record is judged by
(`ledger.recording`).

A state is a value: one more fact makes another state, which shares every case the fact is not about. Two clocks are
kept apart: what is known is decided by the offset, what was in force by the moments the facts themselves name.

Source: DESIGN section 8; docs/adr/0023-judged-by-the-rules-at-rules-at.md.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple, Self, TypeVar

import msgspec

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.audit import Audit
from ledger.aggregates.breach import Breach
from ledger.aggregates.cases import AUDIT, BREACH, CASE_OF, DEADLINE_FACTS, Case, case_name
from ledger.aggregates.disclosure import Disclosure
from ledger.aggregates.notice import Notice
from ledger.aggregates.open_fields import fields_of, reader
from ledger.aggregates.registry import CASE_CLASSES
from ledger.aggregates.subprocessor import Subprocessor
from ledger.entry import Entry
from ledger.rules.calendar.periods import first_moment_after, first_moment_of
from ledger.rules.governance import read_adopted
from ledger.rules.keeping.retention import Adoption, ControllerRules, Setting, Termination
from ledger.rules.packs.pack_table import PackError
from ledger.rules.packs.policy_pack import OTHER_REGIONS, PackEntry, PolicyPack
from ledger.rules.processing.eea import CHANGES_OF_THE_EEA

PACKS_CACHED = 64
"""Contents of packs: a provider's controllers adopt the same few."""

ADOPTED, SET, TERMINATED, EXPORTED = "policy.adopted", "retention.set", "agreement.terminated", "export.made"
CONCLUDED = "agreement.concluded"

BEFORE_EVERYTHING = -(1 << 63)
"""A moment before every other that a record can name."""

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

CaseKey = tuple[str, str]
"""Kind and id, as `case_name` gives them."""

C = TypeVar("C", bound=Case)


class GovernanceFact(NamedTuple):
    """A governance entry and its offset in ledger partition 0.

    `pack` is the pack an adoption carries, where it was read already: packs are large, and read once.
    """

    offset: int
    entry: Entry
    pack: PolicyPack | None = None


class RuleInForce(NamedTuple):
    """An entry of an adopted pack, with its name among all packs, pack:entry."""

    rule: str
    entry: PackEntry


class PacksInForce:
    """Which entries of packs hold at a moment, by the adoptions of a controller.

    Only an adoption changes it, so all states between two adoptions share one: a state is made for every fact.
    """

    def __init__(self, adoptions: Sequence[Adoption]) -> None:
        self._adoptions = adoptions
        self._begins = sorted({adoption.at for adoption in adoptions})
        self._by_kind: dict[int, Mapping[str, tuple[RuleInForce, ...]]] = {}

    def entries(self, kind: str, at: int) -> tuple[RuleInForce, ...]:
        """The entries of a kind that hold at a moment; a pack adopted at this very moment holds."""
        stretch = bisect_right(self._begins, at)
        found = self._by_kind.get(stretch)
        if found is None:
            found = self._by_kind[stretch] = _by_kind(self._adoptions, at)
        return found.get(kind, ())

    @cached_property
    def moments(self) -> frozenset[int]:
        """The moments of adoptions, and those the packs list."""
        listed = (moment for adoption in self._adoptions for moment in _listed_moments(adoption.pack))
        return frozenset((*self._begins, *listed))


class ControllerState:
    """One controller's governance, as far as it is known at an offset. Treat it as frozen.

    Attributes:
        controller: whose.
        rules: what its facts say of how long data is kept.
        cases: by kind and id. Never change one: other states share it.
        facts: how many facts it is made of.
    """

    def __init__(self, controller: str, rules: ControllerRules | None = None) -> None:
        self.controller = controller
        self.rules = ControllerRules() if rules is None else rules
        self._packs = PacksInForce(self.rules.adoptions)
        self.cases: Mapping[CaseKey, Case] = {}
        self.facts = 0
        self._concluded = False
        self._offsets: Mapping[CaseKey, int] = {}
        self._last_for_audits = -1

    @classmethod
    def of(cls, controller: str, facts: Iterable[GovernanceFact]) -> Self:
        """Folds the facts of a controller, in offset order."""
        state = cls(controller)
        for fact in facts:
            state = state.after(fact)
        return state

    def after(self, fact: GovernanceFact) -> Self:
        """The state with one more fact; a fact that says nothing it can read leaves everything as it was."""
        state = type(self)(self.controller, _rules_after(self.rules, fact))
        if state.rules.adoptions is self.rules.adoptions:
            state._packs = self._packs
        state.cases, state._offsets, state._last_for_audits = self.cases, self._offsets, self._last_for_audits
        state.facts = self.facts + 1
        state._concluded = self._concluded or fact.entry.event_type == CONCLUDED
        key = case_of(fact.entry)
        if key is not None:
            state.cases = {**self.cases, key: _case_after(self.cases.get(key), key, fact)}
            state._offsets = {**self._offsets, key: fact.offset}
            if key[0] in {AUDIT.kind, BREACH.kind}:
                state._last_for_audits = fact.offset
        return state

    def known(self) -> bool:
        """Whether anything binds the controller: a pack that can be read, or an agreement."""
        return self._concluded or bool(self.rules.adoptions)

    def last_judged(self, key: CaseKey) -> int | None:
        """The offset of the last fact by which a case was judged; None while there is none.

        That is the case's own last, and for an audit also the last of any breach or other audit: a breach can justify
        one, and another can be one too many.
        """
        offset = self._offsets.get(key)
        return max(offset, self._last_for_audits) if offset is not None and key[0] == AUDIT.kind else offset

    def entries(self, kind: str, at: int) -> tuple[RuleInForce, ...]:
        """The entries of a kind that hold at a moment, each with its rule, pack:entry.

        Of each pack its latest adoption by then counts, and the entries of its region, as for retention.

        Args:
            kind: a name of `ledger.rules.packs.rule_kinds`.
            at: microseconds since the epoch, UTC; a pack adopted at this very moment holds.
        """
        return self._packs.entries(kind, at)

    def segment(self, at: int) -> int:
        """Which stretch of time a moment lies in: within one, no answer about a moment changes."""
        return bisect_right(self.breakpoints, at)

    def moment_of(self, segment: int) -> int:
        """A moment within a stretch of time; any other would give the same answers."""
        return self.breakpoints[segment - 1] if segment else BEFORE_EVERYTHING

    @cached_property
    def breakpoints(self) -> tuple[int, ...]:
        """The first moment of each stretch of time after the first, ascending.

        A moment that facts name is a stretch of its own: before it, at it and after it can be three answers.
        """
        moments = {
            *self._packs.moments,
            *(moment for case in self.cases.values() for moment in case.moments()),
            *CHANGES_OF_THE_EEA,
        }
        return tuple(sorted(moments | {moment + 1 for moment in moments}))

    @cached_property
    def agreements(self) -> Mapping[str, Agreement]:
        """By agreement id."""
        return self._cases_of(Agreement)

    @cached_property
    def subprocessors(self) -> Mapping[str, Subprocessor]:
        """By name in lower case."""
        return self._cases_of(Subprocessor)

    @cached_property
    def breaches(self) -> Mapping[str, Breach]:
        """By breach id."""
        return self._cases_of(Breach)

    @cached_property
    def audits(self) -> Mapping[str, Audit]:
        """By audit id."""
        return self._cases_of(Audit)

    @cached_property
    def disclosures(self) -> Mapping[str, Disclosure]:
        """By disclosure id."""
        return self._cases_of(Disclosure)

    @cached_property
    def notices(self) -> Mapping[str, Notice]:
        """By notice id."""
        return self._cases_of(Notice)

    def _cases_of(self, case_class: type[C]) -> Mapping[str, C]:
        return {case_id: case for (_, case_id), case in self.cases.items() if isinstance(case, case_class)}


def read_pack(entry: Entry) -> PolicyPack | None:
    """The pack an adoption carries; None when it cannot be read, or is another, which is a finding on the adoption."""
    fields = fields_of(entry.open_fields)
    stated = tuple(fields.get(name) for name in ("pack", "pack_version", "content", "content_sha256"))
    return pack_of(*stated) if all(isinstance(part, str) for part in stated) else None


def adopted_region(entry: Entry) -> str | None:
    """The region an adoption names; None for none."""
    said = _read_region(entry.open_fields)
    return said.region if said else None


@lru_cache(maxsize=PACKS_CACHED)
def pack_of(pack: str, pack_version: str, content: str, content_sha256: str) -> PolicyPack | None:
    """The pack an adoption states in these fields; None as for `read_pack`."""
    fields = {
        "pack": pack,
        "pack_version": pack_version,
        "content": content,
        "content_sha256": content_sha256,
    }
    try:
        return read_adopted(fields)
    except PackError:
        return None


class _Region(msgspec.Struct, frozen=True):
    region: str | None = None


class _Set(msgspec.Struct, frozen=True):
    retention_class: str
    days: int


class _Terminated(msgspec.Struct, frozen=True):
    agreement_id: str
    ends_at: int
    choice: str


class _Exported(msgspec.Struct, frozen=True):
    reason: str
    subject_pseudonym: str | None = None


_ALL_RETURNED = _Exported(reason="end_of_agreement")
_read_region, _read_set = reader(_Region), reader(_Set)
_read_terminated, _read_exported = reader(_Terminated), reader(_Exported)


def returns_everything(entry: Entry) -> bool:
    """Whether an export is of all of the controller's data, because its agreement ends."""
    return _read_exported(entry.open_fields) == _ALL_RETURNED


def _rules_after(rules: ControllerRules, fact: GovernanceFact) -> ControllerRules:
    """What is known of how long data is kept, with one more fact. As the forgetting's own queries read them."""
    entry = fact.entry
    if entry.event_type == ADOPTED:
        pack = fact.pack or read_pack(entry)
        if pack is None:
            return rules
        adoption = Adoption(pack=pack, region=adopted_region(entry), at=entry.occurred_at)
        return _replaced(rules, adoptions=(*rules.adoptions, adoption))
    if entry.event_type == SET and (made := _read_set(entry.open_fields)):
        setting = Setting(retention_class=made.retention_class, days=made.days, at=entry.occurred_at)
        return _replaced(rules, settings=(*rules.settings, setting))
    if entry.event_type == TERMINATED and (end := _read_terminated(entry.open_fields)):
        termination = Termination(
            ends_at=end.ends_at, choice=end.choice, agreement_id=end.agreement_id, at=entry.occurred_at
        )
        return _replaced(rules, terminations=(*rules.terminations, termination))
    if entry.event_type == EXPORTED and returns_everything(entry):
        return _replaced(rules, returned=(*rules.returned, entry.occurred_at))
    return rules


def _replaced(rules: ControllerRules, **changes: tuple[object, ...]) -> ControllerRules:
    kept = {
        "adoptions": rules.adoptions,
        "settings": rules.settings,
        "terminations": rules.terminations,
        "returned": rules.returned,
    }
    return ControllerRules(**{**kept, **changes})  # type: ignore[arg-type]  # each change has its field's type


def case_of(entry: Entry) -> CaseKey | None:
    """The case a fact is of; None when it is of none that there is a kind of."""
    if entry.event_type not in CASE_OF and entry.event_type not in DEADLINE_FACTS:
        return None
    key = case_name(entry.event_type, fields_of(entry.open_fields))
    return key if key is not None and key[0] in CASE_CLASSES else None


def _case_after(case: Case | None, key: CaseKey, fact: GovernanceFact) -> Case:
    """The case with one more fact; the case as it was stays as it is, because earlier states hold it."""
    entry = fact.entry
    if case is None:
        changed = CASE_CLASSES[key[0]].unseen(entry.stream)
    else:
        changed = case.copy()
        if entry.stream != case.id:
            entry = msgspec.structs.replace(entry, stream=case.id)
    changed.record(entry, fact.offset)
    return changed


def _by_kind(adoptions: Sequence[Adoption], at: int) -> Mapping[str, tuple[RuleInForce, ...]]:
    """The entries of packs that hold at a moment, by kind, packs by id."""
    in_force = ControllerRules(adoptions=tuple(one for one in adoptions if one.at <= at)).adopted
    found: dict[str, list[RuleInForce]] = {}
    for adoption in in_force:
        for entry in _entries_in(adoption):
            found.setdefault(entry.kind, []).append(RuleInForce(f"{adoption.pack.id}:{entry.id}", entry))
    return {kind: tuple(entries) for kind, entries in found.items()}


def _entries_in(adoption: Adoption) -> Iterable[PackEntry]:
    """The pack's entries that hold in the region it was adopted for; without a region all do."""
    regions = {entry.parameters.get("region") for entry in adoption.pack.entries if entry.kind == "retention"}
    region = adoption.region if adoption.region is None or adoption.region in regions else OTHER_REGIONS
    for entry in adoption.pack.entries:
        where = entry.parameters.get("region") if entry.kind == "retention" else None
        if where is None or region is None or where == region:
            yield entry


def _listed_moments(pack: PolicyPack) -> Iterable[int]:
    """When a mechanism in a document's list of sub-processors begins to be valid, and no longer is."""
    for listed in (listed for entry in pack.entries for listed in entry.processors):
        if listed.valid_from is not None:
            yield first_moment_of(listed.valid_from.toordinal() - EPOCH_ORDINAL)
        if listed.valid_until is not None:
            yield first_moment_after(listed.valid_until.toordinal() - EPOCH_ORDINAL)
