"""What people ask for: each right, answered in time and not, extended with reasons and without, and still open.

They are of the weeks before the day, or of the day itself, and each is told once, whatever the size of the day.
"""

from collections.abc import Sequence

from ledger.dev.consent_stories import newsletter
from ledger.dev.invented import ASSISTANT, CALL_CENTRE, MESSAGING, SWITCHBOARD, Customer, Provider
from ledger.dev.planned import DAY, HOUR, MINUTE, PlannedRecord, Stage, subject_fields


class _Request:
    """One request of one person, and the facts about it; `at` is when it was received, all later times from there."""

    def __init__(
        self,
        stage: Stage,
        provider: Provider,
        customer: Customer,
        *,
        right: str,
        channel: str,
        at: int,
        requester: str = "end_user",
        received_by: str = "controller",
        purposes: Sequence[str] = (),
        bulk_id: str | None = None,
    ) -> None:
        self._stage, self._provider, self._customer, self._at = stage, provider, customer, at
        self.who = stage.stranger()
        self._id = stage.identifier("verzoek")
        self.told: list[PlannedRecord] = []
        self.after(
            0,
            "request.received",
            right=right,
            channel=channel,
            requester=requester,
            received_by=received_by,
            purposes=list(purposes),
            bulk_id=bulk_id,
        )

    def after(self, days: float, event_type: str, **payload: object) -> "_Request":
        """A fact so many days after the request was received."""
        self.told.append(
            self._stage.fact(
                event_type,
                self._provider,
                self._customer,
                self._at + round(days * 24 * 60) * MINUTE,
                {**subject_fields(self.who, by="phone"), "request_id": self._id, **payload},
                purpose="rights_request",
                basis="legal_obligation",
                categories=("phone_number",),
            )
        )
        return self

    def checked(self) -> "_Request":
        """Who asks is called back, and is who they say."""
        return self.after(
            0.2,
            "request.identity_checked",
            outcome="confirmed",
            method="call_back",
            reasonable_doubt=False,
            more_demanded=False,
        )

    def answered(
        self,
        days: float,
        *,
        kept: Sequence[tuple[str, str]] = (),
        recipients: Sequence[str] = (),
        charged_to: str = "nobody",
    ) -> "_Request":
        """An answer that says what stays and why, and is confirmed."""
        return self.after(
            days,
            "request.answered",
            outcome="partly_fulfilled" if kept else "fulfilled",
            kept=[
                {"retention_class": name, "ground": ground, "named_in_answer": True} for name, ground in kept
            ],
            confirmation_sent=True,
            charged_to=charged_to,
            charge_ground=None,
            recipients_informed=list(recipients),
        )

    def extended(self, days: float, *reasons: str) -> "_Request":
        """The time to answer is extended, and the person told so."""
        told_at = self._at + round(days * DAY)
        return self.after(days, "request.extended", reasons=list(reasons), told_at=told_at)


def assistant_requests(stage: Stage) -> list[PlannedRecord]:
    """At the AI assistant: in time, with recipients told; a file of two, charged to the customer; one still open."""
    dentist, garage = ASSISTANT.customers
    access = _request(stage, ASSISTANT, dentist, "access", "email", days_ago=25).checked().answered(12)
    corrected = _request(stage, ASSISTANT, garage, "rectification", "phone", days_ago=20).checked()
    corrected.answered(6, recipients=ASSISTANT.processors)
    bulk_id = stage.identifier("bestand")
    bulk = [
        _Request(
            stage,
            ASSISTANT,
            garage,
            right="access",
            channel="email",
            at=_ago(stage, 18),
            requester="customer",
            received_by="processor",
            bulk_id=bulk_id,
        )
        .after(0.1, "request.forwarded", forwarded_to=garage.controller)
        .answered(9, charged_to="customer")
        for _ in range(2)
    ]
    still_open = _request(stage, ASSISTANT, dentist, "erasure", "email", days_ago=0).checked()
    return [*access.told, *corrected.told, *(it for each in bulk for it in each.told), *still_open.told]


def switchboard_requests(stage: Stage) -> list[PlannedRecord]:
    """At the switchboard: passed on to the customer, partly fulfilled with what stays named, and one still open."""
    bakery, agency = SWITCHBOARD.customers
    passed_on = _Request(
        stage,
        SWITCHBOARD,
        bakery,
        right="access",
        channel="email",
        at=_ago(stage, 24),
        received_by="processor",
    )
    passed_on.after(0.2, "request.forwarded", forwarded_to=bakery.controller).checked().answered(20)
    partly = _request(stage, SWITCHBOARD, agency, "erasure", "email", days_ago=22).checked()
    partly.answered(10, kept=[("call_history", "legal_claim")], recipients=SWITCHBOARD.processors)
    still_open = _request(stage, SWITCHBOARD, bakery, "rectification", "web_form", days_ago=0).checked()
    return [*passed_on.told, *partly.told, *still_open.told]


def call_centre_requests(stage: Stage) -> list[PlannedRecord]:
    """At the call centre: data taken along, a restriction, a request taken back, and one still open."""
    shop, traveller = CALL_CENTRE.customers
    taken = _request(stage, CALL_CENTRE, shop, "portability", "dashboard", days_ago=15).checked().answered(2)
    restricted = _Request(
        stage,
        CALL_CENTRE,
        traveller,
        right="restriction",
        channel="support",
        at=_ago(stage, 14),
        received_by="processor",
    )
    restricted.after(0.1, "request.forwarded", forwarded_to=traveller.controller).checked()
    restricted.answered(3, recipients=CALL_CENTRE.processors)
    withdrawn = _request(stage, CALL_CENTRE, shop, "access", "email", days_ago=9)
    withdrawn.after(2, "request.withdrawn")
    still_open = _request(stage, CALL_CENTRE, traveller, "access", "dashboard", days_ago=0).checked()
    return [*taken.told, *restricted.told, *withdrawn.told, *still_open.told]


def messaging_requests(stage: Stage) -> list[PlannedRecord]:
    """At the CPaaS: answers in time and late, extensions, a refusal, and what a customer may not ask by e-mail."""
    courier, pharmacy = MESSAGING.customers
    in_time = _request(stage, MESSAGING, courier, "access", "post", days_ago=26).checked().answered(14)
    late = _request(stage, MESSAGING, courier, "access", "email", days_ago=70).checked().answered(50)
    unreasoned = _request(stage, MESSAGING, pharmacy, "erasure", "email", days_ago=80).checked()
    unreasoned.extended(20).answered(70, kept=[("consent_proof", "proof_of_consent")])
    reasoned = _request(stage, MESSAGING, pharmacy, "access", "support", days_ago=45).checked()
    reasoned.extended(20, "complexity")
    by_mail = _Request(
        stage, MESSAGING, pharmacy, right="erasure", channel="email", at=_ago(stage, 11), requester="customer"
    )
    by_mail.checked().answered(4)
    refused = _request(stage, MESSAGING, courier, "erasure", "post", days_ago=16).checked()
    refused.after(
        5,
        "request.refused",
        ground="legal_obligation",
        reasons_told=True,
        complaint_told=True,
        remedy_told=True,
    )
    withdrawal = _request(stage, MESSAGING, courier, "withdraw_consent", "email", days_ago=0).checked()
    withdrawal.answered(0.3)
    requests = [in_time, late, unreasoned, reasoned, by_mail, refused, withdrawal]
    return [record for request in requests for record in request.told]


def objection_ignored(stage: Stage) -> list[PlannedRecord]:
    """Somebody objects to direct marketing, and gets another newsletter the same afternoon: a finding."""
    courier = MESSAGING.customers[0]
    objection = _Request(
        stage,
        MESSAGING,
        courier,
        right="objection",
        channel="email",
        at=stage.midnight + 8 * HOUR,
        purposes=["newsletter"],
    ).checked()
    at = stage.midnight + 15 * HOUR
    return [*objection.told, newsletter(stage, courier, objection.who, at, basis="legitimate_interests")]


def _request(
    stage: Stage, provider: Provider, customer: Customer, right: str, channel: str, *, days_ago: int
) -> _Request:
    """A request of somebody who calls or is called, received by the controller."""
    return _Request(stage, provider, customer, right=right, channel=channel, at=_ago(stage, days_ago))


def _ago(stage: Stage, days: int) -> int:
    """Nine in the morning, so many days before the day."""
    return stage.days_later(stage.midnight, -days) + 9 * HOUR
