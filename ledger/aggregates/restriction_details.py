"""What a restriction of processing says beyond its common fields. Pure."""

import msgspec


class _Details(msgspec.Struct, frozen=True):
    restriction_id: str


_decode = msgspec.json.Decoder(_Details).decode


def restriction_id_of(open_fields: str) -> str:
    """Which restriction a fact begins or ends; "" when its open fields, JSON, have another shape.

    A fold must not fail on a fact; one restriction without a readable id is then told from none.
    """
    try:
        return _decode(open_fields).restriction_id
    except msgspec.DecodeError:
        return ""
