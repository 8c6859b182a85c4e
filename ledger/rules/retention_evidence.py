"""What an entry shows of how long data is kept: until when each class is owed, and classes nobody gave an end. Pure.

Source: GDPR Art. 5(1)(e), 13(2)(a); CF-07.
"""

from collections.abc import Iterable, Iterator

from ledger.aggregates.open_fields import fields_of
from ledger.entry import Entry
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.moment_text import listed
from ledger.rules.periods import MICROS_MAX
from ledger.rules.retention import CONSENT_PROOF, CUSTOMER, epoch_end
from ledger.rules.retention_facts import LEDGER

RETENTION_UNDEFINED = "retention_undefined"


def retention_due(state: ControllerState, classes: Iterable[str], day: int) -> tuple[Shown, ...]:
    """Until when each class of one local day's data is owed, by the rule that ends it first.

    Args:
        state: what is known.
        classes: retention classes of the ledger.
        day: days since 1970-01-01, local.

    Returns:
        One mark per class and promise; none for classes without an end, and where the ledger's own default ends them.
        What the customer set itself is owed under every promise that it may set it.
    """
    return tuple(
        Shown("retention_due", rule, end.ended_at, name)
        for name in sorted(classes)
        if (end := epoch_end(state.rules, name, day)) is not None
        for rule in promises_of(state, end.rule, name)
    )


def promises_of(state: ControllerState, rule: str, retention_class: str) -> Iterator[str]:
    """The promises that a period belongs to, by where it comes from: pack:entry, the customer, or the ledger itself.

    By the last adoption of each pack, as for the period itself: rules of retention act on the data that is there.
    """
    if rule != CUSTOMER:
        if not rule.startswith(f"{LEDGER}:"):
            yield rule
        return
    for name, entry in state.entries("retention", MICROS_MAX):
        if entry.parameters.get("customer_set") and entry.parameters.get("class") == retention_class:
            yield name


def promises_ended(state: ControllerState, entry: Entry) -> Iterator[str]:
    """The promises whose period a `retention.ended` fact says is over."""
    fields = fields_of(entry.open_fields)
    rule, name = fields.get("rule"), fields.get("retention_class")
    if isinstance(rule, str) and isinstance(name, str):
        yield from promises_of(state, rule, name)


def judge_undefined(state: ControllerState, classes: Iterable[str], day: int) -> Iterator[Finding]:
    """Classes of an entry that nobody has said the end of. A proof of consent ends by itself."""
    endless = [
        name
        for name in sorted(classes)
        if name != CONSENT_PROOF and epoch_end(state.rules, name, day) is None
    ]
    if endless:
        yield Finding(
            code=RETENTION_UNDEFINED,
            article="GDPR Art. 13(2)(a), 5(1)(e)",
            expected="a period, or what decides it, for every class of data",
            found=f"no end is known of {listed(endless)}",
        )
