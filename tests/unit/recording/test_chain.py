"""A chain lets each source position take effect once, in order, whatever a sealer sends again or loses."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from ledger.entry import SourcePosition
from ledger.recording.chain import ChainVerdict, judge_link

Judge = Callable[[SourcePosition, SourcePosition | None, SourcePosition | None], ChainVerdict]

ACCEPTED, RESEALED, OUT_OF_CHAIN = ChainVerdict.ACCEPTED, ChainVerdict.RESEALED, ChainVerdict.OUT_OF_CHAIN


def at(offset: int, part: int = 0) -> SourcePosition:
    """A source position."""
    return SourcePosition(offset, part)


@pytest.mark.parametrize(
    ("position", "previous", "mark", "expected"),
    [
        pytest.param(at(0), None, None, ACCEPTED, id="the first of all"),
        pytest.param(at(7), None, None, ACCEPTED, id="the first, of an inbox that begins later"),
        pytest.param(at(5), at(4), at(4), ACCEPTED, id="the next"),
        pytest.param(at(9), at(4), at(4), ACCEPTED, id="the next of this ledger partition"),
        pytest.param(at(4, 1), at(4, 0), at(4, 0), ACCEPTED, id="the next part of the same record"),
        pytest.param(at(5), at(4, 1), at(4, 1), ACCEPTED, id="the next after the last part"),
        pytest.param(at(4), at(3), at(4), RESEALED, id="the last again"),
        pytest.param(at(0), None, at(4), RESEALED, id="the first again"),
        pytest.param(at(4, 0), at(3), at(4, 1), RESEALED, id="the first part again"),
        pytest.param(at(2), at(1), at(4), RESEALED, id="an earlier one again"),
        pytest.param(at(3), None, at(4), RESEALED, id="an earlier one that says it was the first"),
        pytest.param(at(5), at(4), None, OUT_OF_CHAIN, id="the first one lost"),
        pytest.param(at(6), at(5), at(4), OUT_OF_CHAIN, id="one lost"),
        pytest.param(at(5), at(4, 1), at(4, 0), OUT_OF_CHAIN, id="one part lost"),
        pytest.param(at(5), at(3), at(4), OUT_OF_CHAIN, id="one that leaves out the mark"),
        pytest.param(at(5), None, at(4), OUT_OF_CHAIN, id="a later one that says it is the first"),
    ],
)
def test_link_judged(
    position: SourcePosition,
    previous: SourcePosition | None,
    mark: SourcePosition | None,
    expected: ChainVerdict,
) -> None:
    """Accepted exactly when the record before it took effect last; else seen before, or something is missing."""
    assert expected == judge_link(position, previous, mark)


class Run(NamedTuple):
    """One life of a sealer: where it starts, how far it gets, which of its sends are lost."""

    start: int
    end: int
    lost: frozenset[int]


@st.composite
def sealer_lives(draw: st.DrawFn) -> tuple[list[SourcePosition], list[Run]]:
    """What one inbox partition gives one ledger partition, and the lives of the sealers that send it."""
    positions = sorted(draw(st.sets(st.builds(at, st.integers(0, 6), st.integers(0, 2)), min_size=1)))
    count = len(positions)
    runs = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, count - 1))
        end = draw(st.integers(start, count))
        lost = draw(st.frozensets(st.integers(start, count - 1)))
        runs.append(Run(start, end, lost))
    return positions, runs


def accepted_in(
    judge: Judge, positions: Sequence[SourcePosition], runs: Sequence[Run]
) -> list[SourcePosition]:
    """What takes effect of a log that holds what the runs sent, one after the other."""
    mark: SourcePosition | None = None
    accepted = []
    for run in runs:
        for place in range(run.start, run.end):
            if place in run.lost:
                continue
            position, previous = positions[place], positions[place - 1] if place else None
            if judge(position, previous, mark) is ACCEPTED:
                accepted.append(position)
                mark = position
    return accepted


def assert_once_and_in_order(judge: Judge, positions: Sequence[SourcePosition], runs: Sequence[Run]) -> None:
    """Whatever was sent and lost, nothing takes effect twice, before its time, or past a hole."""
    accepted = accepted_in(judge, positions, runs)
    assert list(positions[: len(accepted)]) == accepted
    everything_again = Run(0, len(positions), frozenset())
    assert list(positions) == accepted_in(judge, positions, [*runs, everything_again])


@settings(deadline=None)
@given(sealer_lives())
def test_each_position_takes_effect_once_and_in_order(lives: tuple[list[SourcePosition], list[Run]]) -> None:
    """Sealers restart from anywhere and lose sends; one full resend later all is in, exactly once."""
    assert_once_and_in_order(judge_link, *lives)


@settings(deadline=None)
@given(sealer_lives())
def test_resend_from_the_first_hole_is_enough(lives: tuple[list[SourcePosition], list[Run]]) -> None:
    """A restarted sealer goes on where its progress stands, which is never past what was lost."""
    positions, runs = lives
    missing_from = len(accepted_in(judge_link, positions, runs))
    heal = Run(missing_from, len(positions), frozenset())
    assert positions == accepted_in(judge_link, positions, [*runs, heal])


def ignoring_previous(
    position: SourcePosition, _previous: SourcePosition | None, mark: SourcePosition | None
) -> ChainVerdict:
    """A judge that only looks whether the position is new: it accepts past a hole."""
    return ACCEPTED if mark is None or position > mark else RESEALED


def accepting_anything(
    _position: SourcePosition, _previous: SourcePosition | None, _mark: SourcePosition | None
) -> ChainVerdict:
    """A judge that knows no chain."""
    return ACCEPTED


def refusing_the_first(
    position: SourcePosition, previous: SourcePosition | None, mark: SourcePosition | None
) -> ChainVerdict:
    """A judge that never starts a chain: what follows a resend is lost."""
    return OUT_OF_CHAIN if mark is None else judge_link(position, previous, mark)


@pytest.mark.parametrize("broken", [ignoring_previous, accepting_anything, refusing_the_first])
def test_broken_judge_fails_the_property(broken: Judge) -> None:
    """The property notices a judge that lets a hole pass, one that takes effect twice, one that never begins."""

    def fails(lives: tuple[list[SourcePosition], list[Run]]) -> bool:
        try:
            assert_once_and_in_order(broken, *lives)
        except AssertionError:
            return True
        return False

    positions, runs = find(sealer_lives(), fails)
    with pytest.raises(AssertionError):
        assert_once_and_in_order(broken, positions, runs)
    assert_once_and_in_order(judge_link, positions, runs)
