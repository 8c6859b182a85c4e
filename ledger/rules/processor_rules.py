"""Who processes: sub-processors announced, not objected to, chosen where optional, and bound by contract. Pure.

A sub-processor is known from the lists of adopted documents, and from what the controller was told apart from them.
Where no document has a list, only a processor owes the controller an announcement: a controller chooses its own.

Source: GDPR Art. 28(2), 28(3), 28(4); CB-03, CD-15, CD-16, CD-36, MB-22, MB-48, X6.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.aggregates.subprocessor import Subprocessor
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.listed_processor import ListedProcessor
from ledger.rules.moment_text import listed
from ledger.rules.processing_facts import PROCESSOR, Processing


class KnownProcessor(NamedTuple):
    """What documents and facts say of one sub-processor.

    `rows` are those of documents in force, each with whether its list says of any row that there is an agreement.
    """

    name: str
    rows: tuple[tuple[ListedProcessor, bool], ...]
    case: Subprocessor | None

    def announced_at(self, at: int) -> bool:
        """Whether the controller had been told of it."""
        return bool(self.rows) or (self.case is not None and self.case.announced_at(at))

    def objected_at(self, at: int) -> bool:
        """Whether the controller objects to it."""
        return self.case is not None and self.case.objected_at(at)

    def optional_at(self, at: int) -> bool:
        """Whether it takes the customer's explicit choice."""
        return any(row.optional for row, _ in self.rows) or (
            self.case is not None and self.case.optional_at(at)
        )

    def agreement_at(self, at: int) -> bool | None:
        """Whether a processing agreement with it is concluded; None when nothing says anything of it.

        A document that says it of others in its list says by an empty cell that there is none (X6).
        """
        if any(row.agreement for row, _ in self.rows):
            return True
        if self.case is not None and (self.case.contracts or self.case.announced_at(at)):
            return self.case.has_agreement_at(at)
        return False if any(said for _, said in self.rows) else None


def processors_known(names: tuple[str, ...], state: ControllerState, at: int) -> list[KnownProcessor]:
    """What is known of some sub-processors at a moment, each once, in the order they are named."""
    rows: dict[str, list[tuple[ListedProcessor, bool]]] = {}
    for _, entry in state.entries("subprocessors", at):
        said = any(row.agreement is not None for row in entry.processors)
        for row in entry.processors:
            rows.setdefault(row.key, []).append((row, said))
    spelt = {name.lower(): name for name in reversed(names)}
    return [
        KnownProcessor(spelt[key], tuple(rows.get(key, ())), state.subprocessors.get(key))
        for key in dict.fromkeys(name.lower() for name in names)
    ]


def judge_processors(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """What the processors named in an entry come to."""
    known = processors_known(it.processors, state, at)
    if not known:
        return
    owed = it.role == PROCESSOR or bool(state.entries("subprocessors", at))
    unannounced = [one.name for one in known if owed and not one.announced_at(at)]
    announced = [one for one in known if one.announced_at(at)]
    objected = [one.name for one in announced if one.objected_at(at)]
    unchosen = [one.name for one in announced if one.optional_at(at) and not _chosen(one, state, at)]
    unbound = [one.name for one in announced if one.agreement_at(at) is False]
    if unannounced:
        yield Finding(
            code="processor_not_announced",
            article="GDPR Art. 28(2)",
            expected="only sub-processors the controller was told of before",
            found=f"{it.event_type} with {listed(unannounced)}, of whom nothing was announced",
        )
    if objected:
        yield Finding(
            code="processor_objected",
            article="GDPR Art. 28(2)",
            expected="no sub-processor the controller objects to",
            found=f"{it.event_type} with {listed(objected)}, against the controller's objection",
        )
    if unchosen:
        yield Finding(
            code="processor_not_opted_in",
            article="GDPR Art. 28(2), 28(3)(a)",
            expected="optional sub-processors only after the customer's explicit choice",
            found=f"{it.event_type} with {listed(unchosen)}, which the customer had not chosen",
        )
    if unbound:
        yield Finding(
            code="processor_without_agreement",
            article="GDPR Art. 28(4)",
            expected="a processing agreement with each sub-processor before it processes",
            found=f"{it.event_type} with {listed(unbound)}, with whom no agreement is on record",
        )
    if announced and not (unannounced or objected or unchosen):
        yield Shown("processor_as_agreed", "")
    if announced and all(one.agreement_at(at) for one in known):
        yield Shown("subprocessor_contracted", "")


def _chosen(one: KnownProcessor, state: ControllerState, at: int) -> bool:
    return any(agreement.opted_in_at(one.name, at) for agreement in state.agreements.values())
