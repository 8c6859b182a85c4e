"""The kinds of promises about how long data is kept and what was proved of a consent, and the ledger's settings. Pure.

Source: DESIGN sections 7 and 8; GDPR Art. 5(1)(e), 6(1)(a), 7.
"""

from ledger.rules.packs.rule_kind import PURPOSE_SCOPE, Parameter, RuleKind, Shape

CONSENT_CATEGORIES = ("functional", "analytical", "experience", "marketing", "service")
CONSENT_REQUIRED = ("explicit", "unambiguous", "prior")
STARTS = ("event", "agreement_end", "consent_end", "request_fulfilled")
ACTIONS = ("destroy", "drop_identity")

KEEPING = (
    RuleKind(
        name="retention",
        says="Data of the class goes when its period is over.",
        parameters=(
            Parameter(name="class", shape=Shape.CLASS_OR_EVERY, says="what is kept"),
            Parameter(name="period", shape=Shape.PERIOD, says="how long; or `indefinite`", required=False),
            Parameter(
                name="indefinite",
                shape=Shape.FLAG,
                says="the text keeps it without end: that ends nothing, and is a finding",
                required=False,
            ),
            Parameter(
                name="starts",
                shape=Shape.CHOICE,
                choices=STARTS,
                says="what starts the clock; the event when left out",
                required=False,
            ),
            Parameter(
                name="action",
                shape=Shape.CHOICE,
                choices=ACTIONS,
                says="what the end means: everything goes, or who it is about goes and the rest stays",
                required=False,
            ),
            Parameter(
                name="region",
                shape=Shape.NAME,
                says="where it holds; `other` is wherever the pack names no region of its own",
                required=False,
            ),
            Parameter(
                name="except",
                shape=Shape.CLASSES,
                says='the classes that `class = "*"` leaves out',
                required=False,
            ),
            Parameter(
                name="customer_set",
                shape=Shape.FLAG,
                says="the customer sets the days by `retention.set`, at most the period",
                required=False,
            ),
            Parameter(
                name="on_choice",
                shape=Shape.FLAG,
                says="only when the controller chose deletion at the end of the agreement",
                required=False,
            ),
        ),
        breaks=frozenset({"retention_overrun", "retention_indefinite"}),
        shows=frozenset({"retention_ended", "retention_due"}),
    ),
    RuleKind(
        name="duty",
        says="The class is kept in an erasure, and no other promise shortens it.",
        parameters=(
            Parameter(
                name="class",
                shape=Shape.CLASS,
                says="what must be kept; a retention entry of the pack ends it",
            ),
        ),
    ),
    RuleKind(
        name="confirm_within",
        says="A recipient confirms a deletion within the period.",
        parameters=(
            Parameter(
                name="recipient",
                shape=Shape.TEXT,
                says="who; the pack's default when left out",
                required=False,
            ),
            Parameter(name="period", shape=Shape.PERIOD, says="how long it may take"),
        ),
        setting=True,
    ),
    RuleKind(
        name="export_hold",
        says="An export asked for before deletion holds the data for the period.",
        parameters=(Parameter(name="period", shape=Shape.PERIOD, says="how long"),),
        setting=True,
    ),
    RuleKind(
        name="trail",
        says="Entries stay in the audit trail for the period.",
        parameters=(Parameter(name="period", shape=Shape.PERIOD, says="how long"),),
        setting=True,
    ),
    RuleKind(
        name="text_only",
        says="No rule is bound to it.",
        parameters=(Parameter(name="reason", shape=Shape.TEXT, says="why none is"),),
    ),
)

CONSENT = (
    RuleKind(
        name="consent",
        says="A consent of the category is given in the way that the text asks for.",
        parameters=(
            Parameter(
                name="category",
                shape=Shape.CHOICE,
                choices=CONSENT_CATEGORIES,
                says="what the consent is about",
            ),
            Parameter(
                name="requires",
                shape=Shape.CHOICE,
                choices=CONSENT_REQUIRED,
                says="how it is given",
            ),
            PURPOSE_SCOPE,
        ),
        breaks=frozenset({"consent_not_as_promised"}),
        shows=frozenset({"consent_as_promised"}),
    ),
    RuleKind(
        name="consent_basis",
        says="What rests on consent has a consent in force when it happens.",
        parameters=(PURPOSE_SCOPE,),
        scope="purposes",
        breaks=frozenset({"processing_without_consent"}),
        shows=frozenset({"processing_with_consent"}),
    ),
    RuleKind(
        name="consent_withdrawal",
        says="A withdrawal acts at once on future processing, and not on the past.",
        parameters=(PURPOSE_SCOPE,),
        scope="purposes",
        breaks=frozenset({"processing_after_withdrawal"}),
        shows=frozenset({"withdrawal_recorded"}),
    ),
    RuleKind(
        name="consent_proof",
        says="Each consent is on record with the version, hash and language of what was shown.",
        breaks=frozenset({"consent_proof_incomplete"}),
        shows=frozenset({"consent_proved"}),
    ),
)
