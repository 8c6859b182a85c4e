"""Policy packs: the promises of a privacy statement or processing agreement as data. Pure.

Owns: what a pack says. Leaves to others: reading one (`ledger.rules.packs.pack_reader`), where packs are kept
(`ledger.policies`), what follows from them (`ledger.rules.keeping.retention`, `ledger.rules.keeping.proof`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from ledger.rules.calendar.periods import Period
from ledger.rules.packs.listed_processor import ListedProcessor

EVERY_CLASS = "*"
OTHER_REGIONS = "other"
"""The region of rules that hold wherever the pack names no rule of its own."""

DEFAULT_CONFIRM_WITHIN = Period(days=30)
"""How long a recipient may take to confirm a deletion when its pack says nothing: the longest we know of."""


class Start(StrEnum):
    """What starts the clock of a retention rule."""

    EVENT = "event"
    AGREEMENT_END = "agreement_end"
    CONSENT_END = "consent_end"
    REQUEST_FULFILLED = "request_fulfilled"


class Action(StrEnum):
    """What the end of a period means: the data goes, or who it is about goes and the rest stays."""

    DESTROY = "destroy"
    DROP_IDENTITY = "drop_identity"


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """How long a class of data is kept.

    Attributes:
        entry: the entry's id, for example CF-08.
        article: where the text says so.
        retention_class: a class of the ledger, or "*" for every class that is not in `excluded`.
        period: None when the text keeps data without end; that is a finding and ends nothing.
        starts: what starts the clock.
        action: what the end means.
        region: the region it holds in, `OTHER_REGIONS` for all that are not named, None for everywhere.
        excluded: classes that "*" leaves out.
        customer_set: the customer sets the days itself; the period is the most it may set.
        on_choice: holds only when the controller chose deletion at the end of the agreement.
        text: the promise in one sentence.
    """

    entry: str
    article: str
    retention_class: str
    period: Period | None
    starts: Start = Start.EVENT
    action: Action = Action.DESTROY
    region: str | None = None
    excluded: frozenset[str] = frozenset()
    customer_set: bool = False
    on_choice: bool = False
    text: str = ""

    def covers(self, retention_class: str) -> bool:
        """Whether the rule is about a class."""
        if self.retention_class == EVERY_CLASS:
            return retention_class not in self.excluded
        return self.retention_class == retention_class


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A legal duty to keep a class although the person asked for erasure, for the period of its own rule."""

    entry: str
    article: str
    retention_class: str
    until: Period
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class TextOnly:
    """A promise no rule is bound to, and why."""

    entry: str
    article: str
    text: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PackEntry:
    """One entry of a pack, whatever its kind: what is promised, and the rule that judges it.

    Attributes:
        id: the entry's id, for example CF-07-fax.
        promise: the row of the document it belongs to, for example CF-07; None for a setting of the ledger's own.
        kind: a name of `ledger.rules.packs.rule_kinds`.
        article: where the text says so.
        text: the promise in one sentence.
        parameters: by name, as `rule_kind.Shape` says; what is left out is not there, a flag is false.
        reason: why no rule is bound to it, for kind text_only.
        states: what the text states beside it, which only the linter compares (`ledger.rules.packs.pack_statements`).
    """

    id: str
    promise: str | None
    kind: str
    article: str
    text: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    states: Mapping[str, object] = field(default_factory=dict)

    def names(self, parameter: str) -> tuple[str, ...]:
        """A list of words among the parameters; none when it was left out."""
        found = self.parameters.get(parameter, ())
        return tuple(word for word in found if isinstance(word, str)) if isinstance(found, tuple) else ()

    @property
    def processors(self) -> tuple[ListedProcessor, ...]:
        """The document's list of sub-processors; none for an entry of another kind."""
        found = self.parameters.get("processors", ())
        return (
            tuple(row for row in found if isinstance(row, ListedProcessor))
            if isinstance(found, tuple)
            else ()
        )


@dataclass(frozen=True, kw_only=True)
class PolicyPack:
    """One document's promises.

    `confirm_within` is by recipient, lower case. `export_hold` is how long an export asked for before deletion holds
    the data, `trail_period` how long entries stay in the audit trail; None where the pack does not say. `provider`
    tells whose document it is, so that documents of one provider can be compared; `dated` the day the document bears.
    """

    id: str
    version: str
    title: str
    retention: tuple[RetentionRule, ...] = ()
    duties: tuple[Duty, ...] = ()
    text_only: tuple[TextOnly, ...] = ()
    confirm_within: Mapping[str, Period] = field(default_factory=dict)
    confirm_within_default: Period = DEFAULT_CONFIRM_WITHIN
    export_hold: Period | None = None
    trail_period: Period | None = None
    entries: tuple[PackEntry, ...] = ()
    provider: str | None = None
    dated: date | None = None
