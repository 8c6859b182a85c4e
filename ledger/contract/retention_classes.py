"""The retention classes a personal field may carry: what each covers, and where the class comes from.

A class names the keys that seal a field, so a field can only be forgotten together with its class; a class with
a key per fact lets the fields of one fact be forgotten apart. The periods are not here: they differ per controller
and are facts in the ledger.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class RetentionClass(NamedTuple):
    """One class: its name, what it covers and its source in one line."""

    name: str
    covers: str
    source: str


_TABLE = (
    RetentionClass(
        "call_history",
        "Who called whom: numbers and names of a call detail record.",
        "CF-07: the customer sets 0 to 365 days for call history.",
    ),
    RetentionClass(
        "recording",
        "The sound of a call, where it is stored, and who was on it.",
        "CF-07: the customer sets 0 to 365 days for call recordings.",
    ),
    RetentionClass(
        "transcript",
        "The text or summary of what was said in a call.",
        "CD-36: call transcription and summary, a service of its own.",
    ),
    RetentionClass(
        "voicemail",
        "A voicemail message, its text and whose mailbox it was.",
        "CF-07: the customer sets 0 to 365 days for voicemail.",
    ),
    RetentionClass(
        "fax",
        "A fax, its pages and its parties.",
        "CF-07: the customer sets 0 to 365 days for fax.",
    ),
    RetentionClass(
        "message_content",
        "The body and subject line of a message.",
        "MB-13, MB-29: the body is communication data, six months in the EU.",
    ),
    RetentionClass(
        "communication",
        "Who messaged whom: numbers, addresses and sender names.",
        "MB-29, MB-30: communication data six months, only to prevent abuse.",
    ),
    RetentionClass(
        "signalling_identity",
        "Numbers and network addresses in a signalling log.",
        "Callvoip FAQ: platform logs are anonymised after two weeks.",
    ),
    RetentionClass(
        "signalling",
        "The rest of a signalling log.",
        "Callvoip FAQ: platform logs are deleted after three months.",
    ),
    RetentionClass(
        "click_to_dial",
        "Numbers, names and accounts of calls dialled by a click on a web page.",
        "CF-10: click-to-dial history is kept 90 days.",
    ),
    RetentionClass(
        "consent_proof",
        "Who gave, refused or withdrew consent, and what shows it.",
        "MB-34: proof of consent five years; GDPR Art. 7(1) puts the burden on the controller.",
    ),
    RetentionClass(
        "request_confirmation",
        "Whose request was honoured, and what confirms it.",
        "MB-36: the confirmation is kept five years, because of sanctions under the Awb.",
    ),
    RetentionClass(
        "access_log",
        "Whose data was seen or disclosed, and by whom.",
        "GDPR Art. 5(2), 32(1)(b); CD-11: access limited to the necessary minimum.",
    ),
    RetentionClass(
        "account",
        "Name, address and contact data of a customer's account.",
        "MB-33: account data for financial and tax law, at most ten years.",
    ),
    RetentionClass(
        "marketing",
        "Leads, campaign data and preferences.",
        "MB-32: marketing and sales data up to twelve months or the duration of service.",
    ),
    RetentionClass(
        "content_check",
        "The MAC that tells a publisher's repeat from the reuse of its id; on no field of a schema.",
        "DESIGN section 4: a fact with the same id and other content is a finding.",
    ),
    RetentionClass(
        "rejected_input",
        "The whole of an inbox record that could not be read.",
        "The ledger's own: kept only so that the publisher can repair and retry.",
    ),
)

RETENTION_CLASSES: Mapping[str, RetentionClass] = MappingProxyType({entry.name: entry for entry in _TABLE})
"""Every retention class by its name."""

KEY_PER_FACT = frozenset({"consent_proof"})
"""Classes whose subject key is one fact's own, because their clock is not the event's day but the end of what the
fact is about: the proofs of one person's consents end years apart."""
