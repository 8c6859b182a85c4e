"""Contents of policy packs of every kind, made up at random."""

from hypothesis import strategies as st

from ledger.rules.packs.pack_processors import PROCESSOR_KEYS
from ledger.rules.packs.pack_statements import STATEMENTS
from ledger.rules.packs.pack_values import TEXT_CHARACTERS_MAX
from ledger.rules.packs.rule_kinds import RULE_KINDS, Parameter, RuleKind, Shape

Content = dict[str, object]

BY_HAND = frozenset({"retention", "duty", "export_hold", "trail", "confirm_within"})
"""Kinds whose entries depend on each other; `dependent` makes them."""

names = st.sampled_from(("a", "telephony", "call_history", "x9", "z" * 64))
lines = st.sampled_from(("A promise.", "é", "[[entry]]", "x" * TEXT_CHARACTERS_MAX)) | st.text(
    "ab 1-'", min_size=1, max_size=9
)
periods = st.sampled_from(("P0D", "P2W", "P90D", "P3M", "P1Y6M", "P10Y"))
days = st.dates().map(lambda day: day.isoformat())

_SHAPES: dict[Shape, st.SearchStrategy[object]] = {
    Shape.TEXT: lines,
    Shape.NUMBER: st.integers(1, 1_000_000),
    Shape.FLAG: st.booleans(),
    Shape.PERIOD: periods,
    Shape.HOURS: st.integers(0, 99_999).map(lambda hours: f"PT{hours}H"),
    Shape.DATE: days,
    Shape.NAME: names,
    Shape.NAMES: st.lists(names, min_size=1, max_size=4, unique=True),
    Shape.CLASS: names,
    Shape.CLASS_OR_EVERY: names | st.just("*"),
    Shape.CLASSES: st.lists(names, min_size=1, max_size=4, unique=True),
    Shape.COUNTRIES: st.lists(st.sampled_from(("NL", "US", "GB", "AX")), min_size=1, max_size=3, unique=True),
}


def value_of(parameter: Parameter) -> st.SearchStrategy[object]:
    """A value that a parameter may have."""
    match parameter.shape:
        case Shape.CHOICE:
            return st.sampled_from(parameter.choices)
        case Shape.CHOICES:
            return st.lists(st.sampled_from(parameter.choices), min_size=1, unique=True)
        case Shape.PROCESSORS:
            row = _table(PROCESSOR_KEYS)
            return st.lists(row, min_size=1, max_size=3, unique_by=lambda each: str(each["name"]).lower())
        case shape:
            return _SHAPES[shape]


def entry_of(kind: RuleKind) -> st.SearchStrategy[Content]:
    """An entry of a kind, without its id."""
    parameters = _table(kind.parameters).filter(
        lambda said: not kind.any_of or bool(kind.any_of & said.keys())
    )
    every = st.fixed_dictionaries(
        {"kind": st.just(kind.name), "article": lines, "text": lines},
        optional={
            "promise": st.sampled_from(("CB-01", "MB-48", "0")),
            "states": _table(tuple(STATEMENTS.values())),
        },
    )
    return st.builds(lambda one, other: {**one, **other}, every, parameters)


def packs() -> st.SearchStrategy[Content]:
    """A whole pack of up to six entries of any kinds that can stand alone."""
    kinds = [kind for name, kind in RULE_KINDS.items() if name not in BY_HAND]
    entries = st.lists(st.sampled_from(kinds).flatmap(entry_of), max_size=5)
    return st.fixed_dictionaries(
        {
            "id": st.sampled_from(("e", "example-1", "0" * 64)),
            "version": lines,
            "title": lines,
            "entry": st.builds(_numbered, entries, dependent()),
        },
        optional={"provider": st.just("example"), "dated": days},
    )


def dependent() -> st.SearchStrategy[list[Content]]:
    """A class that is kept for a time, under a duty or not, and what the ledger is to do with it."""
    said: Content = {"article": "art. 1", "text": "A promise."}
    kept = st.builds(lambda period: {**said, "kind": "retention", "class": "fax", "period": period}, periods)
    others = st.lists(
        st.sampled_from(
            (
                {**said, "kind": "duty", "class": "fax"},
                {**said, "kind": "export_hold", "period": "P30D"},
                {**said, "kind": "trail", "period": "P5Y"},
                {**said, "kind": "confirm_within", "recipient": "Twilio", "period": "P14D"},
                {**said, "kind": "retention", "class": "*", "except": ["fax"], "indefinite": True},
            )
        ),
        max_size=4,
        unique_by=str,
    )
    return st.builds(lambda one, more: [one, *more], kept, others)


def _table(parameters: tuple[Parameter, ...]) -> st.SearchStrategy[Content]:
    return st.fixed_dictionaries(
        {one.name: value_of(one) for one in parameters if one.required},
        optional={one.name: value_of(one) for one in parameters if not one.required},
    )


def _numbered(*parts: list[Content]) -> list[Content]:
    entries = [entry for part in parts for entry in part]
    return [{**entry, "id": f"E-{number}"} for number, entry in enumerate(entries)]
