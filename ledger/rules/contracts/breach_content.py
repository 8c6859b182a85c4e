"""What notifications of a breach tell, over all phases together, and whether promised phases came. Pure.

A notification may leave out what is not known yet (Art. 33(4)). So what is missing is found only once nothing more is
announced, the breach is closed, or its recipient was told too late.

Source: GDPR Art. 33(3), 33(4), 34(2); CB-28, CB-29, CD-20.
"""

from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from ledger.aggregates.breach import Breach
from ledger.aggregates.breach_statements import ITEMS, Risk
from ledger.rules.calendar.moment_text import counted, listed, moment_text
from ledger.rules.controller_state import RuleInForce
from ledger.rules.judging import Judging

BREACH_INCOMPLETE = "breach_incomplete"
BREACH_REPORT_INCOMPLETE = "breach_report_incomplete"
BREACH_CONTENT_COMPLETE = "breach_content_complete"
BREACH_NOT_FOLLOWED_UP = "breach_not_followed_up"
BREACH_FOLLOWED_UP = "breach_followed_up"

ITEM_TEXTS = {
    "nature": "the nature of the breach",
    "subject_categories": "the categories of people",
    "subjects_approximate": "the approximate number of people",
    "record_categories": "the categories of records",
    "records_approximate": "the approximate number of records",
    "contact": "a contact point",
    "consequences": "the likely consequences",
    "measures": "the measures taken or proposed",
}

PEOPLE_ITEMS = ("nature", "contact", "consequences", "measures")
"""Art. 34(2): the nature, and points (b), (c) and (d) of Art. 33(3)."""


class _Content(NamedTuple):
    """What a recipient must be told: by the law, or by a promise to the controller, which is broken by itself."""

    recipient: str
    items: Sequence[str]
    article: str
    rule: str = ""


def judge_content(
    judging: Judging, breach: Breach, promised: Iterable[RuleInForce], missed: Set[str]
) -> None:
    """Judges the content of all notifications, item by item.

    Args:
        judging: what the breach comes to so far.
        breach: the breach.
        promised: the entries of kind breach_content in force; they are about what the controller is told.
        missed: the recipients that were told too late, or not at all.
    """
    # Who is told although the law does not ask it is not owed any item.
    if breach.risk != Risk.UNLIKELY:
        _judge(judging, breach, _Content("authority", ITEMS, "GDPR Art. 33(3)"), missed)
    if breach.risk == Risk.HIGH:
        _judge(judging, breach, _Content("people", PEOPLE_ITEMS, "GDPR Art. 34(2)"), missed)
    for in_force in promised:
        items = in_force.entry.names("items")
        content = _Content("controller", items, in_force.entry.article, in_force.rule)
        _judge(judging, breach, content, missed)


def judge_phases(judging: Judging, breach: Breach, promised: Iterable[RuleInForce]) -> None:
    """Judges whether what was announced to follow did, before the breach was closed.

    Args:
        judging: what the breach comes to so far.
        breach: the breach.
        promised: the entries of kind breach_phases in force.
    """
    told, closing = breach.told("controller"), breach.closing
    before = [each for each in told if closing is not None and each.occurred_at <= closing.occurred_at]
    for rule, entry in promised:
        if closing is not None and before and before[-1].more_follows:
            judging.find(
                closing,
                BREACH_NOT_FOLLOWED_UP,
                article=entry.article,
                expected="what the controller was told would follow, before the breach was closed",
                found=(
                    f"more was announced on {moment_text(before[-1].occurred_at)}, and nothing followed until the "
                    f"breach was closed on {moment_text(closing.occurred_at)}"
                ),
                rule=rule,
            )
        elif any(each.more_follows for each in told[:-1]):
            judging.show(BREACH_FOLLOWED_UP, rule)


def _judge(judging: Judging, breach: Breach, content: _Content, missed: Set[str]) -> None:
    told = breach.told(content.recipient)
    if not told:
        return  # that nobody was told at all is for the clocks to find
    tells = {item for each in told for item in each.tells}
    owed = [item for item in ITEMS if item in content.items]
    missing = [ITEM_TEXTS[item] for item in owed if item not in tells]
    if not missing:
        if content.rule:
            judging.show(BREACH_CONTENT_COMPLETE, content.rule)
        return
    if told[-1].more_follows and breach.closing is None and content.recipient not in missed:
        return
    judging.find(
        told[-1],
        BREACH_INCOMPLETE if content.rule else BREACH_REPORT_INCOMPLETE,
        article=content.article,
        expected=f"a notification with {listed([ITEM_TEXTS[item] for item in owed])}",
        found=f"no word of {listed(missing)} in {counted(len(told), 'notification')}",
        rule=content.rule,
    )
