"""What a record of processing activities should say and no fact says: named, never filled in. Pure.

Source: GDPR Art. 30(1) and 30(2), 44, 37(7).
"""

from collections.abc import Iterator, Sequence

from ledger.rules.processing.eea import in_eea
from ledger.rules.register.records import (
    CONTROLLER,
    DPO,
    PROCESSOR,
    Mechanism,
    Register,
    RegisterRole,
    ShownTransfer,
)

CONTACTS = ((CONTROLLER, "controller"), (DPO, "data protection officer"), (PROCESSOR, "processor"))


def missing_from(register: Register) -> list[str]:
    """Each gap once, with the letter of the article. Joint controllers and a representative there need not be."""
    of_controller = register.role is RegisterRole.CONTROLLER
    found = [
        f"(a) name and contact details of the {name}"
        for party, name in CONTACTS
        if party not in register.parties and not (of_controller and party == PROCESSOR)
    ]
    if not register.activities:
        found.append("(b) any activity")
    if of_controller:
        found += _of_activities(register)
    letter = "(e)" if of_controller else "(c)"
    found += [
        f"{letter} what the transfer to {one.recipient or 'storage'} in {one.country} rests on"
        for one in _unfounded(register.transfers, register.at)
    ]
    if register.measures is None:
        found.append(f"{'(g)' if of_controller else '(d)'} a general description of security measures")
    return list(dict.fromkeys(found))


def _of_activities(register: Register) -> Iterator[str]:
    for one in register.activities:
        if not one.subject_categories:
            yield f"(c) categories of data subjects, of {one.purpose}"
        if not one.data_categories:
            yield f"(c) categories of personal data, of {one.purpose}"
        for limit in one.erasure_limits:
            if limit.period is None and all(each.on_choice for each in limit.after_agreement):
                yield f"(f) a time limit for erasure of {limit.retention_class}, of {one.purpose}"


def _unfounded(
    transfers: Sequence[Mechanism | ShownTransfer], at: int
) -> Iterator[Mechanism | ShownTransfer]:
    """Transfers to a third country for which no statement about that recipient there is valid."""
    founded = {
        (one.recipient.lower(), one.country)
        for one in transfers
        if isinstance(one, Mechanism) and one.valid_at(at)
    }
    countries = {country for _, country in founded}
    for one in transfers:
        # Storage names no recipient: what anybody's transfer to that country rests on is all there is to say.
        of_nobody = isinstance(one, ShownTransfer) and not one.recipient and one.country in countries
        known = (one.recipient.lower(), one.country) in founded
        if not in_eea(one.country, at) and not known and not of_nobody:
            yield one
