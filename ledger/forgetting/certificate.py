"""The certificate of an erasure: what was done, when, on what basis, and what shows it; never who.

Every line is taken from a fact, and names its coordinates, partition:offset, so that whoever doubts one looks it up
with `ledger trail` or in the log itself. The person is the pseudonym, which leads to nobody any more.

Owns: the document and its text. Leaves to others: what is recorded (`ledger.store.forgetting`). Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from ledger.aggregates.erasure_details import ErasureIncomplete, SearchedPlace, erasure_details
from ledger.contract.cloudevents import format_time
from ledger.forgetting.erasure_decision import Standing, backups_until, disregarded, standing
from ledger.forgetting.erasure_plan import TRIGGER_ARTICLES
from ledger.forgetting.erasure_state import CONFIRMED, INTENT, about, answer, recorded
from ledger.store.forgetting_rows import ConfirmationRow, ErasureState, ErasureStep, InstructionRow

Document = dict[str, Any]

VAULT_BACKUPS = (
    "Back-ups of the vault, and the second copy of its keys, hold the destroyed keys wrapped until the "
    "key-encryption key they are wrapped under is replaced and destroyed (`ledger kek rotate`); a vault restored "
    "from one destroys them again before it serves."
)
NOTHING_KNOWN = "nothing known to look for"
"""Every field was closed before the erasure began, and nobody named an identifier."""


def state_of(state: ErasureState) -> str:
    """Where an erasure stands: verified, incomplete, waiting (for recipients), or underway."""
    if state.result is not None:
        return state.result.phase
    facts = recorded(state)
    return "waiting" if facts.announced and facts.confirmed >= facts.announced else "underway"


def certificate(state: ErasureState, *, now: int, inbox_retention_hours: int) -> Document:
    """The certificate as a document for JSON.

    Args:
        state: the erasure as it is recorded.
        now: microseconds UTC; whether a recipient is silent depends on it.
        inbox_retention_hours: how long the inbox keeps what publishers sent.
    """
    started = state.started
    classes = recorded(state).announced
    return {
        "erasure_id": state.erasure_id,
        "state": state_of(state),
        "subject": str(state.stream),
        "controller": state.controller,
        "basis": {
            "trigger": state.trigger,
            "article": TRIGGER_ARTICLES.get(state.trigger, ""),
            "request_id": state.request_id,
        },
        "started": _at(state.steps[0]),
        "destroyed": [_destroyed(state, name) for name in sorted(classes)],
        "never_made_again": sorted(set(started.destroyed_classes) - classes),
        "kept": [
            {
                **msgspec.structs.asdict(each),
                "until": _instant(each.until),
                "ledger": _coordinates(state.steps[0]),
            }
            for each in started.kept
        ],
        "recipients": list(_recipients(state, now)),
        "disregarded_answers": list(_disregarded(state)),
        "searched": _searched(state),
        "reread": _reread(state),
        "problems": _problems(state),
        "result": _at(state.result) if state.result else None,
        "bounds": {
            "recipients_backups_until": _instant(backups_until(recorded(state))),
            "inbox_plain_text_hours": inbox_retention_hours,
            "vault_backups": VAULT_BACKUPS,
        },
    }


def certificate_text(document: Document) -> Iterator[str]:
    """The same for people, line by line; what came from outside is as it was stated, so a terminal needs `plain`."""
    basis = document["basis"]
    yield f"Certificate of erasure {document['erasure_id']}: {document['state']}"
    yield f"  of person {document['subject']} at {document['controller']}"
    request = f", request {basis['request_id']}" if basis["request_id"] else ""
    yield f"  because of {basis['trigger']}, {basis['article']}{request}"
    yield f"  started {_line(document['started'])}"
    if document["result"]:
        yield f"  {document['state']} {_line(document['result'])}"
    yield "Destroyed: nothing of these classes opens any more"
    for each in document["destroyed"]:
        confirmed = f"confirmed {_line(each['confirmed'])}" if each["confirmed"] else "not confirmed yet"
        yield f"  {each['retention_class']}: announced {_line(each['announced'])}, {confirmed}"
    if document["never_made_again"]:
        yield f"  of no other class a key is ever made: {', '.join(document['never_made_again'])}"
    yield "Kept:" if document["kept"] else "Kept: nothing"
    for each in document["kept"]:
        hold = f" {each['hold_id']}" if each["hold_id"] else ""
        until = (
            f"until {each['until']}" if each["until"] else "its clock has not started, or nobody set an end"
        )
        yield f"  {each['retention_class']}: {each['why']}{hold}, {each['article']}; {until} ({each['ledger']})"
    yield "Recipients (GDPR Art. 19):" if document["recipients"] else "Recipients: none"
    for each in document["recipients"]:
        yield f"  {each['kind']} {each['name']}: {_recipient_line(each)}"
    for each in document["disregarded_answers"]:
        yield f"  not counted, {each['why']}: {_answer_line(each)}, in the name of {each['service']}"
    yield from _places_text("Searched before the keys went", document["searched"])
    yield from _places_text("Re-read afterwards", document["reread"])
    for each in document["problems"]:
        yield f"In the way: {each['kind']} {each['name']}: {each['detail']}"
    bounds = document["bounds"]
    yield "Bounds:"
    yield f"  recipients' back-ups: {bounds['recipients_backups_until'] or 'none stated'}"
    yield f"  the inbox keeps what publishers sent for {bounds['inbox_plain_text_hours']} hours, in plain text"
    yield f"  {bounds['vault_backups']}"


def _destroyed(state: ErasureState, retention_class: str) -> Document:
    found: Document = {"retention_class": retention_class, "why": about(state).why, "announced": None}
    for name, phase in (("announced", INTENT), ("confirmed", CONFIRMED)):
        # The first of each: what is published again changes nothing.
        found[name] = next(
            (
                {"at": _instant(each.occurred_at), "ledger": f"{each.partition}:{each.offset}"}
                for each in state.destructions
                if each.destruction_id == about(state).destruction_id(retention_class) and each.phase == phase
            ),
            None,
        )
    return found


def _recipients(state: ErasureState, now: int) -> Iterator[Document]:
    told = {(each.recipient, each.recipient_kind): each for each in state.instructions}
    known = recorded(state)
    for recipient in state.started.recipients:
        instruction = told.get((recipient.name, recipient.kind))
        yield {
            "name": recipient.name,
            "kind": recipient.kind,
            "confirm_by": _instant(recipient.confirm_by),
            "state": standing(recipient, known, now).value if instruction else "not_instructed",
            "instructed": _instructed(instruction),
            "answer": _answer(state, instruction),
        }


def _disregarded(state: ErasureState) -> Iterator[Document]:
    """Answers that count as nobody's, and why: whoever doubts the certificate sees that they came."""
    known = recorded(state)
    for row in state.confirmations:
        if (why := disregarded(answer(row), known)) is not None:
            yield {"service": row.service, "why": why.value, **_said(row)}


def _instructed(instruction: InstructionRow | None) -> Document | None:
    if instruction is None:
        return None
    at = _instant(instruction.instructed_at)
    return {"at": at, "ledger": f"{instruction.partition}:{instruction.offset}"}


def _answer(state: ErasureState, instruction: InstructionRow | None) -> Document | None:
    if instruction is None:
        return None
    at = (instruction.confirmed_partition, instruction.confirmed_offset)
    return next((_said(row) for row in state.confirmations if (row.partition, row.offset) == at), None)


def _said(row: ConfirmationRow) -> Document:
    return {
        "outcome": row.outcome,
        "refusal_ground": row.refusal_ground,
        "object_count": row.object_count,
        "backups_expire_at": _instant(row.backups_expire_at),
        "source": row.source,
        "at": _instant(row.occurred_at),
        "ledger": f"{row.partition}:{row.offset}",
    }


def _recipient_line(each: Mapping[str, Any]) -> str:
    if each["answer"] is not None:
        return _answer_line(each["answer"])
    told = f"told {_line(each['instructed'])}" if each["instructed"] else "not told yet"
    silent = "silent since" if each["state"] == Standing.SILENT else "has time until"
    return f"{told}; {silent} {each['confirm_by']}"


def _answer_line(said: Mapping[str, Any]) -> str:
    ground = f", {said['refusal_ground']}" if said["refusal_ground"] else ""
    return f"{said['outcome']}{ground}, {said['object_count']} objects, from {said['source']}, {_line(said)}"


def _searched(state: ErasureState) -> Document | None:
    step = next((step for step in state.steps if step.phase == "searched"), None)
    details = state.searched
    if step is None or details is None:
        return None
    return {
        **_at(step),
        "values": details.values,
        "not_searched": None if details.values else NOTHING_KNOWN,
        "places": _places(details.places),
    }


def _reread(state: ErasureState) -> Document | None:
    """What the last result re-read."""
    if state.result is None:
        return None
    if (verified := state.verified) is not None:
        return {
            **_at(state.result),
            "places": _places(verified.places),
            "fields_closed": verified.fields_closed,
            "fields_kept": verified.fields_kept,
        }
    found = erasure_details(state.result.document, ErasureIncomplete)
    return {**_at(state.result), "places": _places(found.places if found else [])}


def _problems(state: ErasureState) -> list[Document]:
    """What stands in the way by the last result; nothing once it is verified."""
    if state.result is None or state.verified is not None:
        return []
    found = erasure_details(state.result.document, ErasureIncomplete)
    return [msgspec.structs.asdict(each) for each in (found.problems if found else [])]


def _places(places: list[SearchedPlace]) -> list[Document]:
    return [msgspec.structs.asdict(each) for each in places]


def _places_text(heading: str, document: Mapping[str, Any] | None) -> Iterator[str]:
    if document is None:
        yield f"{heading}: not yet"
        return
    if document.get("not_searched"):
        yield f"{heading}: not searched: {document['not_searched']}, {_line(document)}"
        return
    values = f", for {document['values']} values" if "values" in document else ""
    fields = (
        f"; {document['fields_closed']} fields tried and closed, {document['fields_kept']} kept ones open"
        if "fields_closed" in document
        else ""
    )
    yield f"{heading} {_line(document)}{values}{fields}:"
    for kind, places in groupby(document["places"], key=lambda place: place["place"].partition(" ")[0]):
        yield f"  {_places_line(kind, list(places))}"


def _places_line(kind: str, places: Sequence[Mapping[str, Any]]) -> str:
    """Places of a kind in one line: the document names each, people want to know whether anything was found."""
    found = [f"{place['place']} ({place['found']})" for place in places if place["found"]]
    looked_at = sum(place["looked_at"] for place in places)
    return f"{kind}: {len(places)} places, {looked_at} looked at, readable: {', '.join(found) or 'none'}"


def _at(step: ErasureStep) -> Document:
    return {"at": _instant(step.occurred_at), "ledger": _coordinates(step)}


def _coordinates(step: ErasureStep) -> str:
    return f"{step.partition}:{step.offset}"


def _line(at: Mapping[str, Any]) -> str:
    return f"{at['at'][:19]}Z ({at['ledger']})"


def _instant(micros: int | None) -> str | None:
    return None if micros is None else format_time(micros)
