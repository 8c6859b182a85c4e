"""A controller's state with promises of given kinds, for the tests of the rules, made up."""

from collections.abc import Mapping
from typing import NamedTuple

from ledger.rules.controller_state import ControllerState, RuleInForce
from ledger.rules.judged import Judged
from ledger.rules.packs.policy_pack import PackEntry


class Seen(NamedTuple):
    """A finding as a test looks at it."""

    code: str
    rule: str
    offset: int


class Promised(ControllerState):
    """A controller that promised something of each kind, from a moment on."""

    def __init__(self, *kinds: str, since: int = 0, parameters: Mapping[str, object] | None = None) -> None:
        super().__init__("dentist-example")
        self._since = since
        self._promises = {
            kind: RuleInForce(
                f"pack:{kind}",
                PackEntry(
                    id=kind,
                    promise=kind,
                    kind=kind,
                    article="art. 12.4",
                    text="A promise.",
                    parameters=parameters or {},
                ),
            )
            for kind in kinds
        }

    def entries(self, kind: str, at: int) -> tuple[RuleInForce, ...]:
        """The promise of the kind, from its moment on."""
        return (self._promises[kind],) if kind in self._promises and at >= self._since else ()


def seen(judged: Judged) -> list[Seen]:
    """What was found, by offset."""
    return sorted(
        (Seen(each.finding.code, each.finding.rule, each.offset) for each in judged.findings),
        key=lambda each: each.offset,
    )


def marks(judged: Judged) -> set[tuple[str, str]]:
    """What is shown, of which rule."""
    return {(each.mark, each.rule) for each in judged.shown}


def said(judged: Judged) -> list[tuple[str, str]]:
    """What was expected and found, in words."""
    return [(each.finding.expected, each.finding.found) for each in judged.findings]
