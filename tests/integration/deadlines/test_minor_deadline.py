"""The time to erase a minor's data passes in the minor's own stream, and an erasure in time undoes the miss (MB-45)."""

from typing import Any

from ledger.bootstrap import Runtime
from ledger.contract.cloudevents import parse_time
from ledger.deadlines.deadlines_run import DeadlinesRun, Said
from ledger.policies import load_pack
from ledger.store.deadlines import DeadlineRow, read_deadlines
from ledger.store.queries import FindingRow, Queries
from tests.ledger_home import inbox_record, publish, settle

CONTROLLER = "messages-example"
NUMBER = "+3197010000401"
PACK = load_pack("messagebird")
FOUND_AT = parse_time("2026-03-27T12:00:00Z")
ENDS_AT = parse_time("2026-03-27T23:00:00Z")
"""At once: by the end of the day, local time."""


def tell(parts: Runtime, event_type: str, at: int, **fields: Any) -> None:
    """A fact about the minor, or about the controller's policies, recorded."""
    record = inbox_record(event_type, event_type, occurred_at=at, controller=CONTROLLER, **fields)
    publish(parts, record)
    settle(parts)


def carry_out(parts: Runtime) -> Said:
    """What a run says."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        store.autocommit = True
        return DeadlinesRun(parts, vault, store, settle=settle).carry_out()


def state(parts: Runtime) -> tuple[DeadlineRow, list[FindingRow]]:
    """The one deadline, and what is found of minors."""
    with parts.store_connection(parts.settings.store_schema) as store:
        [deadline] = [each for each in read_deadlines(store) if each.case_kind == "minor"]
        found = [each for each in Queries(store).findings() if each.code == "minor_data_kept"]
    return deadline, found


def test_minor_whose_data_stays_is_found_and_an_erasure_in_time_resolves_it(parts: Runtime) -> None:
    """Open, missed once the ledger says so, met when the service's erasure is heard of late."""
    tell(
        parts,
        "policy.adopted",
        FOUND_AT - 1,
        pack=PACK.pack.id,
        pack_version=PACK.pack.version,
        content=PACK.content,
        content_sha256=PACK.sha256,
    )
    tell(parts, "minor.found", FOUND_AT, subject_phone=NUMBER, how="told_by_parent", parental_consent=False)
    deadline, found = state(parts)
    assert (deadline.state, deadline.rule, deadline.ends_at, found) == (
        "open",
        "messagebird:MB-45",
        ENDS_AT,
        [],
    )
    assert carry_out(parts).passed == 1
    deadline, [kept] = state(parts)
    assert (deadline.state, kept.rule, kept.offset) == ("missed", "messagebird:MB-45", deadline.started_by)
    assert kept.stream == deadline.stream
    tell(
        parts,
        "data.erased",
        ENDS_AT - 1,
        subject_phone=NUMBER,
        trigger="child_found",
        outcome="erased",
        service="messages",
    )
    deadline, found = state(parts)
    assert (deadline.state, found) == ("met", [])
    assert carry_out(parts) == Said(0, 0)
