"""The kinds of promises about people's rights, breaches and audits. Pure.

Source: DESIGN sections 8 and 9; GDPR Art. 8, 12 to 22, 28(3)(h), 33, 34; STANDARDS sections 2 and 4.
"""

from ledger.rules.packs.rule_kind import PURPOSE_SCOPE, Parameter, RuleKind, Shape

RIGHTS = (
    "access",
    "rectification",
    "erasure",
    "restriction",
    "portability",
    "objection",
    "withdraw_consent",
    "no_automated_decision",
)
CHANNELS = ("email", "post", "phone", "web_form", "dashboard", "api", "support", "in_person")
CHARGED_TO = ("nobody", "data_subject", "customer")
BREACH_RECIPIENTS = ("controller", "authority", "people")
BREACH_ITEMS = (
    "nature",
    "subject_categories",
    "subjects_approximate",
    "record_categories",
    "records_approximate",
    "contact",
    "consequences",
    "measures",
)
AUDIT_COSTS = ("controller", "provider", "shared")

PEOPLE = (
    RuleKind(
        name="request_answer",
        says="A request is answered in time, and its time is extended only when the person is told why in time.",
        parameters=(
            Parameter(
                name="within",
                shape=Shape.PERIOD,
                says="from receipt; the law's when left out",
                required=False,
            ),
            Parameter(
                name="extension",
                shape=Shape.PERIOD,
                says="by how much it may be extended; the law's when left out",
                required=False,
            ),
            Parameter(
                name="rights",
                shape=Shape.CHOICES,
                choices=RIGHTS,
                says="only requests for one of these; all when left out",
                required=False,
            ),
        ),
        scope="rights",
        breaks=frozenset({"request_answered_late", "request_extension_invalid"}),
        shows=frozenset({"request_answered_in_time"}),
        deadlines=frozenset({"answer"}),
    ),
    RuleKind(
        name="request_rights",
        says="These rights are honoured; a refusal names its ground, the right to complain and the remedy.",
        parameters=(Parameter(name="rights", shape=Shape.CHOICES, choices=RIGHTS, says="the rights"),),
        scope="rights",
        breaks=frozenset({"request_refused_without_ground", "request_refusal_incomplete"}),
        shows=frozenset({"request_honoured"}),
        deadlines=frozenset({"answer"}),
    ),
    RuleKind(
        name="request_channel",
        says="Requests come in by these channels.",
        parameters=(
            Parameter(
                name="customer",
                shape=Shape.CHOICES,
                choices=CHANNELS,
                says="for the provider's customers; nothing is said about them when left out",
                required=False,
            ),
            Parameter(
                name="others",
                shape=Shape.CHOICES,
                choices=CHANNELS,
                says="for everyone else; nothing is said about them when left out",
                required=False,
            ),
            Parameter(
                name="strict",
                shape=Shape.FLAG,
                says="what comes in by another channel is not valid and not processed",
                required=False,
            ),
        ),
        any_of=frozenset({"customer", "others"}),
        breaks=frozenset({"request_invalid_channel_processed", "request_refused_for_channel"}),
        shows=frozenset({"request_channel_respected"}),
    ),
    RuleKind(
        name="request_identity",
        says="Who asks is checked, and more is demanded only on reasonable doubt.",
        breaks=frozenset({"request_identity_unchecked", "identity_demanded_without_doubt"}),
        shows=frozenset({"request_identity_checked"}),
    ),
    RuleKind(
        name="request_confirmation",
        says="That a request was honoured is confirmed in writing.",
        breaks=frozenset({"request_unconfirmed"}),
        shows=frozenset({"request_confirmed"}),
    ),
    RuleKind(
        name="request_kept_named",
        says="The answer names what is kept, and why.",
        breaks=frozenset({"request_kept_unnamed"}),
        shows=frozenset({"request_kept_named"}),
    ),
    RuleKind(
        name="request_forwarding",
        says="A processor passes a request that it receives on to the controller.",
        breaks=frozenset({"request_not_forwarded"}),
        shows=frozenset({"request_forwarded"}),
    ),
    RuleKind(
        name="request_costs",
        says="The costs of a request are charged to this party at most.",
        parameters=(
            Parameter(name="charged_to", shape=Shape.CHOICE, choices=CHARGED_TO, says="who may be charged"),
        ),
        breaks=frozenset({"request_charged"}),
        shows=frozenset({"request_free"}),
    ),
    RuleKind(
        name="recipients_informed",
        says="Recipients are told of a rectification, erasure or restriction.",
        breaks=frozenset({"recipients_not_informed"}),
        shows=frozenset({"recipients_informed"}),
    ),
    RuleKind(
        name="objection",
        says="An objection is respected from its receipt, unless it is refused on a ground that allows it.",
        parameters=(PURPOSE_SCOPE,),
        scope="purposes",
        breaks=frozenset({"processing_after_objection"}),
        shows=frozenset({"objection_respected"}),
    ),
    RuleKind(
        name="restriction",
        says="Restricted data is stored, and otherwise used only with consent or for a legal claim.",
        breaks=frozenset({"processing_under_restriction"}),
        shows=frozenset({"restriction_respected"}),
    ),
    RuleKind(
        name="erasure",
        says="What is erased stays erased, and the erasure is confirmed by everyone who had the data.",
        breaks=frozenset({"processing_after_erasure", "erasure_incomplete"}),
        shows=frozenset({"erasure_verified"}),
    ),
    RuleKind(
        name="minors",
        says="Data of a minor found without a parent's consent is erased within the period.",
        parameters=(Parameter(name="within", shape=Shape.PERIOD, says="from when it was found"),),
        breaks=frozenset({"minor_data_kept"}),
        shows=frozenset({"minor_erased"}),
        deadlines=frozenset({"erase_minor"}),
    ),
)

BREACHES = (
    RuleKind(
        name="breach_notice",
        says="The recipient is told of a breach within the hours from its discovery.",
        parameters=(
            Parameter(name="within", shape=Shape.HOURS, says="from discovery"),
            Parameter(name="recipient", shape=Shape.CHOICE, choices=BREACH_RECIPIENTS, says="who is told"),
            Parameter(
                name="strict",
                shape=Shape.FLAG,
                says="at the latest; when left out, where possible: a delay is found all the same, and says so",
                required=False,
            ),
        ),
        breaks=frozenset({"breach_notified_late"}),
        shows=frozenset({"breach_notified_in_time"}),
        deadlines=frozenset({"notify_controller", "notify_authority", "notify_people"}),
    ),
    RuleKind(
        name="breach_content",
        says="What is told of a breach has these items.",
        parameters=(Parameter(name="items", shape=Shape.CHOICES, choices=BREACH_ITEMS, says="the items"),),
        breaks=frozenset({"breach_incomplete"}),
        shows=frozenset({"breach_content_complete"}),
    ),
    RuleKind(
        name="breach_phases",
        says="What is not known yet of a breach follows.",
        breaks=frozenset({"breach_not_followed_up"}),
        shows=frozenset({"breach_followed_up"}),
    ),
    RuleKind(
        name="breach_record",
        says="Facts, effects and remedies of every breach are documented.",
        breaks=frozenset({"breach_not_documented"}),
        shows=frozenset({"breach_documented"}),
    ),
)

AUDITS = (
    RuleKind(
        name="audit_auditor",
        says="An audit is done by an independent third party bound to secrecy.",
        breaks=frozenset({"audit_auditor_unfit"}),
        shows=frozenset({"audit_auditor_fit"}),
    ),
    RuleKind(
        name="audit_frequency",
        says="There is one regular audit in a calendar year, and an extra one only on one of the grounds.",
        breaks=frozenset({"audit_too_often", "audit_ground_unfounded"}),
        shows=frozenset({"audit_within_year"}),
    ),
    RuleKind(
        name="audit_notice",
        says="An audit is announced in writing, this long ahead, with scope, auditor and dates.",
        parameters=(Parameter(name="notice", shape=Shape.PERIOD, says="how long ahead, at least"),),
        breaks=frozenset({"audit_notice_short", "audit_announcement_incomplete"}),
        shows=frozenset({"audit_announced_in_time"}),
    ),
    RuleKind(
        name="audit_access",
        says="An auditor is given access, with regard to other customers' confidentiality.",
        breaks=frozenset({"audit_refused_without_ground", "audit_others_exposed"}),
        shows=frozenset({"audit_access_granted"}),
        deadlines=frozenset({"audit_access"}),
    ),
    RuleKind(
        name="audit_costs",
        says="This party bears the costs of an audit.",
        parameters=(Parameter(name="borne_by", shape=Shape.CHOICE, choices=AUDIT_COSTS, says="who pays"),),
        breaks=frozenset({"audit_costs_shifted"}),
        shows=frozenset({"audit_costs_as_agreed"}),
    ),
)
