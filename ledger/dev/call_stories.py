"""What happens on the phone: calls, and what is made of them. Each story gives a fixed number of records."""

from ledger.dev.invented import ASSISTANT, CALL_CENTRE, SWITCHBOARD, Customer, Person, Provider
from ledger.dev.planned import MINUTE, SECOND, PlannedRecord, Stage
from ledger.dev.signalling_stories import signalling_line

CRM = "RedCactus"
CRM_USERS = (SWITCHBOARD.customers[0].controller,)
"""Who chose the optional integration of telephony and CRM (CD-36)."""
_SENTENCES = (
    "Ik wil graag een afspraak maken voor donderdag.",
    "Mijn auto maakt een raar geluid bij het remmen.",
    "Kunt u mij terugbellen over de rekening?",
    "Could you tell me when the parcel arrives?",
)


def plain_call(stage: Stage, at: int) -> list[PlannedRecord]:
    """A call through the switchboard, in or out."""
    who, customer = stage.someone(), stage.random.choice(SWITCHBOARD.customers)
    return [_call(stage, SWITCHBOARD, customer, who, at, call_id=stage.identifier("call"))]


def anonymous_call(stage: Stage, at: int) -> list[PlannedRecord]:
    """A call from a withheld number: only the called party is known."""
    customer = stage.random.choice(SWITCHBOARD.customers)
    return [_call(stage, SWITCHBOARD, customer, None, at, call_id=stage.identifier("call"))]


def assistant_call(stage: Stage, at: int) -> list[PlannedRecord]:
    """The AI assistant answers: call, recording, transcript by a sub-processor abroad, signalling log."""
    who, customer = stage.someone(), stage.random.choice(ASSISTANT.customers)
    call_id, recording_id = stage.identifier("call"), stage.identifier("opname")
    call = _call(stage, ASSISTANT, customer, who, at, call_id=call_id, answered=True)
    end = call.occurred_at
    transcript = stage.fact(
        "call.transcribed",
        ASSISTANT,
        customer,
        stage.later(end, minutes=(0.2, 3)),
        {
            "call_id": call_id,
            "transcript_id": stage.identifier("transcript"),
            "recording_id": recording_id,
            **_parties(who, customer),
            "transcript": stage.random.choice(_SENTENCES),
            "summary": f"{who.name} wil teruggebeld worden.",
            "engine": "whisper-large",
            "engine_processor": "openai",
            "processing_country": "US",
            "language": customer.language,
            "automated": True,
            "used_for_training": False,
        },
        purpose="assistant",
        categories=("phone_number", "name", "voice", "conversation"),
        processors=("vapi", "openai"),
        country="US",
    )
    return [
        call,
        _recording(stage, ASSISTANT, customer, who, call, recording_id=recording_id, reason="evidence"),
        transcript,
        signalling_line(stage, ASSISTANT, customer, who, at),
    ]


def recorded_call(stage: Stage, at: int) -> list[PlannedRecord]:
    """A call-centre call recorded for quality, and a supervisor who listens to it."""
    who, customer = stage.someone(), stage.random.choice(CALL_CENTRE.customers)
    recording_id = stage.identifier("opname")
    call = _call(stage, CALL_CENTRE, customer, who, at, call_id=stage.identifier("call"), answered=True)
    recording = _recording(
        stage, CALL_CENTRE, customer, who, call, recording_id=recording_id, reason="quality"
    )
    access = stage.fact(
        "data.accessed",
        CALL_CENTRE,
        customer,
        stage.later(call.occurred_at, minutes=(5, 90)),
        {
            "subject_phone": who.number,
            "subject_email": None,
            "subject_account": None,
            "subject_pseudonym": None,
            "actor_role": "controller_user",
            "actor_name": "teamleider-04",
            "actor_country": "NL",
            "reason": "quality",
            "reference": None,
            "entries": [recording_id],
            "entry_count": 1,
            "numbers_masked": True,
            "decrypted": True,
        },
        purpose="quality",
        basis="legitimate_interests",
        categories=("voice",),
    )
    return [call, recording, access]


def declared_recording(stage: Stage, at: int) -> list[PlannedRecord]:
    """A switchboard customer that said why it records calls records one."""
    return _recorded_by_switchboard(stage, SWITCHBOARD.customers[0], at)


def undeclared_recording(stage: Stage, at: int) -> list[PlannedRecord]:
    """One that did not say why records one all the same: a finding."""
    return _recorded_by_switchboard(stage, SWITCHBOARD.customers[1], at)


def voicemail(stage: Stage, at: int) -> list[PlannedRecord]:
    """Nobody answers; the caller leaves a message, which is also sent by e-mail half of the time."""
    who, customer = stage.someone(), stage.random.choice(SWITCHBOARD.customers)
    call_id = stage.identifier("call")
    call = _call(stage, SWITCHBOARD, customer, who, at, call_id=call_id, answered=False)
    message = stage.fact(
        "voicemail.left",
        SWITCHBOARD,
        customer,
        stage.later(call.occurred_at, minutes=(0.3, 2)),
        {
            "call_id": call_id,
            "voicemail_id": stage.identifier("voicemail"),
            **_parties(who, customer),
            "mailbox": str(stage.random.choice((200, 201, 202, 203, 210))),
            "recording_uri": f"opslag://{stage.identifier('voicemail')}",
            "transcript": None,
            "forwarded_by_email": stage.random.random() < 0.5,
            "started_at": call.occurred_at,
            "duration_s": stage.random.randrange(4, 90),
        },
        purpose="telephony",
        categories=("phone_number", "name", "voice"),
        processors=SWITCHBOARD.processors,
    )
    return [call, message]


def fax(stage: Stage, at: int) -> list[PlannedRecord]:
    """A fax, in or out."""
    who, customer = stage.someone(), stage.random.choice(SWITCHBOARD.customers)
    inbound = stage.random.random() < 0.5
    payload: dict[str, object] = {
        "fax_id": stage.identifier("fax"),
        "direction": "inbound" if inbound else "outbound",
        "sender_number": who.number if inbound else customer.number,
        "recipient_number": customer.number if inbound else who.number,
        "station_id": who.name.upper() if inbound else None,
        "document_uri": f"opslag://{stage.identifier('fax')}",
        "pages": stage.random.randrange(1, 12),
        "succeeded": stage.random.random() < 0.9,
        "duration_s": stage.random.randrange(20, 240),
    }
    return [stage.fact("fax.transmitted", SWITCHBOARD, customer, at, payload, purpose="telephony")]


def click_to_dial(stage: Stage, at: int) -> list[PlannedRecord]:
    """Somebody at a customer clicks a number on a web page, and the switchboard makes the call."""
    who, customer = stage.someone(), stage.random.choice(SWITCHBOARD.customers)
    call_id = stage.identifier("call")
    dialled = stage.fact(
        "number.dialled",
        SWITCHBOARD,
        customer,
        at,
        {
            "user_account": f"{customer.controller}-balie",
            "dialled_number": who.number,
            "dialled_name": who.name,
            "call_id": call_id,
        },
        purpose="click_to_dial",
        categories=("phone_number", "name"),
        processors=() if customer.controller not in CRM_USERS else (CRM,),
    )
    return [dialled, _call(stage, SWITCHBOARD, customer, who, at, call_id=call_id, outbound=True)]


def _call(
    stage: Stage,
    provider: Provider,
    customer: Customer,
    who: Person | None,
    at: int,
    *,
    call_id: str,
    answered: bool | None = None,
    outbound: bool = False,
) -> PlannedRecord:
    random = stage.random
    is_answered = random.random() < 0.8 if answered is None else answered
    # the last argument is the mode: most calls are short
    talk_s = round(random.triangular(5, 1500, 90)) if is_answered else 0
    ring_s = random.randrange(2, 31)
    inbound = not outbound and (who is None or answered is not None or random.random() < 0.6)
    parties = _parties(who, customer)
    if not inbound:
        parties = {
            "caller_number": customer.number,
            "caller_name": None,
            "called_number": parties["caller_number"],
        }
    payload: dict[str, object] = {
        "call_id": call_id,
        "direction": "inbound" if inbound else "outbound",
        **parties,
        "answered": is_answered,
        "disposition": "answered" if is_answered else random.choice(("no_answer", "busy", "cancelled")),
        "started_at": at,
        "answered_at": at + ring_s * SECOND if is_answered else None,
        "duration_s": ring_s + talk_s,
        "billable_s": talk_s,
        "trunk": random.choice(("trunk-ams", "trunk-rtm")),
        "channel": None,
        "application": random.choice(("queue", "dial", "ivr")),
    }
    return stage.fact(
        "call.completed",
        provider,
        customer,
        at + (ring_s + talk_s) * SECOND,
        payload,
        purpose="telephony",
        categories=("phone_number", "name", "traffic_data"),
        processors=provider.processors[:2],
    )


def _recorded_by_switchboard(stage: Stage, customer: Customer, at: int) -> list[PlannedRecord]:
    who, recording_id = stage.someone(), stage.identifier("opname")
    call = _call(stage, SWITCHBOARD, customer, who, at, call_id=stage.identifier("call"), answered=True)
    recording = _recording(
        stage, SWITCHBOARD, customer, who, call, recording_id=recording_id, reason="quality"
    )
    return [call, recording]


def _recording(
    stage: Stage,
    provider: Provider,
    customer: Customer,
    who: Person,
    call: PlannedRecord,
    *,
    recording_id: str,
    reason: str,
) -> PlannedRecord:
    announced = stage.random.random() < 0.95
    talk_s = call.data["billable_s"]
    payload: dict[str, object] = {
        "call_id": call.data["call_id"],
        "recording_id": recording_id,
        **_parties(who, customer),
        "recording_uri": f"opslag://{recording_id}",
        "recording_purpose": reason,
        "announced": announced,
        "announcement_version": "2026-01" if announced else None,
        "started_at": call.data["answered_at"],
        "duration_s": talk_s,
        "size_bytes": stage.random.randrange(20_000, 4_000_000),
        "sha256": stage.digest(),
        "encrypted_at_rest": True,
    }
    return stage.fact(
        "call.recorded",
        provider,
        customer,
        call.occurred_at + MINUTE // 10,
        payload,
        purpose=reason,
        basis="legitimate_interests",
        categories=("phone_number", "name", "voice"),
        processors=provider.processors[:1],
    )


def _parties(who: Person | None, customer: Customer) -> dict[str, object]:
    return {
        "caller_number": who.number if who else None,
        "caller_name": who.name if who else None,
        "called_number": customer.number,
    }
