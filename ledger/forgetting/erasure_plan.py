"""What an erasure destroys, what stays although the person asked, and who is told. Pure.

Every retention class goes but those that something keeps: a legal duty of an adopted policy, a legal hold, an export
asked for before deletion, a restriction of processing. A class stays only when the ledger has data of it: of the
others no key is ever made again. One erasure, several outcomes per class (X11).

Owns: this division, and its reasons with article and end. Leaves to others: when a period ends (`ledger.rules`), the
order of the steps (`erasure_decision`). Source: GDPR Art. 17(1), 17(3), 18(1) and 18(2), 19.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from ledger.aggregates.erasure_details import KeptClass
from ledger.contract.retention_classes import KEY_PER_FACT, RETENTION_CLASSES
from ledger.rules.keeping.holds import EXPORT_HOLD, LEGAL_HOLD, Hold
from ledger.rules.keeping.proof import ConsentFact, proof_ends
from ledger.rules.keeping.retention import epoch_end
from ledger.rules.keeping.retention_facts import ControllerRules

OWN_SOURCES = "urn:ledger:"
"""How the ledger's own sources begin; it needs no instruction from itself."""

RESTRICTION_ARTICLES = {
    "accuracy_contested": "GDPR Art. 18(1)(a)",
    "processing_unlawful": "GDPR Art. 18(1)(b)",
    "needed_for_claim": "GDPR Art. 18(1)(c)",
    "objection_pending": "GDPR Art. 18(1)(d)",
}
RESTRICTION = "restriction"
"""The kind of the hold that a restriction of processing is, as the store has it."""
HOLD_REASONS = {LEGAL_HOLD: "legal_hold", EXPORT_HOLD: "export_hold", RESTRICTION: "restriction"}
HOLD_ARTICLES = {
    LEGAL_HOLD: "GDPR Art. 17(3)(e)",
    EXPORT_HOLD: "GDPR Art. 28(3)(g)",
    RESTRICTION: "GDPR Art. 18(1)",
}
"""For a hold that names none."""

TRIGGER_ARTICLES = {
    "request": "GDPR Art. 17(1)",
    "retention_end": "GDPR Art. 17(1)(a)",
    "consent_withdrawn": "GDPR Art. 17(1)(b)",
    "objection": "GDPR Art. 17(1)(c)",
    "unlawful_processing": "GDPR Art. 17(1)(d)",
    "child_found": "GDPR Art. 17(1)(f)",
    "end_of_agreement": "GDPR Art. 28(3)(g)",
}
"""What makes an erasure due -> the article it rests on."""

DESTRUCTION_REASONS = {
    "consent_withdrawn": "consent_withdrawn",
    "end_of_agreement": "end_of_agreement",
    "child_found": "child_found",
}
"""What `key.destroyed` says for a trigger; any other is `erasure_request`."""


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What the ledger has of a person.

    Args:
        classes: of which there is a key.
        days: class -> the local days with sealed fields of it.
        consents: the person's changes of consent, by purpose.
    """

    classes: frozenset[str]
    days: Mapping[str, frozenset[int]]
    consents: Sequence[Sequence[ConsentFact]]


def erasure_id_of(subject: UUID, earlier: int = 0) -> str:
    """The id of a person's erasure: the same question always gives the same id.

    Args:
        subject: the person's pseudonym.
        earlier: how many erasures of this person there were: one whose hold has ended since is followed by another.
    """
    name = f"urn:ledger:erasure:{subject}" + (f":{earlier}" if earlier else "")
    return str(uuid5(NAMESPACE_URL, name))


def kept_classes(
    subject: UUID, holdings: Holdings, rules: ControllerRules, articles: Mapping[str, str], now: int
) -> list[KeptClass]:
    """What stays of a person's data, and why; in a fixed order.

    Args:
        subject: the person's pseudonym.
        holdings: what the ledger has.
        rules: everything the controller's facts say; a restriction of processing is one of its holds.
        articles: hold -> the law or clause it names.
        now: microseconds UTC.
    """
    in_force = rules.known_at(now)
    kept = {*_by_duty(holdings, in_force, now), *_by_hold(subject, holdings, in_force.holds, articles, now)}
    return sorted(
        kept, key=lambda it: (it.retention_class, it.why, it.article, it.hold_id or "", it.until or 0)
    )


def restriction_article(ground: str) -> str:
    """The ground of a restriction as the law counts it."""
    return RESTRICTION_ARTICLES.get(ground, HOLD_ARTICLES[RESTRICTION])


def destroyed_classes(kept: Collection[KeptClass]) -> list[str]:
    """Every class of the ledger but those kept, in order."""
    return sorted(RETENTION_CLASSES.keys() - {each.retention_class for each in kept})


def is_told(recipient: str) -> bool:
    """Whether a recipient needs an instruction: everyone but the ledger itself."""
    return not recipient.startswith(OWN_SOURCES)


def _by_duty(holdings: Holdings, rules: ControllerRules, now: int) -> Iterator[KeptClass]:
    for name, duty in rules.duties.items():
        if name in holdings.classes:
            until = _duty_ends(name, holdings, rules, now)
            yield KeptClass(retention_class=name, why="legal_duty", article=duty.article, until=until)


def _duty_ends(retention_class: str, holdings: Holdings, rules: ControllerRules, now: int) -> int | None:
    """When the last of a class may go; None as long as the clock of any of it has not started.

    The erasure itself ends the reliance on every consent.
    """
    if retention_class in KEY_PER_FACT:
        facts = {change.fact for changes in holdings.consents for change in changes}
        ends = {
            fact: end
            for changes in holdings.consents
            for fact, end in proof_ends(changes, rules, now).items()
        }
        return max((end.ended_at for end in ends.values()), default=None) if ends.keys() == facts else None
    days = holdings.days.get(retention_class, frozenset())
    known = [end.ended_at for day in days if (end := epoch_end(rules, retention_class, day)) is not None]
    return max(known, default=None) if len(known) == len(days) else None


def _by_hold(
    subject: UUID,
    holdings: Holdings,
    holds: Sequence[Hold],
    articles: Mapping[str, str],
    now: int,
) -> Iterator[KeptClass]:
    for hold in holds:
        if hold.subject not in (None, subject):
            continue
        for name in holdings.classes:
            if hold.holds(name, now):
                yield KeptClass(
                    retention_class=name,
                    why=HOLD_REASONS.get(hold.kind, HOLD_REASONS[LEGAL_HOLD]),
                    article=articles.get(hold.hold_id) or HOLD_ARTICLES.get(hold.kind, ""),
                    hold_id=hold.hold_id,
                    until=hold.end,
                )
