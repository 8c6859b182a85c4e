"""A rights request: what a person asked for, and all that was done about it. Pure.

Its facts live in the stream of the person who asks, or in the controller's unattributed stream when nobody was
identified, so that a request and the person it is about fold from one order. Owns: which facts are of a request, what
they come to. Leaves to others: when it is due and whether it was handled well (`ledger.rules.requests.judgement`).

Facts arrive in any order: everything is kept by when it happened, and a request that was answered before its receipt is
recorded makes sense once the receipt comes.

Source: DESIGN section 9; GDPR Art. 12 to 22.
"""

from collections.abc import Iterable, Mapping, MutableMapping

import msgspec

from ledger.aggregates.cases import DeadlineReached, Stated, add_stated
from ledger.aggregates.open_fields import fields_of
from ledger.aggregates.request_statements import (
    COMPELLING_GROUNDS,
    LEGAL_CLAIM,
    OBJECTION,
    Answered,
    CarriedOut,
    Extended,
    Forwarded,
    IdentityChecked,
    Received,
    Refused,
    Withdrawn,
    carried_out,
    statement_of,
)
from ledger.entry import Entry

ANSWER = "answer"
"""The deadline every request has."""
ERASE_MINOR = "erase_minor"
"""A deadline of the person and of no request; its own facts travel as those of requests do."""

DIRECT_MARKETING = frozenset({"direct_marketing", "marketing"})
"""Purposes an objection always ends, whatever they rest on: GDPR Art. 21(3)."""
OPEN_TO_OBJECTION = frozenset({"legitimate_interests", "public_task"})
"""Lawful bases one can object to: GDPR Art. 21(1)."""
UPHELD_AGAINST_OBJECTION = frozenset({COMPELLING_GROUNDS, LEGAL_CLAIM})
"""Grounds that let processing go on despite an objection: GDPR Art. 21(1), MB-44."""

CARRYING_OUT = frozenset(
    {"data.erased", "data.exported", "data.rectified", "erasure.started", "processing.restricted"}
)
"""Facts that may name the request they carry out."""

CLOCKS_APART_MICROS = 86_400_000_000
"""How far an answer may be dated before its receipt: a day, in microseconds."""


class RightsRequest(msgspec.Struct, kw_only=True):
    """One request of one person to one controller. Every list is in order of `occurred_at`.

    Attributes:
        request_id: as the publisher calls it.
        receipts: that it came in; the earliest starts the clock.
        checks, forwards, extensions, answers, refusals, withdrawals: what was done, as stated.
        carried_out: what else was done for it.
        near, passed: its deadlines, by when they did.
        rules_at: of the fact recorded last, None before the first: the rules it was judged by until now.
    """

    request_id: str
    receipts: list[Received] = []
    checks: list[IdentityChecked] = []
    forwards: list[Forwarded] = []
    extensions: list[Extended] = []
    answers: list[Answered] = []
    refusals: list[Refused] = []
    withdrawals: list[Withdrawn] = []
    carried_out: list[CarriedOut] = []
    near: list[DeadlineReached] = []
    passed: list[DeadlineReached] = []
    rules_at: int | None = None

    @property
    def receipt(self) -> Received | None:
        """The receipt that counts: the earliest; None while none is recorded."""
        return self.receipts[0] if self.receipts else None

    @property
    def response(self) -> Answered | Refused | None:
        """What the data subject heard first, an answer or a refusal; None while neither is recorded.

        What is dated more than a day before the receipt answers nothing; by less, clocks of two services may differ.
        """
        receipt = self.receipt
        earliest = None if receipt is None else receipt.occurred_at - CLOCKS_APART_MICROS
        heard: list[Answered | Refused] = [*self.answers, *self.refusals]
        return min(
            (one for one in heard if earliest is None or one.occurred_at >= earliest),
            key=lambda one: (one.occurred_at, one.at_offset),
            default=None,
        )

    @property
    def withdrawn_at(self) -> int | None:
        """When it was taken back, microseconds since the epoch; None when it was not."""
        return self.withdrawals[0].occurred_at if self.withdrawals else None

    @property
    def phase(self) -> str:
        """How far it is: not_received, received, answered, refused or withdrawn."""
        response = self.response
        if response is not None:
            return "answered" if isinstance(response, Answered) else "refused"
        if self.withdrawals:
            return "withdrawn"
        return "received" if self.receipts else "not_received"

    def has_passed(self, deadline: str, rule: str, ends_at: int) -> DeadlineReached | None:
        """What says that a deadline passed, by this end or a later one; None while nothing does."""
        return next(
            (
                each
                for each in self.passed
                if (each.deadline, each.rule) == (deadline, rule) and each.ends_at >= ends_at
            ),
            None,
        )

    def objects_to(self, purpose: str, lawful_basis: str, moment: int) -> bool:
        """Whether it is an objection that bars this processing at a moment, as far as is known.

        It bars from its receipt on, before anybody decided about it (GDPR Art. 18(1)(d)), until it is withdrawn; not
        at all when it was refused on compelling grounds or for a legal claim. Those do not count against direct
        marketing (Art. 21(3)).

        Args:
            purpose: of the processing.
            lawful_basis: of the processing; only some can be objected to.
            moment: microseconds since the epoch; the moment of receipt is barred, that of the withdrawal is not.
        """
        receipt = self.receipt
        if receipt is None or receipt.right != OBJECTION or moment < receipt.occurred_at:
            return False
        if self.withdrawn_at is not None and self.withdrawn_at <= moment:
            return False
        if receipt.purposes and purpose not in receipt.purposes:
            return False
        if purpose in DIRECT_MARKETING:
            return True
        upheld = any(each.ground in UPHELD_AGAINST_OBJECTION for each in self.refusals)
        return lawful_basis in OPEN_TO_OBJECTION and not upheld


Requests = MutableMapping[str, RightsRequest]
"""The requests of one stream, by id."""


def request_of(entry: Entry) -> str | None:
    """Which request a fact is of, or carries out; None when it is about none."""
    if entry.event_type not in REQUEST_FACTS and entry.event_type not in CARRYING_OUT:
        return None
    fields = fields_of(entry.open_fields)
    if fields.get("deadline") == ERASE_MINOR:
        return None
    request_id = fields.get("request_id")
    return request_id if isinstance(request_id, str) and request_id else None


def fold_request(
    requests: Requests, entry: Entry, offset: int | None, recipients: Iterable[str] = ()
) -> None:
    """Folds a fact into the request it is of, made when it is the first heard of it; any other fact changes nothing.

    Args:
        requests: of the entry's stream; changed in place.
        entry: any fact of the stream.
        offset: its offset in its ledger partition; None where that is not known.
        recipients: who is known to have handled the person's data, names in any spelling.
    """
    request_id = request_of(entry)
    if request_id is None:
        return
    request = requests.get(request_id)
    if request is None:
        request = requests[request_id] = RightsRequest(request_id=request_id)
    request.rules_at = entry.rules_at
    if entry.event_type in CARRYING_OUT:
        add_stated(request.carried_out, carried_out(entry, offset))
        return
    attribute, kind = _STATEMENTS[entry.event_type]
    known = {"known_recipients": sorted({name.lower() for name in recipients})} if kind is Answered else {}
    stated = statement_of(kind, entry, offset, **known)
    if stated is not None:
        add_stated(getattr(request, attribute), stated)


_STATEMENTS: Mapping[str, tuple[str, type[Stated]]] = {
    "request.received": ("receipts", Received),
    "request.identity_checked": ("checks", IdentityChecked),
    "request.forwarded": ("forwards", Forwarded),
    "request.extended": ("extensions", Extended),
    "request.answered": ("answers", Answered),
    "request.refused": ("refusals", Refused),
    "request.withdrawn": ("withdrawals", Withdrawn),
    "request.deadline_near": ("near", DeadlineReached),
    "request.deadline_passed": ("passed", DeadlineReached),
}
"""Event type to the list of a request that keeps it, and what it is read as."""

REQUEST_FACTS = frozenset(_STATEMENTS)
