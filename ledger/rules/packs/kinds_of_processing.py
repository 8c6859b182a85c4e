"""The kinds of promises about what is done with data, where, by whom and for what. Pure.

Source: DESIGN section 8; GDPR Art. 5(1)(b), 5(1)(c), 28, 32, 44 to 49.
"""

from ledger.rules.packs.rule_kind import PURPOSE_SCOPE, Parameter, RuleKind, Shape

ROLES = ("controller", "processor", "joint", "conduit")
REGIONS = ("eea",)
TRANSFER_MECHANISMS = ("adequacy", "scc", "bcr", "derogation")
TOLD = ("email", "website", "none")
DISCLOSURE_CONDITIONS = ("from_public_body", "within_jurisdiction", "enforceable", "states_scope")

_ROLE_SCOPE = Parameter(
    name="role",
    shape=Shape.CHOICE,
    choices=ROLES,
    says="only processing in which the provider has this role; all when left out",
    required=False,
)

WHAT_FOR = (
    RuleKind(
        name="purposes",
        says="Data is processed for these purposes only.",
        parameters=(
            Parameter(name="purposes", shape=Shape.NAMES, says="the purposes, as facts state them"),
            _ROLE_SCOPE,
        ),
        breaks=frozenset({"purpose_outside_promise"}),
        shows=frozenset({"purpose_as_promised"}),
    ),
    RuleKind(
        name="agreement_purposes",
        says="Data is processed for the purposes and in the roles of the agreement in force only.",
        breaks=frozenset(
            {"purpose_outside_agreement", "role_outside_agreement", "processing_after_agreement"}
        ),
        shows=frozenset({"purpose_as_agreed"}),
    ),
    RuleKind(
        name="role",
        says="The provider has this role for these purposes.",
        parameters=(
            Parameter(name="role", shape=Shape.CHOICE, choices=ROLES, says="the part the provider plays"),
            PURPOSE_SCOPE,
        ),
        breaks=frozenset({"role_not_as_promised"}),
        shows=frozenset({"role_as_promised"}),
    ),
    RuleKind(
        name="data_categories",
        says="Data of these categories is processed, and of no other.",
        parameters=(
            Parameter(name="categories", shape=Shape.NAMES, says="the categories, as facts state them"),
            PURPOSE_SCOPE,
        ),
        breaks=frozenset({"data_category_not_promised"}),
        shows=frozenset({"data_categories_as_promised"}),
    ),
    RuleKind(
        name="recording_purpose",
        says="The customer states why calls are recorded before any is.",
        breaks=frozenset({"recording_without_purpose"}),
        shows=frozenset({"recording_with_purpose"}),
    ),
    RuleKind(
        name="recording_announced",
        says="A recording is announced before it begins.",
        breaks=frozenset({"recording_not_announced"}),
        shows=frozenset({"recording_announced"}),
    ),
    RuleKind(
        name="quality_use",
        says="What was said is not used to train models.",
        breaks=frozenset({"used_for_training"}),
        shows=frozenset({"not_used_for_training"}),
    ),
)

BY_WHOM = (
    RuleKind(
        name="subprocessors",
        says="The document's sub-processors process data, and optional ones only when they were chosen.",
        parameters=(
            Parameter(name="processors", shape=Shape.PROCESSORS, says="the document's list"),
            Parameter(
                name="complete",
                shape=Shape.FLAG,
                says="no other processes data but one that a list of the same document has, or that was announced",
                required=False,
            ),
            PURPOSE_SCOPE,
        ),
        breaks=frozenset({"processor_not_listed", "processor_not_opted_in"}),
        shows=frozenset({"processor_as_agreed"}),
    ),
    RuleKind(
        name="subprocessor_notice",
        says="A sub-processor is announced first, used as it was announced, and not while the controller objects.",
        breaks=frozenset(
            {
                "subprocessor_not_announced",
                "processor_not_announced",
                "processor_not_chosen",
                "processor_objected",
            }
        ),
        shows=frozenset({"subprocessor_announced"}),
    ),
    RuleKind(
        name="subprocessor_agreement",
        says="A processing agreement with a sub-processor is concluded before it processes.",
        breaks=frozenset({"processor_without_agreement", "subprocessor_without_agreement"}),
        shows=frozenset({"subprocessor_contracted"}),
    ),
    RuleKind(
        name="transfer",
        says="Data leaves the EEA on a mechanism that is valid at that moment only.",
        parameters=(
            Parameter(
                name="mechanisms",
                shape=Shape.CHOICES,
                choices=TRANSFER_MECHANISMS,
                says="which ones; any that the law knows when left out",
                required=False,
            ),
            Parameter(
                name="purposes",
                shape=Shape.NAMES,
                says="for which purposes these mechanisms are asked; all when left out",
                required=False,
            ),
        ),
        breaks=frozenset({"transfer_without_mechanism"}),
        shows=frozenset({"transfer_with_mechanism"}),
    ),
    RuleKind(
        name="storage",
        says="Data is stored in these countries, or this region, only, back-ups included.",
        parameters=(
            Parameter(name="countries", shape=Shape.COUNTRIES, says="where it may be stored", required=False),
            Parameter(
                name="region",
                shape=Shape.CHOICE,
                choices=REGIONS,
                says="the countries of the EEA",
                required=False,
            ),
        ),
        any_of=frozenset({"countries", "region"}),
        breaks=frozenset({"stored_outside_region"}),
        shows=frozenset({"stored_within_region"}),
    ),
    RuleKind(
        name="access",
        says="The provider's staff look at data only for a ticket or case that they name.",
        breaks=frozenset({"access_without_reason"}),
        shows=frozenset({"access_with_reason"}),
    ),
    RuleKind(
        name="masking",
        says="The provider's staff do not see the last digits of numbers.",
        parameters=(Parameter(name="hide_last", shape=Shape.NUMBER, says="how many digits are hidden"),),
        breaks=frozenset({"number_shown_in_full"}),
        shows=frozenset({"number_masked"}),
    ),
    RuleKind(
        name="encryption",
        says="Recordings at rest and exports are encrypted.",
        breaks=frozenset({"not_encrypted"}),
        shows=frozenset({"encrypted"}),
    ),
    RuleKind(
        name="disclosure",
        says="Data goes to an authority only when its demand meets the conditions.",
        parameters=(
            Parameter(
                name="conditions", shape=Shape.CHOICES, choices=DISCLOSURE_CONDITIONS, says="the conditions"
            ),
        ),
        breaks=frozenset({"disclosure_without_condition"}),
        shows=frozenset({"disclosure_with_conditions"}),
    ),
    RuleKind(
        name="measures",
        says="The provider describes its technical and organisational measures.",
        shows=frozenset({"measures_described"}),
    ),
)

AGREED = (
    RuleKind(
        name="agreement_start",
        says="Nothing is processed before the last signature under the agreement, or after its end.",
        breaks=frozenset({"processing_before_agreement", "processing_after_agreement"}),
        shows=frozenset({"agreement_signed"}),
    ),
    RuleKind(
        name="amendment",
        says="The agreement changes by consent of both parties only.",
        breaks=frozenset({"amended_without_consent"}),
        shows=frozenset({"amended_by_consent"}),
    ),
    RuleKind(
        name="instruction",
        says="The instruction that processing rests on is on record.",
        breaks=frozenset({"instruction_unknown"}),
        shows=frozenset({"instruction_recorded"}),
    ),
    RuleKind(
        name="instruction_objection",
        says="The provider objects to an unlawful instruction, and does not carry it out.",
        breaks=frozenset({"unlawful_instruction_carried_out"}),
        shows=frozenset({"instruction_objected"}),
    ),
    RuleKind(
        name="notice_pinned",
        says="Each fact names the version of the notice that was in force.",
        breaks=frozenset({"notice_not_in_force"}),
        shows=frozenset({"notice_pinned"}),
    ),
    RuleKind(
        name="notice_change",
        says="People are told of a change of the notice in this way.",
        parameters=(
            Parameter(
                name="told", shape=Shape.CHOICE, choices=TOLD, says="how, at least where rights are affected"
            ),
        ),
        breaks=frozenset({"notice_change_not_told"}),
        shows=frozenset({"notice_change_told"}),
        deadlines=frozenset({"tell_people"}),
    ),
)
