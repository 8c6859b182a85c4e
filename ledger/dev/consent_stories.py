"""Messages, and the consents that some of them rest on: kept, withdrawn, refused, and ignored.

The ignored ones are there to be found: a message on the basis of a consent that was withdrawn before it, or
was never given, becomes a finding.
"""

from ledger.dev.invented import ASSISTANT, CALL_CENTRE, MESSAGING, SWITCHBOARD, Customer, Person, Provider
from ledger.dev.planned import PlannedRecord, Stage, notice_digest, subject_fields

PURPOSE = "newsletter"
"""What people consent to, or not."""
_BANNERS = (
    (CALL_CENTRE, "web_analytics"),
    (SWITCHBOARD, "web_analytics"),
    (ASSISTANT, "web_analytics"),
    (ASSISTANT, "website_experience"),
    (ASSISTANT, "website_marketing"),
)
"""Whose banner asks for what; that of the call centre is on its customers' sites."""
_CATEGORIES = {
    PURPOSE: "marketing",
    "web_analytics": "analytical",
    "website_experience": "experience",
    "website_marketing": "marketing",
}
"""The category of cookies and consents of each purpose (CB-18 to CB-21)."""
_SOON = (2.0, 30.0)
"""Minutes between two steps of a story."""


def message(stage: Stage, at: int) -> list[PlannedRecord]:
    """A text message about a parcel or a prescription."""
    text = stage.random.choice(("Uw pakket komt vandaag.", "Uw recept ligt klaar."))
    customer = stage.random.choice(MESSAGING.customers)
    return [_message(stage, customer, stage.someone(), at, text=text, category="transactional")]


def one_time_password(stage: Stage, at: int) -> list[PlannedRecord]:
    """A code to log in with."""
    code = f"Uw code is {stage.random.randrange(10**6):06d}."
    customer = stage.random.choice(MESSAGING.customers)
    return [_message(stage, customer, stage.someone(), at, text=code, category="one_time_password")]


def consent_kept(stage: Stage, at: int) -> list[PlannedRecord]:
    """Consent is given, and a newsletter sent on it."""
    who, customer = stage.someone(), stage.random.choice(MESSAGING.customers)
    given = _given(stage, MESSAGING, customer, who, at)
    return [given, newsletter(stage, customer, who, stage.later(at, minutes=_SOON))]


def consent_withdrawn(stage: Stage, at: int) -> list[PlannedRecord]:
    """Consent is given, used, and withdrawn; nothing follows."""
    who, customer = stage.someone(), stage.random.choice(MESSAGING.customers)
    given = _given(stage, MESSAGING, customer, who, at)
    sent_at = stage.later(at, minutes=_SOON)
    withdrawn_at = stage.later(sent_at, minutes=_SOON)
    return [
        given,
        newsletter(stage, customer, who, sent_at),
        _withdrawn(stage, customer, who, withdrawn_at, given),
    ]


def withdrawal_ignored(stage: Stage, at: int) -> list[PlannedRecord]:
    """As `consent_withdrawn`, and then another newsletter: a finding."""
    who, customer = stage.someone(), stage.random.choice(MESSAGING.customers)
    given = _given(stage, MESSAGING, customer, who, at)
    sent_at = stage.later(at, minutes=_SOON)
    withdrawn_at = stage.later(sent_at, minutes=_SOON)
    return [
        given,
        newsletter(stage, customer, who, sent_at),
        _withdrawn(stage, customer, who, withdrawn_at, given),
        newsletter(stage, customer, who, stage.later(withdrawn_at, minutes=_SOON)),
    ]


def consent_given_again(stage: Stage, at: int) -> list[PlannedRecord]:
    """Withdrawn, then given anew, and used: in order."""
    who, customer = stage.someone(), stage.random.choice(MESSAGING.customers)
    first = _given(stage, MESSAGING, customer, who, at)
    withdrawn_at = stage.later(at, minutes=_SOON)
    again_at = stage.later(withdrawn_at, minutes=_SOON)
    again = _given(stage, MESSAGING, customer, who, again_at, supersedes=first)
    return [
        first,
        _withdrawn(stage, customer, who, withdrawn_at, first),
        again,
        newsletter(stage, customer, who, stage.later(again_at, minutes=_SOON)),
    ]


def consent_refused(stage: Stage, at: int) -> list[PlannedRecord]:
    """Consent is asked and refused; nothing follows."""
    return [_refused(stage, stage.random.choice(MESSAGING.customers), stage.someone(), at)]


def refusal_ignored(stage: Stage, at: int) -> list[PlannedRecord]:
    """Consent is refused, and a newsletter sent nevertheless: a finding."""
    who, customer = stage.someone(), stage.random.choice(MESSAGING.customers)
    return [
        _refused(stage, customer, who, at),
        newsletter(stage, customer, who, stage.later(at, minutes=_SOON)),
    ]


def cookie_banner(stage: Stage, at: int) -> list[PlannedRecord]:
    """A visitor of a provider's own web site, or of a customer's, accepts cookies of one category."""
    provider, purpose = stage.random.choice(_BANNERS)
    customer = stage.random.choice(provider.customers)
    own_site = provider is not CALL_CENTRE
    return [_given(stage, provider, customer, stage.someone(), at, purpose=purpose, own_site=own_site)]


def _message(
    stage: Stage,
    customer: Customer,
    who: Person,
    at: int,
    *,
    text: str,
    category: str,
    purpose: str = "messaging",
    basis: str = "contract",
) -> PlannedRecord:
    payload: dict[str, object] = {
        "message_id": stage.identifier("bericht"),
        "channel": "sms",
        "direction": "outbound",
        # a business sends under its name, which is nobody's personal data
        "sender_number": None,
        "sender_email": None,
        "sender_name": None,
        "recipient_number": who.number,
        "recipient_email": None,
        "subject_line": None,
        "content": text,
        "category": category,
        "status": stage.random.choice(("delivered", "delivered", "delivered", "failed")),
        "segments": 1,
        "carrier": MESSAGING.processors[0],
    }
    return stage.fact(
        "message.sent",
        MESSAGING,
        customer,
        at,
        payload,
        purpose=purpose,
        basis=basis,
        categories=("phone_number", "message_content"),
        processors=MESSAGING.processors,
    )


def newsletter(
    stage: Stage, customer: Customer, who: Person, at: int, *, basis: str = "consent"
) -> PlannedRecord:
    """A newsletter by text message."""
    return _message(
        stage,
        customer,
        who,
        at,
        text=f"Beste {who.name}, dit is ons nieuws.",
        category="marketing",
        purpose=PURPOSE,
        basis=basis,
    )


def _choice(stage: Stage, customer: Customer, who: Person, *, purpose: str, method: str) -> dict[str, object]:
    return {
        **subject_fields(who, by="phone"),
        "category": _CATEGORIES[purpose],
        "method": method,
        "language": customer.language,
        "evidence": f"formulier {stage.identifier('bewijs')}",
        "ip_address": f"198.51.100.{stage.random.randrange(1, 255)}",
    }


def _given(
    stage: Stage,
    provider: Provider,
    customer: Customer,
    who: Person,
    at: int,
    *,
    purpose: str = PURPOSE,
    own_site: bool = False,
    supersedes: PlannedRecord | None = None,
) -> PlannedRecord:
    method = "form" if purpose == PURPOSE else "banner"
    controller = provider.name if own_site else customer.controller
    payload = {
        **_choice(stage, customer, who, purpose=purpose, method=method),
        "consent_id": stage.identifier("toestemming"),
        "notice_hash": notice_digest(controller),
        "explicit": True,
        "prior": True,
        "expires_at": None if purpose == PURPOSE else stage.days_later(at, 365),
        "supersedes": supersedes.data["consent_id"] if supersedes else None,
    }
    return _consent_fact(
        stage, "consent.given", provider, customer, at, payload=payload, purpose=purpose, own_site=own_site
    )


def _refused(stage: Stage, customer: Customer, who: Person, at: int) -> PlannedRecord:
    payload = {
        **_choice(stage, customer, who, purpose=PURPOSE, method="spoken"),
        "consent_id": stage.identifier("toestemming"),
        "notice_hash": notice_digest(customer.controller),
    }
    return _consent_fact(stage, "consent.refused", MESSAGING, customer, at, payload=payload, purpose=PURPOSE)


def _withdrawn(stage: Stage, customer: Customer, who: Person, at: int, given: PlannedRecord) -> PlannedRecord:
    payload = {
        **_choice(stage, customer, who, purpose=PURPOSE, method="api"),
        "consent_id": given.data["consent_id"],
        "effective_at": None,
        "on_behalf": "data_subject",
    }
    return _consent_fact(
        stage, "consent.withdrawn", MESSAGING, customer, at, payload=payload, purpose=PURPOSE
    )


def _consent_fact(
    stage: Stage,
    event_type: str,
    provider: Provider,
    customer: Customer,
    at: int,
    *,
    payload: dict[str, object],
    purpose: str,
    own_site: bool = False,
) -> PlannedRecord:
    return stage.fact(
        event_type,
        provider,
        customer,
        at,
        payload,
        purpose=purpose,
        basis="consent",
        categories=("phone_number", "choice"),
        role="controller" if own_site else "processor",
        controller=provider.name if own_site else None,
    )
