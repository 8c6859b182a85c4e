"""What the vault keeps of the governance partition: a position that moves once, and which settings hold."""

from collections.abc import Callable
from uuid import UUID

import pytest

from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import first_moment_of
from ledger.rules.keeping.retention import ControllerRules, Setting, epoch_end
from ledger.vault.directory import Mention
from ledger.vault.governance import NO_END, RetentionSetting
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.vault import Vault
from tests.integration.vault.conftest import OpenVault

CONTROLLER, CLASS = "example-garage", "recording"
DAY_MICROS = 86_400_000_000
NOON = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z, in microseconds."""
TODAY = local_day(NOON)
INBOX_ENDS = {("inbox.processing", 0): 10, ("inbox.processing", 1): 0}
PHONE = Identifier(IdentifierKind.PHONE, "+3197010200001")


def setting(days: int, occurred_at: int, *, fact: int = 0, offset: int = 0) -> RetentionSetting:
    """A setting of one customer's recordings; by default each is a fact of its own."""
    return RetentionSetting(
        UUID(int=fact or occurred_at * 400 + days + offset), CONTROLLER, CLASS, days, occurred_at, offset
    )


def apply(vault: Vault, *settings: RetentionSetting, forget: tuple[UUID, ...] = ()) -> None:
    """Moves the position by one."""
    at = vault.governance_state().next_offset
    assert vault.advance_governance(at, at + 1, settings=settings, forget=forget, inbox_ends=INBOX_ENDS)


def last_day(vault: Vault, at: int = NOON + 99 * DAY_MICROS) -> int | None:
    """The last day of whose recordings nothing is kept in what is sealed at a moment."""
    return vault.governance_state().not_kept(at).get((CONTROLLER, CLASS))


def test_new_vault_has_applied_nothing(vault: Vault) -> None:
    """So it follows from the beginning, whatever it was restored from."""
    assert vault.governance_state() == (0, {}, False)


def test_position_moves_by_compare_and_swap(open_vault: OpenVault) -> None:
    """Of two followers with the same stretch one moves it, and the other learns that it was late."""
    first, second = open_vault(), open_vault()
    assert first.advance_governance(0, 5, settings=(), forget=(), inbox_ends={})
    assert not second.advance_governance(0, 5, settings=(), forget=(), inbox_ends={})
    assert second.governance_state().next_offset == 5


def test_late_follower_keeps_nothing(vault: Vault) -> None:
    """Else it would say what is not kept as of a position that is not the vault's."""
    apply(vault)
    assert not vault.advance_governance(0, 9, settings=[setting(0, NOON)], forget=(), inbox_ends={})
    assert vault.governance_state() == (1, {}, False)


def test_lost_position_stops_the_vault(vault: Vault, conn: Connection) -> None:
    """Taken for the beginning or the end, it would be a guess."""
    conn.execute("DELETE FROM governance_position")
    with pytest.raises(IntegrityError, match="governance_position"):
        vault.governance_state()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([setting(30, NOON)], None, id="30 days"),
        pytest.param([setting(0, NOON)], NO_END, id="0 days"),
        pytest.param([setting(30, NOON), setting(0, NOON + 1)], NO_END, id="shortened"),
        pytest.param([setting(0, NOON), setting(30, NOON + 1)], TODAY, id="lengthened the same day"),
        pytest.param(
            [setting(0, NOON), setting(1, NOON + 3 * DAY_MICROS)], TODAY + 3, id="lengthened days later"
        ),
        pytest.param(
            [setting(0, NOON), setting(30, NOON + 1), setting(60, NOON + 9 * DAY_MICROS)],
            TODAY,
            id="the first that is longer counts",
        ),
        pytest.param(
            [setting(30, NOON + DAY_MICROS), setting(0, NOON)], TODAY + 1, id="0 days came late in the log"
        ),
        pytest.param(
            [setting(0, NOON), setting(30, NOON + 1), setting(0, NOON + 2)], NO_END, id="0 days again"
        ),
        pytest.param(
            [setting(0, NOON, offset=3), setting(30, NOON, offset=4)], TODAY, id="one moment, longer later"
        ),
        pytest.param(
            [setting(30, NOON, offset=3), setting(0, NOON, offset=4)], NO_END, id="one moment, 0 days later"
        ),
        pytest.param([setting(0, NOON, fact=1), setting(30, NOON + 1, fact=1)], NO_END, id="a reused id"),
    ],
)
def test_latest_setting_by_its_own_time_holds(
    settings: list[RetentionSetting], expected: int | None, vault: Vault
) -> None:
    """Late facts included; and a longer period acts from the day after it only."""
    for one in settings:
        apply(vault, one)
    assert expected == last_day(vault)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param([setting(0, NOON)], [None, NO_END, NO_END], id="0 days to come"),
        pytest.param(
            [setting(30, NOON - 1), setting(0, NOON)], [None, NO_END, NO_END], id="30 days until then"
        ),
        pytest.param(
            [setting(0, NOON - 9 * DAY_MICROS), setting(30, NOON - 8 * DAY_MICROS), setting(0, NOON)],
            [TODAY - 8, NO_END, NO_END],
            id="0 days again, to come",
        ),
        pytest.param(
            [setting(0, NOON), setting(30, NOON + DAY_MICROS)],
            [None, TODAY + 1, TODAY + 1],
            id="and for one day",
        ),
        pytest.param(
            [setting(0, NOON - DAY_MICROS), setting(0, NOON), setting(30, NOON + 2 * DAY_MICROS)],
            [TODAY + 2] * 3,
            id="stated twice",
        ),
    ],
)
def test_setting_holds_from_its_own_moment(
    settings: list[RetentionSetting], expected: list[int | None], vault: Vault
) -> None:
    """What is sealed before it is kept: it would be gone for ever, and a date can be corrected."""
    for one in settings:
        apply(vault, one)
    assert expected == [last_day(vault, at) for at in (NOON - 1, NOON, NOON + DAY_MICROS)]


@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_what_is_left_out_is_what_would_end_with_its_own_day(hour: int, vault: Vault) -> None:
    """The sealer and the retention run must not differ: one says not kept, the other due at once."""
    settings = [
        setting(0, first_moment_of(TODAY) + hour * 3_600_000_000),
        setting(30, first_moment_of(TODAY + 2) + hour * 3_600_000_000),
        setting(0, first_moment_of(TODAY + 9) + 1),
        setting(5, first_moment_of(TODAY + 12)),
    ]
    for one in settings:
        apply(vault, one)
    rules = ControllerRules(
        settings=tuple(Setting(retention_class=CLASS, days=one.days, at=one.occurred_at) for one in settings)
    )
    for sealed in range(TODAY - 3, TODAY + 20):
        sealed_at = first_moment_of(sealed) + 13 * 3_600_000_000
        until = last_day(vault, sealed_at)
        for day in range(TODAY - 5, sealed + 1):
            end = epoch_end(rules.known_at(sealed_at), CLASS, day)
            nothing_kept = end is not None and end.period == "P0D"
            assert nothing_kept == (until is not None and day <= until), (sealed - TODAY, day - TODAY)


def erased(vault: Vault) -> UUID:
    """A closed subject that a number still leads to."""
    (subject,) = vault.resolve_subjects([Mention(controller=CONTROLLER, identifiers=(PHONE,))])
    assert subject is not None
    vault.close_subject(subject, "erasure_request")
    return subject


def test_person_is_forgotten_once_the_sealers_are_past_the_inbox(vault: Vault) -> None:
    """What they still have to seal must reach the old pseudonym: sealed again under a new one it would live on."""
    subject = erased(vault)
    vault.initialise_progress("inbox.processing", 0, 4)
    apply(vault, forget=(subject,))
    assert vault.governance_state().forgetting
    vault.forget_due()
    assert vault.directory_count(subject) == 1
    vault.advance("inbox.processing", 0, 4, 10, {})
    vault.forget_due()
    assert vault.directory_count(subject) == 0
    assert not vault.governance_state().forgetting


def test_inbox_nobody_has_sealed_of_yet_is_waited_for(vault: Vault) -> None:
    """No progress is no permission."""
    subject = erased(vault)
    apply(vault, forget=(subject,))
    vault.forget_due()
    assert vault.directory_count(subject) == 1


def test_first_ends_stand(vault: Vault) -> None:
    """Learnt twice, it is not put off for ever."""
    subject = erased(vault)
    vault.initialise_progress("inbox.processing", 0, 10)
    apply(vault, forget=(subject,))
    later = {("inbox.processing", 0): 1000}
    assert vault.advance_governance(1, 2, settings=(), forget=(subject,), inbox_ends=later)
    vault.forget_due()
    assert vault.directory_count(subject) == 0


def test_who_is_forgotten_is_not_asked_to_wait(vault: Vault) -> None:
    """In normal operation the erasure itself has forgotten them."""
    subject = erased(vault)
    assert frozenset({subject}) == vault.not_forgotten([subject, UUID(int=1)])
    vault.forget_subject(subject)
    assert vault.not_forgotten([subject]) == frozenset()


def test_key_of_the_ledgers_own_facts_is_the_vaults(
    open_vault: OpenVault, open_connection: Callable[[], Connection]
) -> None:
    """Every process has the same one, and it stands wrapped in the table."""
    one, other = open_vault(), open_vault()
    assert one.own_facts_key == other.own_facts_key
    assert len(one.own_facts_key) == 32
    rows = open_connection().execute("SELECT wrapped FROM vault_secret").fetchall()
    assert all(one.own_facts_key not in bytes(row[0]) for row in rows)
