"""Cases judged by packs that were adopted, for the tests of the rules of cases."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ledger.aggregates.cases import case_name
from ledger.entry import Entry
from ledger.rules.contracts.audit_rules import judge_audit
from ledger.rules.contracts.breach_rules import judge_breach
from ledger.rules.contracts.disclosure_rules import judge_disclosure
from ledger.rules.contracts.notice_rules import judge_notice
from ledger.rules.controller_state import ControllerState, GovernanceFact
from ledger.rules.findings import Finding
from ledger.rules.judged import DeadlineState, Judged
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack
from tests.unit.aggregates.case_facts import CONTROLLER
from tests.unit.aggregates.facts import make_entry

JUDGES: Mapping[str, Any] = {
    "audit": judge_audit,
    "breach": judge_breach,
    "disclosure": judge_disclosure,
    "notice": judge_notice,
}

FIRST_OFFSET = 100
"""Of the facts of a test, in the order it gives them; adoptions come before."""


def promise(entry: str, kind: str, **parameters: object) -> PackEntry:
    """An entry of a pack."""
    return PackEntry(
        id=entry, promise=entry, kind=kind, article=f"art. {entry}", text="A promise.", parameters=parameters
    )


def pack_of(*entries: PackEntry, pack: str = "pack") -> PolicyPack:
    """A pack of promises."""
    return PolicyPack(id=pack, version="1", title=pack, entries=entries)


def numbered(*facts: Entry) -> list[GovernanceFact]:
    """The facts with offsets, in order."""
    return [GovernanceFact(offset, fact) for offset, fact in enumerate(facts, start=FIRST_OFFSET)]


def state_of(facts: Sequence[GovernanceFact], *packs: PolicyPack, adopted_at: int = 0) -> ControllerState:
    """The state of a controller that adopted packs, before any of the facts."""
    adoption = make_entry(
        event_type="policy.adopted",
        controller=CONTROLLER,
        stream_kind="governance",
        occurred_at=adopted_at,
    )
    adoptions = [GovernanceFact(offset, adoption, pack) for offset, pack in enumerate(packs)]
    return ControllerState.of(CONTROLLER, [*adoptions, *facts])


def judged_facts(
    facts: Sequence[GovernanceFact], *packs: PolicyPack, case: str | None = None, adopted_at: int = 0
) -> Judged:
    """What the case of the first fact comes to, or another case of its kind."""
    state = state_of(facts, *packs, adopted_at=adopted_at)
    entry = facts[0].entry
    name = case_name(entry.event_type, msgspec.json.decode(entry.open_fields))
    assert name is not None
    kind, case_id = name
    judged: Judged = JUDGES[kind](state.cases[kind, case or case_id], state)
    return judged


def judged(*facts: Entry, by: Sequence[PolicyPack] | PolicyPack = (), case: str | None = None) -> Judged:
    """What the case of the first fact comes to, recorded in the order given."""
    packs = [by] if isinstance(by, PolicyPack) else by
    return judged_facts(numbered(*facts), *packs, case=case)


def findings_of(judged: Judged) -> dict[str, Finding]:
    """The findings by code; a test that expects several of one code asks for them itself."""
    found = {each.finding.code: each.finding for each in judged.findings}
    assert len(found) == len(judged.findings)
    return found


def codes_of(judged: Judged) -> list[str]:
    """The codes of the findings, in order."""
    return sorted(each.finding.code for each in judged.findings)


def marks_of(judged: Judged) -> set[str]:
    """The marks shown."""
    return {shown.mark for shown in judged.shown}


def states_of(judged: Judged) -> dict[tuple[str, str], DeadlineState]:
    """The state of each deadline, by name and rule."""
    return {(deadline.name, deadline.rule): deadline.state for deadline in judged.deadlines}
