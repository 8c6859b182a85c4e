"""What transfers of personal data to a country rest on, and from when until when. Pure.

A mechanism can fall away: the United Kingdom left, the Privacy Shield was struck down. So each statement has its
validity, and the answer is one about a moment (OBLIGATIONS X16).

Source: GDPR Art. 44 to 49; Art. 30(1)(e).
"""

from collections.abc import Iterable

from ledger.aggregates.cases import Stated

ALWAYS = -(1 << 63)
NOTHING = "none"
SAFEGUARDED = frozenset({"adequacy", "scc", "bcr", "derogation"})
"""What allows a transfer outside the EEA."""


class Mechanism(Stated, frozen=True, kw_only=True):
    """What transfers to some countries rest on: not_needed, adequacy, scc, bcr, derogation or none.

    Moments in microseconds since the epoch, UTC: `valid_from` None when it always was, `valid_until` the first moment
    it is not valid any more, None while no end is known. `safeguards` says where they are documented.
    """

    countries: tuple[str, ...]
    mechanism: str
    valid_from: int | None = None
    valid_until: int | None = None
    safeguards: str | None = None

    @property
    def allows_transfer(self) -> bool:
        """Whether it is one that a transfer outside the EEA can rest on."""
        return self.mechanism in SAFEGUARDED


def mechanism_valid_at(stated: Iterable[Mechanism], country: str, moment: int) -> Mechanism | None:
    """The mechanism that is valid for a country at a moment; None when none is.

    Of several statements about one mechanism, the one that begins last by then holds, and of those with the same
    beginning the last stated: it may name an end that was not known before. Of several mechanisms that are valid, the
    one that began last holds, so that `none` ends all before it.
    """
    holding: dict[str, Mechanism] = {}
    for each in sorted(stated, key=_order):
        if country in each.countries and _begins(each) <= moment:
            holding[each.mechanism] = each
    valid = [each for each in holding.values() if each.valid_until is None or moment < each.valid_until]
    chosen = max(valid, key=_order, default=None)
    return None if chosen is None or chosen.mechanism == NOTHING else chosen


def _begins(mechanism: Mechanism) -> int:
    return ALWAYS if mechanism.valid_from is None else mechanism.valid_from


def _order(mechanism: Mechanism) -> tuple[int, int, int]:
    return _begins(mechanism), mechanism.occurred_at, mechanism.at_offset
