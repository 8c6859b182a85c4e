"""What an erasure does next, decided from what is recorded and what the vault shows. Pure.

    started -> instructions given -> searched -> key.destroyed{intent} -> closed, destroyed, confirmed in the vault
    -> the sealers past the inbox as it was -> forgotten -> key.destroyed{confirmed} -> verified | incomplete

The facts are the state: a step whose fact is recorded is done, a step whose fact is not is taken again, and each may
be. So a crash anywhere is repaired by asking again, and two commands at once do the same thing twice. What the vault
shows decides within the destruction itself, because only the vault knows what still opens.

An erasure ends in `verified` or `incomplete`, and waits in between as long as recipients have time. `incomplete` is no
end: a late confirmation leads to `verified`. Nor is `verified` one against a recipient that takes its word back.

Anybody who may publish can say that somebody erased. So an answer counts only from whom it may come: a service answers
for itself, and for a processor any service that was told of the same erasure; and none answers before it was told. The
same rule stands in the store's `instruction_status_at`.

Owns: the order, what counts, and what stands in the way. Leaves to others: carrying out (`erasure`), what is
destroyed and kept (`erasure_plan`). DESIGN section 3, invariant 7; GDPR Art. 17 and 19.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import msgspec

from ledger.aggregates.erasure_details import ErasureProblem, ErasureRecipient, SearchedPlace
from ledger.contract.cloudevents import format_time

CONFIRMING = frozenset({"erased", "anonymised", "nothing_found"})
"""Answers after which a recipient holds nothing of the person any more."""
SERVICE, PROCESSOR = "service", "processor"
"""The kinds of recipient, as the facts have them."""


class Step(StrEnum):
    """What is to be done next."""

    INSTRUCT = "instruct"  # tell those who handled the person's data
    SEARCH = "search"  # look for readable data in every place, while the values are still known
    ANNOUNCE = "announce"  # key.destroyed{intent}
    DESTROY = "destroy"  # close the subject, destroy its keys, try to open them
    AWAIT_SEALERS = "await_sealers"  # what was in the inbox must still reach the old pseudonym
    FORGET = "forget"  # the directory's rows
    CONFIRM = "confirm"  # re-read, then key.destroyed{confirmed}
    VERIFY = "verify"  # re-read, then verified or incomplete
    AWAIT_RECIPIENTS = "await_recipients"
    NOTHING = "nothing"  # verified


class Standing(StrEnum):
    """Where a recipient stands with its confirmation."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"  # or erased a part only
    SILENT = "silent"  # and its time is over
    WAITING = "waiting"


class Answer(NamedTuple):
    """A recipient's `data.erased`; `service` is whose answer it is, `source` who published it, `sealed_at` when."""

    service: str
    source: str
    outcome: str
    refusal_ground: str | None
    backups_expire_at: int | None
    sealed_at: int


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the ledger has recorded of an erasure.

    Args:
        recipients: who has to confirm.
        instructed: (name, kind) of those that were told -> when.
        answers: in the order recorded; of those that count, the last one of a recipient holds.
        searched: whether every place was searched.
        finds: what that found, and cannot be cleared up.
        announced, confirmed: classes with that phase of key.destroyed.
        verified: whether it was verified.
        reported: the problems of every `incomplete` since the last `verified`.
    """

    recipients: tuple[ErasureRecipient, ...] = ()
    instructed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    searched: bool = False
    finds: tuple[SearchedPlace, ...] = ()
    announced: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()
    verified: bool = False
    reported: frozenset[ErasureProblem] = frozenset()


@dataclass(frozen=True, kw_only=True)
class InVault:
    """What the vault shows of the person.

    Args:
        live: the classes that go and of which a key lives.
        closed: whether no key is made any more.
        past_inbox: whether every sealer is past where the inbox ended when the erasure was decided.
        identifiers: how many lead to the person.
    """

    live: frozenset[str]
    closed: bool
    past_inbox: bool
    identifiers: int


def next_step(recorded: Recorded, vault: InVault, now: int) -> Step:
    """The next step; `NOTHING` when there is none, `AWAIT_…` when it is others' turn.

    Args:
        recorded: what the ledger has recorded.
        vault: what the vault shows.
        now: microseconds UTC.
    """
    if recorded.verified:
        taken_back = any(standing(each, recorded, now) is Standing.REFUSED for each in recorded.recipients)
        return Step.VERIFY if taken_back else Step.NOTHING
    if any((each.name, each.kind) not in recorded.instructed for each in recorded.recipients):
        return Step.INSTRUCT
    if not recorded.searched:
        return Step.SEARCH
    return _destruction(recorded, vault) or _verification(recorded, now)


def _destruction(recorded: Recorded, vault: InVault) -> Step | None:
    """The next step of the destruction; None when all of it is done."""
    # Asked at every step, not once: a sealer may have made a key between the intent and the closing.
    if vault.live - recorded.announced:
        return Step.ANNOUNCE
    if not vault.closed or vault.live:
        return Step.DESTROY
    if recorded.confirmed >= recorded.announced and not vault.identifiers:
        return None
    if not vault.past_inbox:
        return Step.AWAIT_SEALERS
    return Step.FORGET if vault.identifiers else Step.CONFIRM


def _verification(recorded: Recorded, now: int) -> Step:
    in_the_way = problems(recorded, now)
    if set(in_the_way) - recorded.reported:
        return Step.VERIFY
    everyone = all(standing(each, recorded, now) is Standing.CONFIRMED for each in recorded.recipients)
    return Step.VERIFY if everyone and not in_the_way else Step.AWAIT_RECIPIENTS


def problems(recorded: Recorded, now: int) -> list[ErasureProblem]:
    """What stands in the way as far as the facts tell; what a re-reading finds comes on top."""
    found = [
        ErasureProblem(
            kind="place",
            name=find.place,
            detail=f"expected nothing readable, found it in {find.found} of {find.looked_at} before the keys went",
        )
        for find in recorded.finds
    ]
    for recipient in recorded.recipients:
        match standing(recipient, recorded, now):
            case Standing.SILENT:
                detail = f"expected a confirmation by {format_time(recipient.confirm_by)}, found none"
                found.append(ErasureProblem(kind="silent", name=recipient.name, detail=detail))
            case Standing.REFUSED:
                detail = f"expected erased, found {_said(answer_of(recipient, recorded))}"
                found.append(ErasureProblem(kind="refused", name=recipient.name, detail=detail))
            case _:
                continue
    return found


def _said(answer: Answer | None) -> str:
    if answer is None:
        return "nothing"
    return f"{answer.outcome}, {answer.refusal_ground}" if answer.refusal_ground else answer.outcome


def standing(recipient: ErasureRecipient, recorded: Recorded, now: int) -> Standing:
    """Where a recipient stands; the moment its time ends it is silent."""
    answer = answer_of(recipient, recorded)
    if answer is not None:
        return Standing.CONFIRMED if answer.outcome in CONFIRMING else Standing.REFUSED
    return Standing.SILENT if now >= recipient.confirm_by else Standing.WAITING


def answer_of(recipient: ErasureRecipient, recorded: Recorded) -> Answer | None:
    """A recipient's last answer that counts."""
    answers = reversed(recorded.answers)
    return next((each for each in answers if objection(each, recipient, recorded) is None), None)


class Objection(StrEnum):
    """Why an answer does not count."""

    NO_RECIPIENT = "no_recipient"  # nobody of that name was told
    STRANGER = "stranger"  # its publisher may not answer for that recipient
    TOO_EARLY = "too_early"  # recorded before the recipient was told


def objection(answer: Answer, recipient: ErasureRecipient, recorded: Recorded) -> Objection | None:
    """Why an answer does not count as a recipient's; None when it does."""
    told_at = recorded.instructed.get((recipient.name, recipient.kind))
    if told_at is None or answer.service.casefold() != recipient.name.casefold():
        return Objection.NO_RECIPIENT
    for_others = recipient.kind == PROCESSOR and (answer.source, SERVICE) in recorded.instructed
    if answer.source != recipient.name and not for_others:
        return Objection.STRANGER
    return Objection.TOO_EARLY if answer.sealed_at < told_at else None


def disregarded(answer: Answer, recorded: Recorded) -> Objection | None:
    """Why an answer counts as nobody's; None when it is somebody's."""
    found = [objection(answer, each, recorded) for each in recorded.recipients]
    if None in found:
        return None
    return next((each for each in found if each is not Objection.NO_RECIPIENT), Objection.NO_RECIPIENT)


def problems_digest(found: Iterable[ErasureProblem]) -> str:
    """A short name of a set of problems: the same set reported twice is one fact."""
    return hashlib.sha256(
        msgspec.json.encode(sorted({(each.kind, each.name, each.detail) for each in found}))
    ).hexdigest()[:16]


def backups_until(recorded: Recorded) -> int | None:
    """When the last back-up ends that recipients said could hold something; None when none did."""
    counting = (each for each in recorded.answers if disregarded(each, recorded) is None)
    return max(
        (each.backups_expire_at for each in counting if each.backups_expire_at is not None), default=None
    )
