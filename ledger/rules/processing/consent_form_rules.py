"""How a consent was given, and whether that can be shown; and which version of a notice a fact names. Pure.

Source: GDPR Art. 4(11), 7(1), 7(3), 13; CB-19 to CB-21, CB-25, CB-41, MB-06, MB-34, X10, X17.
"""

from collections.abc import Callable, Iterator, Mapping

from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.processing.processing_facts import CONSENT_GIVEN, CONSENT_WITHDRAWN, ConsentForm, Processing

BROWSER_SIGNAL = "browser_signal"
"""A setting of the browser: it is no affirmative act for this purpose, so nothing unambiguous (Recital 32)."""

REQUIRED: Mapping[str, Callable[[ConsentForm], bool]] = {
    "explicit": lambda form: form.explicit,
    "unambiguous": lambda form: form.method != BROWSER_SIGNAL,
    "prior": lambda form: form.prior,
}
"""What a document asks of a consent, and how to tell."""


def judge_consent_form(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether a consent was given as documents ask for its category."""
    if not isinstance(it.details, ConsentForm):
        return
    for rule, entry in state.entries("consent", at):
        required = entry.parameters.get("requires")
        meets = REQUIRED.get(required) if isinstance(required, str) else None
        purposes = entry.names("purposes")
        if meets is None or entry.parameters.get("category") != it.details.category:
            continue
        if purposes and it.purpose not in purposes:
            continue
        if meets(it.details):
            yield Shown("consent_as_promised", rule)
        else:
            yield Finding(
                code="consent_not_as_promised",
                article=entry.article,
                expected=f"{required} consent for {it.details.category}",
                found=f"a consent by {it.details.method.replace('_', ' ')} that was not {required}",
                rule=rule,
            )


def judge_consent_proof(it: Processing, _state: ControllerState, _at: int) -> Iterator[Finding | Shown]:
    """Whether a consent is on record with the version, hash and language of what was shown, and a withdrawal at all."""
    if it.event_type == CONSENT_WITHDRAWN:
        yield Shown("withdrawal_recorded", "", detail=it.purpose)
    if not isinstance(it.details, ConsentForm):
        return
    there = {
        "the version of the notice": bool(it.notice_version),
        "the hash of what was shown": it.details.hashed,
        "its language": it.details.in_language,
    }
    missing = [what for what, is_there in there.items() if not is_there]
    if missing:
        yield Finding(
            code="consent_proof_incomplete",
            article="GDPR Art. 7(1)",
            expected="the version, hash and language of what the person agreed to",
            found=f"a consent on record without {listed(missing)}",
        )
    else:
        yield Shown("consent_proved", "")


def judge_notice(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the version of the notice a fact names was in force; nothing while no notice is known.

    A consent must name one. Other facts may leave it out: not every processing has an occasion to show a notice.
    """
    if not state.notices or (it.notice_version is None and it.event_type != CONSENT_GIVEN):
        return
    in_force = {notice.version_in_force(at) for notice in state.notices.values()} - {None}
    if it.notice_version in in_force:
        yield Shown("notice_pinned", "")
    else:
        yield Finding(
            code="notice_not_in_force",
            article="GDPR Art. 5(2), 13",
            expected="the version of the notice that was in force",
            found=f"{it.event_type} that names "
            + ("no version" if it.notice_version is None else "a version that was not in force"),
        )
