"""From rows of governance facts to what each controller's facts say about how long its data is kept.

Facts reach the log in any order, so what ends a hold is decided by when both happened: a lifting from before a hold
began is not of it. Too much is held then, which can be mended; what was destroyed cannot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.rules.controller_state import pack_of
from ledger.rules.keeping.retention import Adoption, ControllerRules, Setting, Termination
from ledger.store.forgetting_rows import HoldRow, RestrictionRow

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Governance facts as rows: controller first, then as `sql/forgetting.sql` selects them."""

    adoptions: Iterable[Row]
    settings: Iterable[Row]
    terminations: Iterable[Row]
    holds: Sequence[HoldRow | RestrictionRow]
    returned: Iterable[Row] = ()


def make_rules(lines: Lines) -> dict[str, ControllerRules]:
    """What each controller's facts add up to; controllers by name."""
    adoptions: dict[str, list[Adoption]] = {}
    for controller, *stated, region, at in lines.adoptions:
        pack = pack_of(*stated)
        if pack is not None:
            adoptions.setdefault(controller, []).append(Adoption(pack=pack, region=region, at=at))
    settings: dict[str, list[Setting]] = {}
    for controller, retention_class, days, at in lines.settings:
        setting = Setting(retention_class=retention_class, days=days, at=at)
        settings.setdefault(controller, []).append(setting)
    terminations: dict[str, list[Termination]] = {}
    for controller, ends_at, choice, agreement_id, at in lines.terminations:
        termination = Termination(ends_at=ends_at, choice=choice, agreement_id=agreement_id, at=at)
        terminations.setdefault(controller, []).append(termination)
    returned: dict[str, list[int]] = {}
    for controller, at in lines.returned:
        returned.setdefault(controller, []).append(at)
    holds: dict[str, list[HoldRow | RestrictionRow]] = {}
    for row in lines.holds:
        holds.setdefault(row.controller, []).append(row)
    return {
        controller: ControllerRules(
            adoptions=tuple(adoptions.get(controller, ())),
            settings=tuple(settings.get(controller, ())),
            terminations=tuple(terminations.get(controller, ())),
            returned=tuple(returned.get(controller, ())),
            holds=tuple(row.hold for row in holds.get(controller, ())),
        )
        for controller in sorted({*adoptions, *settings, *terminations, *returned, *holds})
    }


def join_holds(rows: Sequence[Row]) -> list[HoldRow]:
    """Each hold that was placed, with the moment it was lifted, in the order of the log.

    Args:
        rows: state, controller, hold id, kind, subject, classes, article, ends at, occurred at.
    """
    lifted: dict[tuple[str, str], list[int]] = {}
    for state, controller, hold_id, *_, at in rows:
        if state == "lifted":
            lifted.setdefault((controller, hold_id), []).append(at)
    return [
        HoldRow(
            controller,
            hold_id,
            kind or "",
            subject,
            frozenset(classes),
            article,
            ends_at,
            at,
            _first_from(at, lifted.get((controller, hold_id), ())),
        )
        for state, controller, hold_id, kind, subject, classes, article, ends_at, at in rows
        if state == "placed"
    ]


def join_restrictions(rows: Sequence[Row]) -> list[RestrictionRow]:
    """Each restriction that was set, with the moment it was lifted, in the order of the log.

    Args:
        rows: state, controller, restriction id, ground, stream, occurred at.
    """
    lifted: dict[tuple[object, str], list[int]] = {}
    for state, _, restriction_id, _, stream, at in rows:
        if state == "lifted":
            lifted.setdefault((stream, restriction_id), []).append(at)
    return [
        RestrictionRow(
            controller,
            restriction_id,
            ground or "",
            stream,
            at,
            _first_from(at, lifted.get((stream, restriction_id), ())),
        )
        for state, controller, restriction_id, ground, stream, at in rows
        if state == "set"
    ]


def _first_from(begin: int, moments: Iterable[int]) -> int | None:
    """The earliest of some moments that is not before another."""
    return min((at for at in moments if at >= begin), default=None)
