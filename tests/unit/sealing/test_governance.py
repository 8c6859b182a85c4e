"""Following the governance partition: what is asked of the broker, and what happens when somebody else was first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import pytest

from ledger.config import LEDGER_TOPIC
from ledger.contract.ledger_record import encode_entry
from ledger.entry import Entry
from ledger.log.failures import LogHole, LogRegressed, TopicMissing
from ledger.log.records import Partition, ReadRecord
from ledger.sealing.governance import FORGET_AGAIN_S, GOVERNANCE, GovernanceFollower
from ledger.vault.governance import GovernanceState, InboxEnds, RetentionSetting
from ledger.vault.in_flight import BatchInFlight
from tests.unit.aggregates.facts import make_entry
from tests.unit.sealing.memory_vault import MemoryVault

CONTROLLER = "example-garage"


def day_destroyed(day: int) -> Entry:
    """The announced end of one day's recordings."""
    fields = (
        '{"destruction_id":"d","epoch_day":%d,"fact":null,"key_kind":"epoch","phase":"intent","request_id":null,'
        '"retention_class":"recording","subject_pseudonym":null,"why":"retention_end"}'
    )
    return make_entry(event_type="key.destroyed", controller=CONTROLLER, open_fields=fields % day)


class Log:
    """Partition 0 in memory, which counts what it is asked."""

    def __init__(self, entries: Sequence[Entry], *, begin: int = 0) -> None:
        self.values = {offset: encode_entry(entry) for offset, entry in enumerate(entries, start=begin)}
        self.begin = begin
        self.at = 0
        self.batch_size_max = 2
        self.asked: list[str] = []

    @property
    def end(self) -> int:
        """Where the next record would go."""
        return max(self.values, default=self.begin - 1) + 1

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Moves there."""
        self.asked.append("assign")
        self.at = positions[GOVERNANCE]

    def poll(self, timeout_s: float) -> Mapping[Partition, Sequence[ReadRecord]]:
        """The next two records."""
        self.asked.append("poll")
        offsets = sorted(offset for offset in self.values if offset >= self.at)[: self.batch_size_max]
        self.at = offsets[-1] + 1 if offsets else self.at
        records = [ReadRecord(GOVERNANCE, offset, b"", self.values[offset], [], 0) for offset in offsets]
        return {GOVERNANCE: records} if records else {}

    def begins(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Its first offset."""
        return dict.fromkeys(partitions, self.begin)

    def ends(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Its end."""
        self.asked.append("end")
        return dict.fromkeys(partitions, self.end)

    def partitions_of(self, topic: str) -> Collection[Partition]:
        """One, of the ledger."""
        return [Partition(topic, 0)]


class NoTopic(Log):
    """A broker without the ledger topic."""

    def partitions_of(self, topic: str) -> Collection[Partition]:
        """None."""
        raise TopicMissing(f"topic {LEDGER_TOPIC} does not exist")


class FollowedVault(MemoryVault):
    """A vault in memory with a position."""

    def __init__(self, position: int = 0) -> None:
        super().__init__()
        self.position = position
        self.lose_next = 0

    def governance_state(self) -> GovernanceState:
        """No settings."""
        return GovernanceState(self.position, {}, False)

    def advance_governance(
        self,
        expected_next: int,
        new_next: int,
        *,
        settings: Collection[RetentionSetting],
        forget: Collection[UUID],
        inbox_ends: InboxEnds,
    ) -> bool:
        """Compare-and-swap; `lose_next` lets another follower move it first, as far."""
        if self.lose_next:
            self.position, self.lose_next = self.lose_next, 0
        if expected_next != self.position:
            return False
        self.position = new_next
        return True

    def destroy_epochs(
        self, names: Collection[tuple[str, str, int]], why: str
    ) -> frozenset[tuple[str, str, int]]:
        """Leaves tombstones."""
        live = frozenset(name for name in names if self.epoch_keys.get(name) is not None)
        self.epoch_keys |= dict.fromkeys(names)
        return live


def test_follows_to_the_end_in_stretches() -> None:
    """Everything below the end is applied, and the position says so."""
    vault, log = FollowedVault(), Log([day_destroyed(day) for day in range(5)])
    follower = GovernanceFollower(vault, log)
    follower.follow()
    assert (follower.rules_at, vault.position) == (5, 5)
    assert {(CONTROLLER, "recording", day): None for day in range(5)} == vault.epoch_keys


def test_nothing_new_costs_one_look_at_the_end() -> None:
    """A sealer asks before each batch."""
    vault, log = FollowedVault(), Log([day_destroyed(1)])
    follower = GovernanceFollower(vault, log)
    follower.follow()
    log.asked.clear()
    follower.follow()
    assert log.asked == ["end"]


def test_restored_position_is_followed_from_there() -> None:
    """What lies before it is in the back-up."""
    vault, log = FollowedVault(position=3), Log([day_destroyed(day) for day in range(5)])
    GovernanceFollower(vault, log).follow()
    assert {(CONTROLLER, "recording", 3), (CONTROLLER, "recording", 4)} == set(vault.epoch_keys)


@pytest.mark.parametrize("other_reached", [1, 2, 4, 5], ids=lambda at: f"at {at}")
def test_another_follower_that_was_first_is_caught_up_with(other_reached: int) -> None:
    """Wherever it has got to, past our own stretch or not: the position is read again, nothing is skipped."""
    vault, log = FollowedVault(), Log([day_destroyed(day) for day in range(5)])
    vault.lose_next = other_reached
    follower = GovernanceFollower(vault, log)
    follower.follow()
    assert (follower.rules_at, vault.position) == (5, 5)
    ours = {day for _, _, day in vault.epoch_keys}
    assert set(range(other_reached, 5)) <= ours


def test_another_follower_that_did_it_all_leaves_nothing_to_read() -> None:
    """The end is known, the vault is there already."""
    vault, log = FollowedVault(), Log([day_destroyed(1), day_destroyed(2)])
    follower = GovernanceFollower(vault, log)
    vault.position = 2
    follower.follow()
    assert follower.rules_at == 2
    assert "poll" not in log.asked


def test_hole_stops_the_vault() -> None:
    """The missing record may be a destruction."""
    log = Log([day_destroyed(day) for day in range(5)])
    del log.values[2]
    vault = FollowedVault()
    with pytest.raises(LogHole):
        GovernanceFollower(vault, log).follow()
    assert vault.position == 2


def test_log_that_begins_after_the_position_stops_the_vault() -> None:
    """What was before may have been destructions."""
    with pytest.raises(LogHole):
        GovernanceFollower(FollowedVault(), Log([day_destroyed(1)], begin=1)).follow()


def test_log_that_ends_before_the_position_stops_the_vault() -> None:
    """It lost its tail, or is another."""
    with pytest.raises(LogRegressed):
        GovernanceFollower(FollowedVault(position=2), Log([day_destroyed(1)])).follow()


def test_first_start_has_nothing_to_follow() -> None:
    """No topic, and nothing was ever applied."""
    follower = GovernanceFollower(FollowedVault(), NoTopic([]))
    follower.follow()
    assert (follower.rules_at, follower.not_kept(0)) == (0, {})


def test_topic_that_is_gone_stops_the_vault() -> None:
    """Something was applied once, so there was a topic."""
    with pytest.raises(LogRegressed):
        GovernanceFollower(FollowedVault(position=7), NoTopic([])).follow()


class BusyVault(FollowedVault):
    """A vault with somebody to forget, whose sealers never let anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def governance_state(self) -> GovernanceState:
        """Somebody waits."""
        return super().governance_state()._replace(forgetting=True)

    def forget_due(self) -> None:
        """Refuses."""
        self.asked += 1
        raise BatchInFlight("nobody can be forgotten now")


def test_batch_in_flight_puts_forgetting_off_and_stops_nobody() -> None:
    """The vault serves on; it is asked again after a while only, since each try keeps batches waiting."""
    vault, now = BusyVault(), 100.0
    follower = GovernanceFollower(vault, Log([]), monotonic=lambda: now)
    for _ in range(3):
        follower.follow()
    assert vault.asked == 1
    now += FORGET_AGAIN_S
    follower.forget_due()
    assert vault.asked == 2
