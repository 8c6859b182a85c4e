"""The fields every event states first, the same everywhere: who processes what, why, and on what basis.

Source: DESIGN section 5; GDPR Art. 5(1)(b), 6(1), 28(3)(a) and 30.
"""

from collections.abc import Mapping
from types import MappingProxyType

ROLES = ("controller", "processor", "joint", "conduit")
LAWFUL_BASES = (
    "consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
)

COMMON_FIELDS: Mapping[str, object] = MappingProxyType(
    {
        "controller": "string",
        "role": {"type": "enum", "name": "Role", "symbols": list(ROLES)},
        "purpose": "string",
        "lawful_basis": {"type": "enum", "name": "LawfulBasis", "symbols": list(LAWFUL_BASES)},
        "data_categories": {"type": "array", "items": "string"},
        "processors": {"type": "array", "items": "string"},
        "storage_country": "string",
        "instruction_id": ["null", "string"],
        "notice_version": ["null", "string"],
    }
)
"""Name to Avro type (docs left out), in the order every payload schema has them."""
