"""The tables of docs/policies.md and docs/packs.md, as the code and the installed packs have them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.policies import default_directory, load_pack, pack_ids
from ledger.rules.lint.pack_lint import lint
from ledger.rules.packs.pack_processors import PROCESSOR_KEYS
from ledger.rules.packs.pack_statements import STATEMENTS
from ledger.rules.packs.policy_pack import EVERY_CLASS, PolicyPack, RetentionRule
from ledger.rules.packs.rule_kinds import LAW_CODES, RULE_KINDS, TEXT_ONLY, Parameter, Shape

ROOT = default_directory().parent
POLICIES = ROOT / "docs" / "policies.md"
PACK_TABLES = ROOT / "docs" / "packs.md"

TableRow = tuple[str, ...]


def rows_under(page: Path, heading: str) -> list[TableRow]:
    """The rows of the table under a heading of a page, without marks of code."""
    section = page.read_text(encoding="utf-8").split(f" {heading}\n")[1].split("\n#")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip().strip("`") for cell in row) for row in rows[2:]]


def kind_rows() -> list[TableRow]:
    """Every kind, with what counts for it."""
    return [
        (
            kind.name,
            kind.says,
            ", ".join(one.name for one in kind.parameters),
            ", ".join(sorted(kind.breaks)),
            ", ".join(sorted(kind.shows)),
            ", ".join(sorted(kind.deadlines)),
        )
        for kind in RULE_KINDS.values()
    ]


def parameter_rows() -> list[TableRow]:
    """Every parameter of every kind."""
    return [
        (kind.name, *_parameter(one, may_be_left_out=True))
        for kind in RULE_KINDS.values()
        for one in kind.parameters
    ]


def row_rows() -> list[TableRow]:
    """The keys of a row in a list of sub-processors."""
    return [_parameter(one, may_be_left_out=True) for one in PROCESSOR_KEYS]


def statement_rows() -> list[TableRow]:
    """What an entry may state for the linter."""
    return [_parameter(one) for one in STATEMENTS.values()]


def law_rows() -> list[TableRow]:
    """Codes of findings that break no promise."""
    return sorted((code, reason) for code, reason in LAW_CODES.items())


def promise_rows() -> list[TableRow]:
    """Every promise, with the kinds of its entries and what its first one says."""
    rows: dict[tuple[str, str], TableRow] = {}
    for pack in packs():
        for entry in pack.entries:
            if entry.promise is None:
                continue
            *_, entries, says = rows.get((pack.id, entry.promise), ("", entry.text))
            said = f"{entry.id}: {entry.kind}"
            rows[pack.id, entry.promise] = (
                pack.id,
                entry.promise,
                f"{entries}; {said}" if entries else said,
                says,
            )
    return list(rows.values())


def retention_rows() -> list[TableRow]:
    """Every rule about how long data is kept."""
    return [_retention(pack, rule) for pack in packs() for rule in pack.retention]


def text_only_rows() -> list[TableRow]:
    """Every entry that no rule is bound to."""
    return [
        (pack.id, entry.id, entry.text, entry.reason or "")
        for pack in packs()
        for entry in pack.entries
        if entry.kind == TEXT_ONLY
    ]


def conflict_rows() -> list[TableRow]:
    """Every contradiction of the installed packs."""
    problems = lint(packs(), RETENTION_CLASSES)
    return [
        (each.code, ", ".join(each.promises), each.says, each.follows)
        for each in problems
        if each.contradiction
    ]


def packs() -> Sequence[PolicyPack]:
    """The installed packs."""
    return [load_pack(pack_id).pack for pack_id in pack_ids()]


def _parameter(one: Parameter, *, may_be_left_out: bool = False) -> TableRow:
    listed: Iterable[str] = one.choices if one.shape in {Shape.CHOICE, Shape.CHOICES} else ()
    holds = f"{one.shape} {', '.join(listed)}".strip()
    optional = may_be_left_out and not one.required
    return one.name, holds, f"{one.says} (may be left out)" if optional else one.says


def _retention(pack: PolicyPack, rule: RetentionRule) -> TableRow:
    period = "without end" if rule.period is None else str(rule.period)
    notes = [
        f"except {', '.join(sorted(rule.excluded))}" if rule.excluded else "",
        f"region {rule.region}" if rule.region else "",
        "set by the customer" if rule.customer_set else "",
        "when chosen" if rule.on_choice else "",
    ]
    classes = "every class" if rule.retention_class == EVERY_CLASS else rule.retention_class
    return pack.id, rule.entry, classes, period, rule.starts, rule.action, "; ".join(filter(None, notes))
