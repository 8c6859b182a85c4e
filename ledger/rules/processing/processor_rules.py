"""Who processes: sub-processors announced, not objected to, chosen where optional, and bound by contract. Pure.

A sub-processor is known from the lists of adopted documents, and from what the controller was told apart from them.
Two things are apart: what the law asks of a processor, whoever lists what, and what each document's own list promises.
A list that is open by its own words, or of one kind of processing only, is never held against what is outside it.

Source: GDPR Art. 28(2), 28(3), 28(4); CB-03, CB-23, CD-15, CD-16, CD-35, CD-36, MB-22, MB-48, X6.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.aggregates.subprocessor import Subprocessor
from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import ControllerState, RuleInForce
from ledger.rules.findings import Finding, about_all
from ledger.rules.judged import Shown
from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.processing.processing_facts import PROCESSOR, Processing


class Listing(NamedTuple):
    """A row of a document in force.

    `rule` is the list it is in, pack:entry; `says_agreements` whether that says of any row that there is an agreement.
    """

    rule: str
    row: ListedProcessor
    says_agreements: bool


class KnownProcessor(NamedTuple):
    """What documents and facts say of one sub-processor."""

    name: str
    listings: tuple[Listing, ...]
    case: Subprocessor | None

    def told_at(self, at: int) -> bool:
        """Whether the controller had been told of it apart from any document."""
        return self.case is not None and self.case.announced_at(at)

    def announced_at(self, at: int) -> bool:
        """Whether the controller knew of it, from a document or otherwise."""
        return bool(self.listings) or self.told_at(at)

    def objected_at(self, at: int) -> bool:
        """Whether the controller objects to it."""
        return self.case is not None and self.case.objected_at(at)

    def optional_in(self, rule: str) -> bool:
        """Whether a list says that it takes the customer's explicit choice."""
        return any(each.row.optional for each in self.listings if each.rule == rule)

    def optional_at(self, at: int) -> bool:
        """Whether it takes the customer's explicit choice, by a list or by its announcement."""
        return any(each.row.optional for each in self.listings) or (
            self.case is not None and self.case.optional_at(at)
        )

    def listed_by(self, pack: str) -> bool:
        """Whether any list of a pack has it."""
        return any(each.rule.partition(":")[0] == pack for each in self.listings)

    def agreement_at(self, at: int) -> bool | None:
        """Whether a processing agreement with it is concluded; None when nothing says anything of it.

        A document that says it of others in its list says by an empty cell that there is none (X6).
        """
        if any(each.row.agreement for each in self.listings):
            return True
        if self.case is not None and (self.case.contracts or self.case.announced_at(at)):
            return self.case.has_agreement_at(at)
        return False if any(each.says_agreements for each in self.listings) else None


def processors_known(
    names: tuple[str, ...], state: ControllerState, at: int, purpose: str | None = None
) -> list[KnownProcessor]:
    """What is known of some sub-processors at a moment, each once, in the order they are named.

    Args:
        names: in any spelling.
        state: the controller's governance.
        at: the moment.
        purpose: what they process for; None for anything. A list for some purposes says nothing about others.
    """
    listings: dict[str, list[Listing]] = {}
    for rule, entry in _lists(state, at, purpose):
        said = any(row.agreement is not None for row in entry.processors)
        for row in entry.processors:
            listings.setdefault(row.key, []).append(Listing(rule, row, said))
    spelt = {name.lower(): name for name in reversed(names)}
    return [
        KnownProcessor(spelt[key], tuple(listings.get(key, ())), state.subprocessors.get(key))
        for key in dict.fromkeys(name.lower() for name in names)
    ]


def judge_processors(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """What the processors named in an entry come to."""
    known = processors_known(it.processors, state, at, it.purpose)
    if not known:
        return
    yield from _judge_by_law(it, known, state, at)
    for in_force in _lists(state, at, it.purpose):
        yield from _judge_list(it, in_force, _concerned(known, in_force), state, at)


def _judge_by_law(
    it: Processing, known: Sequence[KnownProcessor], state: ControllerState, at: int
) -> Iterator[Finding | Shown]:
    """Art. 28: only a processor owes announcements, because a controller chooses its own."""
    announced = [one for one in known if one.announced_at(at)]
    unannounced = [one.name for one in known if it.role == PROCESSOR and one not in announced]
    objected = [one.name for one in announced if one.objected_at(at)]
    unbound = [one.name for one in announced if one.agreement_at(at) is False]
    # What a list says is optional is held to that list.
    unchosen = [
        one.name
        for one in announced
        if _unchosen(one, state, at) and not any(each.row.optional for each in one.listings)
    ]
    if unannounced:
        yield Finding(
            code="processor_not_announced",
            article="GDPR Art. 28(2)",
            expected="only sub-processors the controller was told of before",
            found=f"{it.event_type} with {listed(unannounced)}, of whom nothing was announced",
            about=_about(unannounced),
        )
    if objected:
        yield Finding(
            code="processor_objected",
            article="GDPR Art. 28(2)",
            expected="no sub-processor the controller objects to",
            found=f"{it.event_type} with {listed(objected)}, against the controller's objection",
            about=_about(objected),
        )
    if unchosen:
        yield Finding(
            code="processor_not_chosen",
            article="GDPR Art. 28(2), 28(3)(a)",
            expected="sub-processors announced as optional only after the customer's explicit choice",
            found=f"{it.event_type} with {listed(unchosen)}, which the customer had not chosen",
            about=_about(unchosen),
        )
    if unbound:
        yield Finding(
            code="processor_without_agreement",
            article="GDPR Art. 28(4)",
            expected="a processing agreement with each sub-processor before it processes",
            found=f"{it.event_type} with {listed(unbound)}, with whom no agreement is on record",
            about=_about(unbound),
        )
    if announced and all(one.agreement_at(at) for one in known):
        yield Shown("subprocessor_contracted", "")


def _judge_list(
    it: Processing,
    in_force: RuleInForce,
    concerned: Sequence[KnownProcessor],
    state: ControllerState,
    at: int,
) -> Iterator[Finding | Shown]:
    """What the processors that a document's list is about come to by it."""
    rule, entry = in_force
    pack = rule.partition(":")[0]
    unlisted = [one.name for one in concerned if not one.listed_by(pack) and not one.told_at(at)]
    unchosen = [one.name for one in concerned if one.optional_in(rule) and _unchosen(one, state, at)]
    if unlisted:
        yield Finding(
            code="processor_not_listed",
            article=entry.article,
            expected="only sub-processors that the document lists, or that were announced since",
            found=f"{it.event_type} with {listed(unlisted)}, not on its list and not announced",
            rule=rule,
            about=_about(unlisted),
        )
    if unchosen:
        yield Finding(
            code="processor_not_opted_in",
            article=entry.article,
            expected="optional sub-processors only after the customer's explicit choice",
            found=f"{it.event_type} with {listed(unchosen)}, which the customer had not chosen",
            rule=rule,
            about=_about(unchosen),
        )
    if unlisted or unchosen:
        return
    if concerned and not any(one.objected_at(at) or _unchosen(one, state, at) for one in concerned):
        yield Shown("processor_as_agreed", rule)


def _lists(state: ControllerState, at: int, purpose: str | None) -> Iterator[RuleInForce]:
    """The lists in force that are about a purpose."""
    for in_force in state.entries("subprocessors", at):
        purposes = in_force.entry.names("purposes")
        if purpose is None or not purposes or purpose in purposes:
            yield in_force


def _concerned(known: Sequence[KnownProcessor], in_force: RuleInForce) -> list[KnownProcessor]:
    """The processors a list is about: those in it; of one that is the whole list also those its pack has nowhere."""
    rule, entry = in_force
    pack, complete = rule.partition(":")[0], bool(entry.parameters.get("complete"))
    return [
        one
        for one in known
        if any(each.rule == rule for each in one.listings) or (complete and not one.listed_by(pack))
    ]


def _about(names: Sequence[str]) -> str:
    return about_all(name.lower() for name in names)


def _unchosen(one: KnownProcessor, state: ControllerState, at: int) -> bool:
    chosen = any(agreement.opted_in_at(one.name, at) for agreement in state.agreements.values())
    return one.optional_at(at) and not chosen
