"""One entry held against the governance of its controller. Pure.

Owns: the order of the rules, and what is judged when nothing binds the controller. Leaves to others: each theme (its
module), what depends on the person (`personal`), which offset the governance is taken at (`ledger.recording`).

The result follows from the state, the stretch of time the entry lies in, its day and classes, and what
`processing_facts` shows of it: so it can be remembered (`ledger.recording.judge`).

Source: DESIGN section 8; docs/adr/0023-judged-by-the-rules-at-rules-at.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.keeping.retention_evidence import judge_undefined, retention_due
from ledger.rules.processing.access_rules import judge_access, judge_disclosure, judge_masking
from ledger.rules.processing.consent_form_rules import judge_consent_form, judge_consent_proof, judge_notice
from ledger.rules.processing.instruction_rules import judge_instruction
from ledger.rules.processing.processing_facts import (
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    Processing,
    is_processing,
    processing_of,
)
from ledger.rules.processing.processor_rules import judge_processors
from ledger.rules.processing.purpose_rules import (
    judge_agreed_purposes,
    judge_agreement_end,
    judge_agreement_start,
    judge_categories,
    judge_purposes,
    judge_role,
)
from ledger.rules.processing.recording_rules import (
    judge_announcement,
    judge_encryption,
    judge_recording_purpose,
    judge_training,
)
from ledger.rules.processing.transfer_rules import judge_storage, judge_transfers

__all__ = ["Held", "Processing", "judge_processing", "judge_retention", "judge_unknown", "processing_of"]

CONTROLLER_UNKNOWN = "controller_unknown"

Rule = Callable[[Processing, ControllerState, int], Iterator[Finding | Shown]]

OF_PROCESSING: Sequence[Rule] = (
    judge_processors,
    judge_transfers,
    judge_storage,
    judge_purposes,
    judge_role,
    judge_categories,
    judge_agreed_purposes,
    judge_agreement_start,
    judge_agreement_end,
    judge_instruction,
    judge_recording_purpose,
    judge_announcement,
    judge_encryption,
    judge_training,
    judge_masking,
    judge_access,
    judge_disclosure,
    judge_notice,
)
OF_CONSENTS: Sequence[Rule] = (judge_consent_form, judge_consent_proof, judge_notice)


class Held(NamedTuple):
    """What an entry comes to: findings on it, and what it shows of promises."""

    findings: tuple[Finding, ...] = ()
    shown: tuple[Shown, ...] = ()


def judge_processing(it: Processing, state: ControllerState, at: int) -> Held:
    """Holds an entry against everything but how long its data is kept.

    Args:
        it: what rules see of the entry; one that is neither processing nor a change of consent comes to nothing.
        state: the controller's governance, as of exactly the entry's `rules_at`.
        at: when it happened, microseconds since the epoch, UTC.
    """
    rules = _rules_of(it.event_type)
    return _gathered(chain.from_iterable(rule(it, state, at) for rule in rules))


def judge_retention(state: ControllerState, classes: Iterable[str], day: int, *, first: bool) -> Held:
    """What an entry shows of how long its classes are kept; of the first of a stream also whether any has no end.

    Args:
        state: as for `judge_processing`.
        classes: of the entry's sealed fields.
        day: the entry's local day, days since 1970-01-01.
        first: whether it is the first of its stream.
    """
    classes = frozenset(classes)
    undefined = judge_undefined(state, classes, day) if first else ()
    return _gathered(chain(undefined, retention_due(state, classes, day)))


def judge_unknown(*, first: bool) -> Held:
    """What an entry comes to while nothing binds its controller: found once per stream, on its first entry."""
    if not first:
        return Held()
    finding = Finding(
        code=CONTROLLER_UNKNOWN,
        article="GDPR Art. 5(2), 28(3)",
        expected="a policy that was adopted, or an agreement, before data is processed",
        found="an entry for a controller of whom neither is known",
    )
    return Held((finding,))


def _rules_of(event_type: str) -> Sequence[Rule]:
    if is_processing(event_type):
        return OF_PROCESSING
    return OF_CONSENTS if event_type in {CONSENT_GIVEN, CONSENT_WITHDRAWN} else ()


def _gathered(judged: Iterable[Finding | Shown]) -> Held:
    """Each finding once by code and rule, each mark once, in the order of the rules."""
    findings: dict[tuple[str, str], Finding] = {}
    shown: dict[Shown, None] = {}
    for each in judged:
        if isinstance(each, Finding):
            findings.setdefault((each.code, each.rule), each)
        else:
            shown[each] = None
    return Held(tuple(findings.values()), tuple(shown))
