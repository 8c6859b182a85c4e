"""What a change of consent says beyond its common fields. Pure."""

import msgspec


class ConsentDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The open fields of a consent event that matter to its state and proof; None where the event has none.

    `expires_at` is in microseconds since the epoch, UTC.
    """

    category: str | None = None
    method: str | None = None
    language: str | None = None
    notice_hash: str | None = None
    expires_at: int | None = None


_decode = msgspec.json.Decoder(ConsentDetails).decode


def consent_details(open_fields: str) -> ConsentDetails:
    """Reads the open fields of a consent event, JSON; fields of another shape count as absent.

    A fold must not fail on a fact: what a later version of a schema makes of a field is judged, not refused.
    """
    try:
        return _decode(open_fields)
    except msgspec.DecodeError:
        return ConsentDetails()
