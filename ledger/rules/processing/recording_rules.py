"""Recordings, transcripts and exports: declared, announced, encrypted, and not used to train models. Pure.

Source: GDPR Art. 5(1)(b), 13, 32; CF-13, CD-03, CD-22, CB-26.
"""

from collections.abc import Iterator

from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.processing.processing_facts import Export, Processing, Recording, Transcription


def judge_recording_purpose(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the customer had stated why it records before the call was recorded."""
    if not isinstance(it.details, Recording):
        return
    purpose = it.details.recording_purpose
    declared = any(each.recording_declared_at(purpose, at) for each in state.agreements.values())
    yield from _each(
        state,
        "recording_purpose",
        at,
        kept=declared,
        code="recording_without_purpose",
        mark="recording_with_purpose",
        expected="the customer states why calls are recorded before any is",
        found=f"call recorded for {purpose}, which had not been stated",
    )


def judge_announcement(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the recording was announced."""
    if not isinstance(it.details, Recording):
        return
    yield from _each(
        state,
        "recording_announced",
        at,
        kept=it.details.announced,
        code="recording_not_announced",
        mark="recording_announced",
        expected="an announcement before the recording begins",
        found="call recorded without one",
    )


def judge_encryption(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether a recording at rest or an export is encrypted."""
    match it.details:
        case Recording(encrypted_at_rest=encrypted) | Export(encrypted=encrypted):
            yield from _each(
                state,
                "encryption",
                at,
                kept=encrypted,
                code="not_encrypted",
                mark="encrypted",
                expected="recordings at rest and exports encrypted",
                found=f"{it.event_type} in the clear",
            )


def judge_training(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether what was said may be used to train models."""
    if not isinstance(it.details, Transcription):
        return
    yield from _each(
        state,
        "quality_use",
        at,
        kept=not it.details.used_for_training,
        code="used_for_training",
        mark="not_used_for_training",
        expected="no use of what was said beyond the service",
        found="call transcribed by a processor that may train models with it",
    )


def _each(
    state: ControllerState, kind: str, at: int, *, kept: bool, code: str, mark: str, expected: str, found: str
) -> Iterator[Finding | Shown]:
    """The same for each promise of a kind."""
    for rule, entry in state.entries(kind, at):
        if kept:
            yield Shown(mark, rule)
        else:
            yield Finding(code=code, article=entry.article, expected=expected, found=found, rule=rule)
