"""The audits of the processing agreement, CD-24 to CD-28: kept, broken, and at the boundary."""

from typing import Any

from tests.unit.clauses.moments import HOUR, INSTANT, at
from tests.unit.clauses.scenarios import (
    BROKEN,
    DUE,
    KEPT,
    NO_EVIDENCE,
    Scenario,
    Story,
    edge,
    then,
)
from tests.unit.clauses.stories import T, passes, stated


def announced(when: int, audit: str = "a-1", begins: int | None = None, **fields: Any) -> Story:
    """An audit is announced, far enough ahead unless its begin is given."""
    begins_at = when + 60 * 24 * HOUR if begins is None else begins
    said = {"begins_at": begins_at, "ends_at": begins_at + 48 * HOUR, **fields}
    return stated("audit.announced", when, audit_id=audit, **said)


def _lacking(what: str) -> Story:
    """An audit is announced without one of the things that are to be stated."""
    nothing: dict[str, Any] = {what: None}
    return announced(T, **nothing)


YEAR_END = at("2026-12-31 23:59:59.999999")
NEW_YEAR = at("2027-01-01 00:00")
FIRST = announced(at("2026-01-12 10:00"), "a-0", begins=at("2026-04-07 09:00"))
EARLY = at("2026-09-01 10:00")
BREACH = stated("breach.discovered", T, breach_id="b-9")


def extra(when: int = T + HOUR, **fields: Any) -> Story:
    """An audit beside the yearly one."""
    return announced(when, "a-2", kind="extra", **fields)


AUDITS = (
    Scenario("CD-24", KEPT, "an independent third party bound to secrecy", announced(T)),
    Scenario("CD-24", BROKEN, "not independent", announced(T, independent=False)),
    Scenario("CD-24", BROKEN, "not bound to secrecy", announced(T, bound_to_secrecy=False)),
    Scenario("CD-25", KEPT, "the first of the year", FIRST),
    Scenario(
        "CD-25",
        BROKEN,
        "a second one in the year",
        then(FIRST, announced(EARLY, begins=at("2026-11-02 09:00"))),
    ),
    edge(
        "CD-25",
        BROKEN,
        "a second one in the year's last instant",
        then(FIRST, announced(EARLY, begins=YEAR_END)),
    ),
    edge(
        "CD-25",
        KEPT,
        "the next one with the new year, Dutch time",
        then(FIRST, announced(EARLY, begins=NEW_YEAR)),
    ),
    edge(
        "CD-25",
        BROKEN,
        "it was to begin with the new year, and began an instant before",
        then(FIRST, announced(EARLY, begins=NEW_YEAR), stated("audit.begun", YEAR_END)),
    ),
    Scenario(
        "CD-25",
        KEPT,
        "the first was refused with a ground",
        then(
            announced(T, "a-0", begins=T + HOUR),
            stated("audit.refused", T + INSTANT, audit_id="a-0", ground="too_soon"),
            announced(EARLY),
        ),
    ),
    Scenario(
        "CD-25",
        KEPT,
        "an extra one after a breach",
        then(FIRST, BREACH, extra(ground="breach", ground_reference="b-9")),
    ),
    Scenario(
        "CD-25",
        BROKEN,
        "an extra one on a breach there was not",
        then(FIRST, extra(ground="breach", ground_reference="b-9")),
    ),
    edge(
        "CD-25",
        KEPT,
        "announced when the breach is discovered",
        then(FIRST, BREACH, extra(T, ground="breach", ground_reference="b-9")),
    ),
    edge(
        "CD-25",
        BROKEN,
        "announced an instant before",
        then(FIRST, BREACH, extra(T - INSTANT, ground="breach", ground_reference="b-9")),
    ),
    Scenario(
        "CD-25",
        KEPT,
        "the breach reaches the ledger after the audit on it",
        then(FIRST, extra(ground="breach", ground_reference="b-9"), BREACH),
    ),
    Scenario(
        "CD-25",
        KEPT,
        "an extra one on an indication that is named",
        then(FIRST, extra(ground="misuse_indication", ground_reference="case-3")),
    ),
    Scenario(
        "CD-25",
        BROKEN,
        "an indication nobody names is not evidenced",
        then(FIRST, extra(ground="misuse_indication")),
    ),
    Scenario(
        "CD-25",
        KEPT,
        "an extra one an authority orders",
        then(FIRST, extra(ground="authority_order", ground_reference="order-1")),
    ),
    Scenario("CD-25", BROKEN, "an order nobody names", then(FIRST, extra(ground="authority_order"))),
    Scenario("CD-25", BROKEN, "an extra one without a ground", then(FIRST, extra())),
    # The day of the announcement does not count: four weeks are 3 to 30 March, over the change to summer time.
    edge("CD-26", KEPT, "to begin when four weeks are over", announced(T, begins=at("2026-03-31 00:00"))),
    edge(
        "CD-26",
        BROKEN,
        "to begin in their last instant",
        announced(T, begins=at("2026-03-30 23:59:59.999999")),
    ),
    Scenario("CD-26", KEPT, "announced two months ahead", announced(T)),
    Scenario("CD-26", BROKEN, "announced a week ahead", announced(T, begins=T + 168 * HOUR)),
    Scenario(
        "CD-26",
        KEPT,
        "moved to a later day at short notice",
        then(announced(T), announced(T + 1400 * HOUR, begins=T + 1480 * HOUR)),
    ),
    Scenario(
        "CD-26",
        BROKEN,
        "moved forward at short notice",
        then(announced(T), announced(T + HOUR, begins=T + 168 * HOUR)),
    ),
    Scenario("CD-26", BROKEN, "begun without any announcement", stated("audit.begun", T)),
    *(
        Scenario("CD-26", BROKEN, f"without {what}", _lacking(what))
        for what in ("scope", "auditor", "qualifications", "begins_at", "ends_at")
    ),
    Scenario("CD-26", BROKEN, "not in writing", announced(T, in_writing=False)),
    Scenario("CD-27", DUE, "announced, and its day is to come", announced(T)),
    Scenario("CD-27", KEPT, "access is given", then(announced(T), stated("audit.access_granted", T + HOUR))),
    edge(
        "CD-27",
        KEPT,
        "access when it is to begin",
        then(announced(T), stated("audit.access_granted", T + 1440 * HOUR)),
    ),
    edge(
        "CD-27",
        BROKEN,
        "access an instant later",
        then(announced(T), stated("audit.access_granted", T + 1440 * HOUR + INSTANT)),
    ),
    Scenario("CD-27", BROKEN, "no access, and its day passes", then(announced(T), passes(T + 1441 * HOUR))),
    Scenario(
        "CD-27",
        BROKEN,
        "other customers' data can be seen",
        then(announced(T), stated("audit.access_granted", T + HOUR, other_customers_shielded=False)),
    ),
    *(
        Scenario(
            "CD-27",
            BROKEN,
            f"refused as {ground} without being so",
            then(announced(T), stated("audit.refused", T + HOUR, ground=ground)),
        )
        for ground in ("too_soon", "too_often", "not_independent", "no_secrecy", "other")
    ),
    *(
        Scenario(
            "CD-27",
            NO_EVIDENCE,
            f"refused as {ground}, and so it is",
            then(announced(EARLY, **fields), stated("audit.refused", EARLY + HOUR, ground=ground)),
        )
        for ground, fields in (
            ("too_soon", {"begins": EARLY + 24 * HOUR}),
            ("not_independent", {"independent": False}),
            ("no_secrecy", {"bound_to_secrecy": False}),
        )
    ),
    Scenario("CD-28", KEPT, "the controller pays", then(announced(T), stated("audit.closed", T + HOUR))),
    Scenario(
        "CD-28",
        BROKEN,
        "the provider pays",
        then(announced(T), stated("audit.closed", T + HOUR, costs_borne_by="provider")),
    ),
    Scenario(
        "CD-28",
        BROKEN,
        "costs are shared",
        then(announced(T), stated("audit.closed", T + HOUR, costs_borne_by="shared")),
    ),
)
