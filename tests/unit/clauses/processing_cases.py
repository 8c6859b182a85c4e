"""The cases of what is done with data: for what, in which role, by whom, where, and who may look at it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.rules.verdicts import Verdict
from tests.unit.clauses.moments import HOUR, INSTANT
from tests.unit.clauses.scenarios import BROKEN, KEPT, NO_EVIDENCE, Scenario, Story, edge, then
from tests.unit.clauses.stories import (
    T,
    call,
    done,
    stated,
)


def disclosure(clause: str, conditions: Iterable[str]) -> Iterator[Scenario]:
    """The cases of a demand of an authority: each condition missing in turn, refused, not checked."""
    demanded = stated("disclosure.demanded", T)
    decided = stated("disclosure.decided", T + HOUR)
    yield Scenario(clause, KEPT, "all conditions hold, and data is disclosed", then(demanded, decided))
    yield Scenario(clause, KEPT, "disclosed as the demand asks", done("data.disclosed", T))
    yield Scenario(clause, BROKEN, "disclosed without any demand", decided)
    yield edge(
        clause,
        BROKEN,
        "decided an instant before the demand",
        then(demanded, stated("disclosure.decided", T - INSTANT)),
    )
    yield edge(clause, KEPT, "decided when it is demanded", then(demanded, stated("disclosure.decided", T)))
    yield Scenario(
        clause,
        BROKEN,
        "disclosed without checking",
        then(demanded, stated("disclosure.decided", T + HOUR, conditions_checked=False)),
    )
    for condition in conditions:
        unmet: dict[str, Any] = {condition: False}
        lacking = (
            [{"states_categories": False}, {"states_period": False}]
            if condition == "states_scope"
            else [{condition: False}]
        )
        for fields in lacking:
            asked = stated("disclosure.demanded", T, **fields)
            name = next(iter(fields))
            yield Scenario(clause, BROKEN, f"disclosed although not {name}", then(asked, decided))
            yield Scenario(
                clause,
                KEPT,
                f"refused because not {name}",
                then(asked, stated("disclosure.decided", T + HOUR, outcome="refused")),
            )
        yield Scenario(
            clause,
            BROKEN,
            f"a person's data disclosed although not {condition}",
            done("data.disclosed", T, **unmet),
        )
        yield Scenario(
            clause,
            BROKEN,
            f"part of it disclosed although not {condition}",
            done("data.disclosed", T, outcome="partly_disclosed", **unmet),
        )


THIRD_COUNTRY: Mapping[str, Any] = {
    "subprocessor": "ModelMaker",
    "countries": ["US"],
    "mechanism": "scc",
    "mechanism_valid_from": T,
    "mechanism_valid_until": T + 48 * HOUR,
    "starts_at": T,
}


def transfer(clause: str) -> Iterator[Scenario]:
    """The cases of data outside the EEA: on a mechanism that is valid when it happens (X16)."""
    told = stated("subprocessor.announced", T - HOUR, **THIRD_COUNTRY)

    def used(when: int) -> Story:
        return call(when, processors=["ModelMaker"])

    yield Scenario(clause, KEPT, "within the validity of the mechanism", then(told, used(T + HOUR)))
    yield edge(clause, KEPT, "when the mechanism begins", then(told, used(T)))
    yield edge(clause, BROKEN, "an instant before it begins", then(told, used(T - INSTANT)))
    yield edge(clause, KEPT, "in its last instant", then(told, used(T + 48 * HOUR - INSTANT)))
    yield edge(clause, BROKEN, "when it is not valid any more", then(told, used(T + 48 * HOUR)))
    yield Scenario(
        clause,
        BROKEN,
        "without any mechanism",
        then(
            stated("subprocessor.announced", T - HOUR, **{**THIRD_COUNTRY, "mechanism": "none"}),
            used(T + HOUR),
        ),
    )
    yield Scenario(
        clause,
        BROKEN,
        "after the mechanism fell away",
        then(
            told,
            stated(
                "transfer.mechanism_set",
                T + HOUR,
                subprocessor="ModelMaker",
                countries=["US"],
                mechanism="none",
                valid_from=T + HOUR,
            ),
            used(T + 2 * HOUR),
        ),
    )
    yield Scenario(
        clause, BROKEN, "staff look at it from there", done("data.accessed", T, actor_country="US")
    )
    yield Scenario(
        clause, BROKEN, "it is transcribed there", done("call.transcribed", T, processing_country="US")
    )
    yield Scenario(clause, BROKEN, "it is stored there", call(T, storage_country="US"))
    yield Scenario(clause, NO_EVIDENCE, "everything is in the EEA", call(T, storage_country="NO"))


def storage(clause: str, inside: str, outside: str) -> Iterator[Scenario]:
    """The cases of where data is stored."""
    yield Scenario(clause, KEPT, f"stored in {inside}", call(T, storage_country=inside))
    yield Scenario(clause, BROKEN, f"stored in {outside}", call(T, storage_country=outside))


def categories(clause: str, purpose: str, good: str, bad: str, role: str = "processor") -> Iterator[Scenario]:
    """The cases of a list of categories: one that is on it, one that is not, both at once."""
    about: Mapping[str, Any] = {"purpose": purpose, "role": role}
    yield Scenario(clause, KEPT, f"{good} for {purpose}", call(T, data_categories=[good], **about))
    yield Scenario(clause, BROKEN, f"{bad} for {purpose}", call(T, data_categories=[bad], **about))
    yield Scenario(
        clause, BROKEN, f"{good} and {bad} for {purpose}", call(T, data_categories=[good, bad], **about)
    )


def roles(clause: str, purpose: str, role: str, other: str) -> Iterator[Scenario]:
    """The cases of the role a provider has for a purpose."""
    yield Scenario(clause, KEPT, f"{role} for {purpose}", call(T, purpose=purpose, role=role))
    yield Scenario(clause, BROKEN, f"{other} for {purpose}", call(T, purpose=purpose, role=other))
    yield Scenario(
        clause,
        NO_EVIDENCE,
        f"{other} for another purpose than {purpose}",
        call(T, purpose="something_else", role=other),
    )


def agreed_purposes(clause: str) -> Iterator[Scenario]:
    """The cases of the purposes of the agreement in force."""
    signed = stated(
        "agreement.concluded",
        T - 48 * HOUR,
        signed_by_controller_at=T - 48 * HOUR,
        signed_by_provider_at=T - 48 * HOUR,
        purposes=[{"purpose": "telephony", "role": "processor"}],
    )
    more = [{"purpose": name, "role": "processor"} for name in ("telephony", "click_to_dial")]
    amended = stated(
        "agreement.amended",
        T,
        accepted_by_controller_at=T,
        accepted_by_provider_at=T - HOUR,
        purposes=more,
    )
    yield Scenario(clause, KEPT, "for what was agreed", then(signed, call(T)))
    yield Scenario(clause, BROKEN, "for another purpose", then(signed, call(T, purpose="profiling")))
    yield Scenario(clause, BROKEN, "in another role", then(signed, call(T, role="controller")))
    yield edge(
        clause,
        KEPT,
        "for what is agreed further, when both accept",
        then(signed, amended, call(T, purpose="click_to_dial")),
    )
    yield edge(
        clause,
        BROKEN,
        "for it an instant before",
        then(signed, amended, call(T - INSTANT, purpose="click_to_dial")),
    )
    yield Scenario(clause, NO_EVIDENCE, "what the law asks for", then(signed, call(T, purpose="legal_duty")))


def contracted(clause: str) -> Iterator[Scenario]:
    """The cases of the agreement with a sub-processor: concluded, with the same duties, before it processes."""
    told = stated(
        "subprocessor.announced",
        T - 48 * HOUR,
        subprocessor="Newcomer",
        starts_at=T,
        agreement_concluded=False,
    )
    begun = stated("subprocessor.activated", T, subprocessor="Newcomer")

    def bound(when: int, **fields: Any) -> Story:
        return stated("subprocessor.contracted", when, subprocessor="Newcomer", **fields)

    yield Scenario(clause, KEPT, "concluded before it starts", then(told, bound(T - HOUR), begun))
    yield edge(clause, KEPT, "concluded when it starts", then(told, bound(T), begun))
    yield edge(clause, BROKEN, "concluded an instant after", then(told, bound(T + INSTANT), begun))
    yield Scenario(clause, BROKEN, "never concluded", then(told, begun))
    yield Scenario(
        clause, BROKEN, "with lesser duties", then(told, bound(T - HOUR, same_duties=False), begun)
    )
    yield Scenario(clause, BROKEN, "used without one", then(told, call(T + HOUR, processors=["Newcomer"])))
    yield Scenario(
        clause, KEPT, "used with one", then(told, bound(T - HOUR), call(T + HOUR, processors=["Newcomer"]))
    )


def announced_list(
    clause: str, listed: str, *, against_objection: Verdict = NO_EVIDENCE, **about: Any
) -> Iterator[Scenario]:
    """The cases of a list of sub-processors: who is on it, who is announced beside it, who is neither.

    Args:
        clause: the promise.
        listed: one that is on the list.
        against_objection: what use against the controller's objection comes to: the list itself knows of none.
        **about: what the processing is that the list is about.
    """
    told = stated("subprocessor.announced", T, subprocessor="Newcomer", starts_at=T)

    def used(when: int, name: str) -> Story:
        return call(when, processors=[name], **about)

    yield Scenario(clause, KEPT, f"{listed} of the list", used(T, listed))
    yield Scenario(clause, KEPT, f"{listed} spelt otherwise", used(T, listed.upper()))
    yield Scenario(clause, BROKEN, f"one nobody announced beside {listed}", used(T, "Newcomer"))
    yield edge(clause, KEPT, f"one beside {listed}, announced by then", then(told, used(T, "Newcomer")))
    yield edge(
        clause,
        BROKEN,
        f"one beside {listed}, announced an instant later",
        then(told, used(T - INSTANT, "Newcomer")),
    )
    yield Scenario(
        clause,
        against_objection,
        f"{listed}, which the controller objected to",
        then(
            stated("subprocessor.announced", T, subprocessor=listed, starts_at=T),
            stated("subprocessor.objected", T + HOUR, subprocessor=listed),
            used(T + 2 * HOUR, listed),
        ),
    )


def accesses(clause: str) -> Iterator[Scenario]:
    """The cases of the provider's people looking at data: for a ticket or case that they name."""
    for role in ("support", "operator"):
        yield Scenario(clause, KEPT, f"{role} names a ticket", done("data.accessed", T, actor_role=role))
        yield Scenario(
            clause, BROKEN, f"{role} names none", done("data.accessed", T, actor_role=role, reference=None)
        )
    yield Scenario(
        clause,
        NO_EVIDENCE,
        "a person looks at their own",
        done("data.accessed", T, actor_role="data_subject", reference=None),
    )
