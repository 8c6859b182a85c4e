"""What the ledger makes of each contradiction and hole that the linter finds. Pure.

X1 to X17 are the conflicts and holes of the four providers' documents, by the numbers they have in docs/policies.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        "X1": "What can be held against facts counts: a period that ends, before one that does not (GDPR Art."
        " 5(1)(e)); what facts name, before a denial or a count.",
        "X2": "They are different units: each is counted in its own, and neither is turned into the other.",
        "X3": "The stricter holds: use for training is a finding under both, and what is about nobody leaves "
        "no fact.",
        "X4": "Who chose does not wait for the period; who is silent is not kept for ever: then the period "
        "holds.",
        "X5": "Each list is a promise: data that is in one and not in the other breaks the other.",
        "X6": "The table counts: use before an agreement is on record is a finding (GDPR Art. 28(4)).",
        "X7": "Storage, processing and access are three places: each fact names its own, and each is judged "
        "by itself.",
        "X8": "Each promise has its own clock from discovery; the controller's own 72 hours start with the "
        "fact that it is aware (GDPR Art. 33(1)), so the times are kept apart.",
        "X9": "The ledger's own period holds; then the data goes, exported or not.",
        "X10": "The burden of proof is the controller's (GDPR Art. 7(1)): each consent is sealed in the "
        "ledger, and one without version, hash and language of the notice is a finding.",
        "X11": "One erasure has an outcome for each class; what stays is named in the answer, with the duty.",
        "X12": "A fact is sealed for each person apart: consent, objection, erasure and access of one leave "
        "the other's as they are.",
        "X13": "When something happened and when it was told are two times: each fact has both.",
        "X14": "Each is a rule of its own; there is no one way of masking.",
        "X15": "Whether a channel is valid depends on who asks and at whom; a request of anyone but a "
        "customer starts the clock however it came in.",
        "X16": "A transfer is judged by the mechanism that is valid at that moment; what a fact says of it "
        "goes before the table.",
        "X17": "The version in force is part of every consent and every use: a fact that names another is a "
        "finding.",
        "breach_clock_takes_all": "The controller's 72 hours start with the fact that it is aware, not with "
        "discovery.",
        "count_differs": "Each name counts once.",
        "listed_without_agreement": "Use before an agreement is on record is a finding (GDPR Art. 28(4)).",
        "listed_without_mechanism": "A transfer is a finding until a fact states a mechanism (GDPR Art. 44).",
        "open_list": "What is beyond the list is not held against it; a sub-processor beyond it has to be "
        "announced (GDPR Art. 28(2)).",
        "period_not_published": "The ledger's own period holds.",
        "retention_class_without_rule": "Data of such a class is the finding retention_undefined.",
        "retention_indefinite": "It ends nothing, and adopting it is a finding (GDPR Art. 5(1)(e)).",
        "silence_without_end": "Without a choice data goes three months after the agreement ended.",
    }
)
"""By code. The last nine are only worth knowing; they do not fail the linter."""
