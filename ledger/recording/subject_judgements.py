"""What an entry about a person, or about nobody known, decides: on itself, requests, and earlier processing. Pure.

Owns: which facts show which processing in another light. Leaves to others: the rules (`ledger.rules.personal`,
`ledger.rules.requests.judgement`, `ledger.rules.requests.minors`), what was loaded (`ledger.recording.known`).

Most entries are processing of a person about whom nothing particular is known, and take the short way: one look-up of
what entries like it come to.
"""

from collections.abc import Mapping, MutableMapping, Sequence

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.request_statements import OBJECTION
from ledger.aggregates.restriction_details import restriction_id_of
from ledger.aggregates.rights_request import CARRYING_OUT, REQUEST_FACTS, RightsRequest, request_of
from ledger.aggregates.streams import LedgerEvent
from ledger.aggregates.subject_state import ConsentState
from ledger.aggregates.unattributed import Unattributed
from ledger.entry import Entry
from ledger.recording.differences import (
    NO_OUTCOME,
    Outcome,
    differences,
    finding_differences,
    opened,
)
from ledger.recording.judge import Judge
from ledger.recording.known import (
    ANSWERED,
    ERASED,
    LIFTED,
    MINOR_FOUND,
    OBJECTION_FACTS,
    RESTRICTED,
    ConsentKey,
    Known,
)
from ledger.rules.consent import CONSENT_BASIS, changes_consent
from ledger.rules.controller_state import RuleInForce
from ledger.rules.findings import about_all
from ledger.rules.judged import NOTHING, Judged, OnEntry, Shown
from ledger.rules.keeping.retention_evidence import proofs_due
from ledger.rules.personal import Family, Processed, families_of, judge_family
from ledger.rules.processing.processing_facts import is_processing
from ledger.rules.requests.judgement import judge_request
from ledger.rules.requests.minors import judge_minor

CHANGED_BY: Mapping[str, Family] = {
    **dict.fromkeys(OBJECTION_FACTS, Family.OBJECTION),
    RESTRICTED: Family.RESTRICTION,
    LIFTED: Family.RESTRICTION,
    ERASED: Family.ERASURE,
    MINOR_FOUND: Family.MINORITY,
}
"""Event type -> what of earlier processing it shows in another light; changes of consent beside it."""

JUSTIFIED: Mapping[Family, str] = {
    Family.CONSENT: "processing_with_consent",
    Family.OBJECTION: "objection_respected",
}
"""What a late fact shows that resolves a finding: the processing it was on had a ground after all."""

MINOR_FACTS = frozenset(
    {MINOR_FOUND, "data.erased", ERASED, "request.deadline_near", "request.deadline_passed"}
)
"""Facts that what is owed to a minor can depend on."""

PARTICULAR = REQUEST_FACTS | CARRYING_OUT | MINOR_FACTS | frozenset(CHANGED_BY)
"""Event types that decide more than what is found on the entry itself."""


def record_about_subject(
    subject: DataSubject, entry: Entry, offset: int, known: Known
) -> tuple[LedgerEvent, Outcome]:
    """Folds an entry into its person and judges it, and what it shows in another light."""
    outcome = _judge_entry(known.judge, entry, offset, first=subject.version == 0)
    if changes_consent(entry):
        affected = known.in_trail(
            known.under_consent[ConsentKey(entry.stream, entry.purpose)], entry.rules_at
        )
        affected = [it for it in affected if it.occurred_at >= entry.occurred_at]
        owed = _proofs_due(subject, entry, known.judge)
        event, changed = _record_change(
            subject, entry, offset, known.judge, family=Family.CONSENT, affected=affected
        )
        started = [each for each in _proofs_due(subject, entry, known.judge) if each not in owed]
        return event, outcome.and_also(changed).and_also(Outcome(shown=tuple(started)))
    if entry.event_type in PARTICULAR:
        event, changed = _record_particular(subject, entry, offset, known)
        outcome = outcome.and_also(changed)
    else:
        event = subject.record(entry, offset)
    personal = _judge_person(subject, entry, offset, known)
    return event, outcome if personal is NO_OUTCOME else outcome.and_also(personal)


def record_about_nobody(
    stream: Unattributed, entry: Entry, offset: int, known: Known
) -> tuple[LedgerEvent, Outcome]:
    """Folds an entry that names nobody we know, and judges it; a request among them is owed an answer all the same."""
    outcome = _judge_entry(known.judge, entry, offset, first=stream.version == 0)
    before = _judged_request(known.judge, stream.requests, entry)
    event = stream.record(entry, offset)
    after = _judged_request(known.judge, stream.requests, entry)
    return event, outcome.and_also(differences(before, after))


def _judge_entry(judge: Judge, entry: Entry, offset: int, *, first: bool) -> Outcome:
    held = judge.entry(entry, first=first)
    if not held.findings:
        return Outcome((), held.shown)
    return Outcome(opened(held.findings, offset=offset, occurred_at=entry.occurred_at), held.shown)


def _judge_person(subject: DataSubject, entry: Entry, offset: int, known: Known) -> Outcome:
    """An entry held against what is known of its person; mostly nothing is."""
    processing = is_processing(entry.event_type)
    rests = entry.lawful_basis == CONSENT_BASIS
    if not (rests or processing):
        return NO_OUTCOME
    families = families_of(subject, rests_on_consent=rests)
    under_consent = known.under_consent.get(ConsentKey(entry.stream, entry.purpose)) if rests else None
    processed = known.processed.get(entry.stream) if processing else None
    if not families and processed is None:
        return NO_OUTCOME
    it = Processed(
        entry.occurred_at, offset, entry.event_type, entry.purpose, entry.lawful_basis, entry.sealed_at
    )
    for collected in (under_consent, processed):
        if collected is not None:
            collected.append(it)
    findings = [
        finding
        for family in families
        if processing or family is Family.CONSENT
        for finding in judge_family(family, subject, it, _Minors(known.judge))
    ]
    given = rests and subject.consent_at(entry.purpose, entry.occurred_at) is ConsentState.GIVEN
    return Outcome(
        opened(findings, offset=offset, occurred_at=entry.occurred_at),
        (Shown("processing_with_consent", "", detail=entry.purpose),) if given else (),
    )


def _record_particular(
    subject: DataSubject, entry: Entry, offset: int, known: Known
) -> tuple[LedgerEvent, Outcome]:
    """Folds a fact of a request, a restriction, an erasure or a minor, and judges what follows from it."""
    judge = known.judge
    request, minor = _judged_request(judge, subject.requests, entry), _judged_minor(judge, subject)
    family = CHANGED_BY.get(entry.event_type)
    affected = known.in_trail(known.processed.get(entry.stream, ()), entry.rules_at)
    event: LedgerEvent
    if family is None:
        event, outcome = subject.record(entry, offset), NO_OUTCOME
    else:
        event, outcome = _record_change(subject, entry, offset, judge, family=family, affected=affected)
    outcome = outcome.and_also(differences(request, _judged_request(judge, subject.requests, entry)))
    outcome = outcome.and_also(differences(minor, _judged_minor(judge, subject)))
    return event, outcome.and_also(Outcome(shown=_respected(subject, entry, affected, judge)))


def _record_change(
    subject: DataSubject,
    entry: Entry,
    offset: int,
    judge: Judge,
    *,
    family: Family,
    affected: Sequence[Processed],
) -> tuple[LedgerEvent, Outcome]:
    """Folds a fact and judges earlier processing anew: findings on it open or are resolved."""
    before = _found_on(family, subject, affected, judge)
    event = subject.record(entry, offset)
    after = _found_on(family, subject, affected, judge)
    stand = {on.offset for on in after}
    justified = sorted({on.finding.about for on in before if on.offset not in stand})
    shown = (
        tuple(Shown(JUSTIFIED[family], "", detail=purpose) for purpose in justified)
        if family in JUSTIFIED
        else ()
    )
    return event, Outcome(finding_differences(before, after), shown)


def _proofs_due(subject: DataSubject, entry: Entry, judge: Judge) -> tuple[Shown, ...]:
    """Until when the proofs of this consent are owed: a change of it starts the clock of those before it, too."""
    state = judge.governance.as_of(entry.controller, entry.rules_at)
    return proofs_due(state, subject.consents.get(entry.purpose, ()))


def _found_on(
    family: Family, subject: DataSubject, affected: Sequence[Processed], judge: Judge
) -> list[OnEntry]:
    return [
        OnEntry(it.offset, it.occurred_at, finding)
        for it in affected
        for finding in judge_family(family, subject, it, _Minors(judge))
    ]


def _judged_request(judge: Judge, requests: MutableMapping[str, RightsRequest], entry: Entry) -> Judged:
    """The request a fact is of, by the rules of its own last fact: as it was judged until now."""
    request_id = request_of(entry)
    request = None if request_id is None else requests.get(request_id)
    if request is None or request.rules_at is None:
        return NOTHING
    return judge_request(request, judge.governance.as_of(entry.controller, request.rules_at))


def _judged_minor(judge: Judge, subject: DataSubject) -> Judged:
    minority = subject.minority
    if minority.rules_at is None or not minority.found:
        return NOTHING
    return judge_minor(minority, judge.governance.as_of(subject.controller, minority.rules_at))


class _Minors:
    """The promises about minors that held when a person was found to be one, by the rules as of that fact."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def __call__(self, subject: DataSubject) -> tuple[RuleInForce, ...]:
        found = subject.minority.without_consent
        if found is None:
            return ()
        state = self._judge.governance.as_of(subject.controller, found.rules_at)
        return state.entries("minors", found.occurred_at)


def _respected(
    subject: DataSubject, entry: Entry, affected: Sequence[Processed], judge: Judge
) -> tuple[Shown, ...]:
    """What the end of an erasure, a restriction or an objection shows: that nothing was processed against it."""
    if entry.event_type == ERASED:
        return (Shown("erasure_verified", ""),)
    if entry.event_type == LIFTED:
        against = _found_on(Family.RESTRICTION, subject, _since_restriction(subject, entry, affected), judge)
        return () if against else (Shown("restriction_respected", ""),)
    if entry.event_type == ANSWERED and _is_objection(subject, entry):
        against = _found_on(Family.OBJECTION, subject, affected, judge)
        about = about_all(_objected_to(subject, entry))
        return () if against else (Shown("objection_respected", "", detail=about),)
    return ()


def _since_restriction(
    subject: DataSubject, entry: Entry, affected: Sequence[Processed]
) -> Sequence[Processed]:
    """The processing since the restriction that a fact lifts began: for another fact of the batch more is known, and
    what a record shows must not depend on its batch."""
    restriction = subject.restrictions.get(restriction_id_of(entry.open_fields))
    since = None if restriction is None else restriction.since
    begins = entry.occurred_at if since is None else min(since, entry.occurred_at)
    return [it for it in affected if it.occurred_at >= begins]


def _objected_to(subject: DataSubject, entry: Entry) -> frozenset[str]:
    """The purposes of the objection that is answered; none when it is to everything."""
    request = subject.requests.get(request_of(entry) or "")
    return frozenset() if request is None or request.receipt is None else frozenset(request.receipt.purposes)


def _is_objection(subject: DataSubject, entry: Entry) -> bool:
    request = subject.requests.get(request_of(entry) or "")
    return request is not None and request.receipt is not None and request.receipt.right == OBJECTION
