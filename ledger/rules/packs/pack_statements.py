"""What a text states beside its promises, so that packs can be compared. Pure.

A key of the table `states` of an entry. No fact is judged by it; the linter finds contradictions by it
(`ledger.rules.lint.pack_lint`).
"""

from collections.abc import Mapping
from types import MappingProxyType

from ledger.rules.packs.rule_kind import Parameter, Shape

_STATEMENTS = (
    Parameter(name="open_list", shape=Shape.FLAG, says="the list is open: there may be more than it names"),
    Parameter(name="count", shape=Shape.NUMBER, says="how many there are, by the text itself"),
    Parameter(name="lists", shape=Shape.NAMES, says="what the text then describes"),
    Parameter(name="collects", shape=Shape.NAMES, says="data that tells who somebody is, and is collected"),
    Parameter(
        name="nothing_identifiable", shape=Shape.FLAG, says="nothing is collected that tells who somebody is"
    ),
    Parameter(
        name="subjects",
        shape=Shape.NAMES,
        says="whom data is about; `calling_party` and `called_party` are the two people of one call",
    ),
    Parameter(name="each_party", shape=Shape.FLAG, says="each person of a call has the rights for itself"),
    Parameter(
        name="anonymised_use",
        shape=Shape.CHOICE,
        choices=("allowed", "forbidden"),
        says="whether data may be used for more once it tells of nobody",
    ),
    Parameter(
        name="proof_kept_in",
        shape=Shape.CHOICE,
        choices=("browser", "server"),
        says="where the proof of a consent is kept",
    ),
    Parameter(
        name="period_is_ours", shape=Shape.FLAG, says="the text gives no period; this one is the ledger's own"
    ),
    Parameter(
        name="all_have_agreements",
        shape=Shape.FLAG,
        says="an agreement is concluded with every sub-processor of the list",
    ),
    Parameter(
        name="counted_as_eu",
        shape=Shape.COUNTRIES,
        says="countries that the text counts as the EU, and that are not in the EEA",
    ),
    Parameter(name="keeps_last", shape=Shape.NUMBER, says="how many of the last digits stay readable"),
    Parameter(name="tells_of", shape=Shape.DATE, says="the day of what the text tells as past"),
)

STATEMENTS: Mapping[str, Parameter] = MappingProxyType({one.name: one for one in _STATEMENTS})
"""Every statement by its name; each may be left out."""
