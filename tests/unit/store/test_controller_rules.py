"""Rows of governance facts put together: adoptions, settings, ends of agreements, holds with what ended them."""

from hashlib import sha256
from uuid import UUID

import pytest

from ledger.policies import load_pack
from ledger.store.controller_rules import Lines, join_holds, join_restrictions, make_rules

PERSON, OTHER = UUID(int=1), UUID(int=2)
PACK = load_pack("callvoip-dpa")
ADOPTED = (PACK.pack.id, PACK.pack.version)
PLACED, LIFTED = "placed", "lifted"


def hold_row(
    state: str, at: int, *, hold_id: str = "h1", controller: str = "dentist-example"
) -> tuple[object, ...]:
    """A row of the query `holds`."""
    begins = state == PLACED
    return (
        state,
        controller,
        hold_id,
        "legal" if begins else None,
        PERSON if begins else None,
        [],
        None,
        None,
        at,
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([hold_row(PLACED, 5)], [(5, None)], id="placed"),
        pytest.param([hold_row(PLACED, 5), hold_row(LIFTED, 7)], [(5, 7)], id="lifted later"),
        pytest.param(
            [hold_row(LIFTED, 7), hold_row(PLACED, 5)], [(5, 7)], id="the lifting reached the log first"
        ),
        pytest.param([hold_row(PLACED, 5), hold_row(LIFTED, 5)], [(5, 5)], id="at the same moment"),
        pytest.param([hold_row(PLACED, 5), hold_row(LIFTED, 4)], [(5, None)], id="a lifting from before"),
        pytest.param(
            [hold_row(PLACED, 5), hold_row(LIFTED, 9), hold_row(LIFTED, 7)], [(5, 7)], id="lifted twice"
        ),
        pytest.param(
            [hold_row(PLACED, 5), hold_row(LIFTED, 7), hold_row(PLACED, 8)],
            [(5, 7), (8, None)],
            id="placed again",
        ),
        pytest.param(
            [hold_row(PLACED, 5), hold_row(PLACED, 8), hold_row(LIFTED, 7)],
            [(5, 7), (8, None)],
            id="placed again, and the lifting late",
        ),
        pytest.param([hold_row(LIFTED, 7)], [], id="lifted only"),
        pytest.param(
            [hold_row(PLACED, 5), hold_row(LIFTED, 7, hold_id="h2")], [(5, None)], id="another hold's"
        ),
        pytest.param(
            [hold_row(PLACED, 5), hold_row(LIFTED, 7, controller="garage-example")],
            [(5, None)],
            id="another controller's",
        ),
    ],
)
def test_hold_ends_with_the_first_lifting_that_happened_after_it(
    rows: list[tuple[object, ...]], expected: list[tuple[int, int | None]]
) -> None:
    """Facts reach the log in any order; nobody lifts what is not there yet, nor another's hold."""
    assert expected == [(row.placed_at, row.lifted_at) for row in join_holds(rows)]


def restriction_row(state: str, at: int, stream: UUID = PERSON) -> tuple[object, ...]:
    """A row of the query `restrictions`."""
    return state, "dentist-example", "r1", "needed_for_claim" if state == "set" else None, stream, at


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([restriction_row("set", 5), restriction_row(LIFTED, 7)], [(5, 7)], id="lifted"),
        pytest.param([restriction_row(LIFTED, 7), restriction_row("set", 5)], [(5, 7)], id="lifting first"),
        pytest.param(
            [restriction_row("set", 5), restriction_row(LIFTED, 7, OTHER)], [(5, None)], id="another's"
        ),
    ],
)
def test_restriction_ends_with_its_lifting(
    rows: list[tuple[object, ...]], expected: list[tuple[int, int | None]]
) -> None:
    """Of the same person, by the same id."""
    assert expected == [(row.since, row.until) for row in join_restrictions(rows)]


def test_restriction_holds_all_of_the_persons_data() -> None:
    """Art. 18(2): what is restricted is kept, so nothing of the person is destroyed while it is."""
    (row,) = join_restrictions([restriction_row("set", 5), restriction_row(LIFTED, 7)])
    hold = row.hold
    assert (PERSON, "restriction", frozenset()) == (hold.subject, hold.kind, hold.classes)
    assert [hold.holds("recording", at) for at in (4, 5, 6, 7)] == [False, True, True, False]


def test_rules_are_by_controller_and_leave_out_what_nobody_can_read() -> None:
    """A policy that is no policy cannot be acted on; it is a finding, and stops nothing."""
    rules = make_rules(
        Lines(
            adoptions=[
                ("garage-example", *ADOPTED, PACK.content, PACK.sha256, None, 3),
                ("dentist-example", *ADOPTED, "{}", sha256(b"{}").hexdigest(), None, 1),
                ("dentist-example", *ADOPTED, "[", sha256(b"[").hexdigest(), None, 2),
                ("dentist-example", *ADOPTED, PACK.content, "another's", None, 2),
            ],
            settings=[("dentist-example", "recording", 7, 4)],
            terminations=[("salon-example", 9, "delete", "a1", 5)],
            holds=join_holds([hold_row(PLACED, 5)]),
            returned=[("salon-example", 8), ("baker-example", 7), ("salon-example", 9)],
        )
    )
    assert list(rules) == ["baker-example", "dentist-example", "garage-example", "salon-example"]
    assert [rules[name].returned for name in ("salon-example", "baker-example")] == [(8, 9), (7,)]
    assert rules["dentist-example"].adoptions == ()
    assert [PACK.pack] == [adoption.pack for adoption in rules["garage-example"].adoptions]
    assert [setting.days for setting in rules["dentist-example"].settings] == [7]
    assert [(end.agreement_id, end.ends_at) for end in rules["salon-example"].terminations] == [("a1", 9)]
    assert [hold.hold_id for hold in rules["dentist-example"].holds] == ["h1"]
