"""What a kind of promise is: its parameters, and what breaks, shows or times it. Pure.

Owns: these values. Leaves to others: the kinds there are (`ledger.rules.packs.rule_kinds`), reading their parameters
from a pack (`ledger.rules.packs.pack_reader`), judging by them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What a parameter holds, in a pack and once it is read."""

    TEXT = "a line of text"  # str
    NUMBER = "a whole number, 1 or more"  # int
    FLAG = "true or false"  # bool; false when left out
    PERIOD = "ISO 8601 in years, months, weeks or days"  # Period
    HOURS = "ISO 8601 in hours, for example PT48H"  # Hours
    DATE = "a day, YYYY-MM-DD, as text"  # date
    CHOICE = "one of"  # str
    CHOICES = "a list of"  # tuple[str, ...]
    NAME = "a name in small letters"  # str
    NAMES = "a list of names in small letters"  # tuple[str, ...]
    CLASS = "a retention class"  # str
    CLASS_OR_EVERY = "a retention class, or * for every class"  # str
    CLASSES = "a list of retention classes"  # tuple[str, ...]
    COUNTRIES = "a list of ISO 3166-1 alpha-2 codes"  # tuple[str, ...]
    PROCESSORS = "a list of sub-processors"  # tuple[ListedProcessor, ...]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A key that an entry of a kind has. One that is left out is not among the entry's parameters, a flag is false."""

    name: str
    shape: Shape
    says: str
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RuleKind:
    """A kind of promise.

    Attributes:
        name: as packs have it.
        says: what it asks, in one sentence.
        parameters: the keys its entries have beside those of every entry.
        any_of: of these parameters at least one is there; empty when it does not matter.
        breaks: codes of the findings that mean it is broken.
        shows: marks on entries that show it was kept, or that it is owed.
        deadlines: names of the deadlines it starts.
        scope: the parameter that says what an entry is about: of what is judged by the law only that counts for it.
            Empty when there is none; then all of it counts, and so it does when an entry leaves the parameter out.
        setting: whether it sets something of the ledger's own: it belongs to no promise unless its entry names one.
    """

    name: str
    says: str
    parameters: tuple[Parameter, ...] = ()
    any_of: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()
    deadlines: frozenset[str] = frozenset()
    scope: str = ""
    setting: bool = False


PURPOSE_SCOPE = Parameter(
    name="purposes",
    shape=Shape.NAMES,
    says="only processing for one of these purposes; all when left out",
    required=False,
)
"""The scope of kinds that can be about some processing only."""
