"""Signalling logs: what the equipment of a provider writes about who reached whom from which address.

The provider keeps them for its own security, as a controller (CB-09): numbers two weeks, the rest three months.
"""

from ledger.dev.invented import CALL_CENTRE, MESSAGING, SWITCHBOARD, Customer, Person, Provider
from ledger.dev.planned import PlannedRecord, Stage


def signalling(stage: Stage, at: int) -> list[PlannedRecord]:
    """One line of a signalling log."""
    provider = stage.random.choice((SWITCHBOARD, CALL_CENTRE, MESSAGING))
    return [signalling_line(stage, provider, stage.random.choice(provider.customers), stage.someone(), at)]


def signalling_line(
    stage: Stage, provider: Provider, customer: Customer, who: Person, at: int
) -> PlannedRecord:
    """The line of one call set-up."""
    random = stage.random
    payload: dict[str, object] = {
        "protocol": random.choice(("sip", "sip", "webrtc")),
        "caller_number": who.number,
        "called_number": customer.number,
        # documentation ranges: RFC 5737, RFC 3849
        "source_ip": f"203.0.113.{random.randrange(1, 255)}",
        "destination_ip": f"2001:db8::{random.randrange(1, 0xFFFF):x}",
        "contact_uri": f"sip:{who.number}@203.0.113.{random.randrange(1, 255)}",
        "sip_call_id": f"{random.getrandbits(64):016x}@device.example.com",
        "method": "INVITE",
        "response_code": random.choice((200, 200, 200, 404, 486, 487)),
        "user_agent": random.choice(("Veldtelefoon/2.1", "Softphone 7")),
        "codec": "opus",
        "quality_mos_hundredths": random.randrange(280, 450),
        "log_node": f"sbc-{random.randrange(1, 5)}",
    }
    return stage.fact(
        "signalling.logged",
        provider,
        customer,
        at,
        payload,
        purpose="security_logging",
        basis="legitimate_interests",
        categories=("phone_number", "ip_address", "traffic_data"),
        role="controller",
        controller=provider.name,
    )
