"""The cases of a period after which data is gone."""

from collections.abc import Iterator

from tests.unit.clauses.moments import GRACE, INSTANT
from tests.unit.clauses.scenarios import BROKEN, DUE, KEPT, Scenario, Story, edge, then
from tests.unit.clauses.stories import goes, stated


def ends_on(
    clause: str, data: Story, due: int, *, what: str = "data", others_owed: bool = False
) -> Iterator[Scenario]:
    """The cases of a period: its last instant, its end, and the two days in which everything goes.

    Args:
        clause: the promise.
        data: what is kept.
        due: the first moment at which the period is over, by the words of the clause.
        what: how it is called.
        others_owed: whether the promise has another period that still runs then.
    """
    met = DUE if others_owed else KEPT
    late = due + GRACE + INSTANT
    waits = then(data, goes(due, unconfirmed=True))
    yield Scenario(clause, DUE, f"{what} is there and the period runs", data)
    yield edge(clause, DUE, f"{what} stays in the period's last instant", then(data, goes(due - INSTANT)))
    yield edge(clause, met, f"{what} goes when the period is over", then(data, goes(due)))
    yield edge(clause, met, f"{what} is gone within two days", then(data, goes(due + GRACE)))
    yield edge(clause, BROKEN, f"{what} goes later than two days", then(data, goes(late)))
    yield Scenario(clause, DUE, f"{what} is to go and has not yet", waits)
    yield Scenario(clause, BROKEN, f"{what} was to go, and is there after two days", waits, now=late)
    yield edge(
        clause, BROKEN, f"that {what} went is confirmed too late", then(data, goes(due, confirmed_at=late))
    )


def ended(
    clause: str, *, retention_class: str, rule: str, period: str, epoch_day: int, due: int
) -> Iterator[Scenario]:
    """The cases of a period of data that no event has a field of yet: what the ledger would say of its end."""

    def end(when: int, *, confirmed: bool = True) -> Story:
        said = {"retention_class": retention_class, "epoch_day": epoch_day}
        told = stated(
            "retention.ended",
            when,
            **said,
            recorded_at=when,
            run_id="run-1",
            starts="event",
            period=period,
            ended_at=due,
            rule=rule,
            action="destroy",
        )
        key = {**said, "destruction_id": "k-1", "key_kind": "epoch", "why": "retention_end"}
        gone = stated("key.destroyed", when, recorded_at=when, phase="confirmed", **key)
        return then(told, gone) if confirmed else told

    yield edge(clause, KEPT, "data goes when the period is over", end(due))
    yield edge(clause, KEPT, "data is gone within two days", end(due + GRACE))
    yield edge(clause, BROKEN, "data goes later than two days", end(due + GRACE + INSTANT))
    yield Scenario(clause, DUE, "data is to go and has not yet", end(due, confirmed=False))
