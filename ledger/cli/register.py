"""`ledger register`: records of processing activities, Art. 30(1) and 30(2) GDPR, as a document or as JSON."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant
from ledger.cli.register_text import STATEMENT, as_markdown
from ledger.config import Settings
from ledger.errors import NotFound
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.register.records import (
    CONTROLLER,
    DPO,
    JOINT,
    PROCESSOR,
    REPRESENTATIVE,
    Activity,
    ErasureLimit,
    Measures,
    Mechanism,
    Party,
    Register,
    RegisterRole,
    ShownTransfer,
    controllers_of,
    make_register,
)
from ledger.rules.register.register_gaps import missing_from
from ledger.store.forgetting import ForgettingQueries
from ledger.store.ledger_store import repeatable_read
from ledger.store.register import register_facts

ENTRIES_MAX = 20
"""Coordinates shown of each activity: the first entries that show it."""


class Format(StrEnum):
    """How a register is printed."""

    MD = "md"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("register")(show)


def show(
    controller: Annotated[str | None, typer.Option(help="Only this controller's.")] = None,
    role: Annotated[
        RegisterRole | None,
        typer.Option(help="Only controllers' own registers, or only that of their processor. Default: both."),
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known at this time.")] = None,
    form: Annotated[
        Format, typer.Option("--format", help="A document in Markdown, or JSON as --json prints it.")
    ] = Format.MD,
    as_json: JsonOption = False,
) -> None:
    """Print the registers of processing activities, GDPR Art. 30(1) and 30(2), from the recorded facts."""
    known_at = parse_instant("--as-of", as_of)
    with runtime(Settings()) as parts:
        now = parts.clock() if known_at is None else known_at
        with (
            parts.store_connection(parts.settings.store_schema) as connection,
            repeatable_read(connection),
        ):
            facts = register_facts(connection, controller=controller, as_of=known_at, now=now)
            rules = ForgettingQueries(connection).controller_rules(as_of=known_at)
    registers = [
        make_register(each, name, facts, rules.get(name, ControllerRules()), now)
        for each in (RegisterRole if role is None else (role,))
        for name in controllers_of(each, facts)
    ]
    if controller is not None and not registers:
        raise NotFound(
            "no register names that controller",
            expected="a controller that facts about people name, as `ledger trail` prints it",
        )
    documents = [register_document(each) for each in registers]

    def text(console: Console) -> None:
        console.print(as_markdown(documents, instant(now) or ""), soft_wrap=True)

    emit(
        {"as_of": instant(now), "registers": documents},
        as_json=as_json or form is Format.JSON,
        text=text,
    )


def register_document(made: Register) -> dict[str, Any]:
    """One controller's part of a register; the letters are those of Art. 30(1) or 30(2)."""
    named = {party: [_party(each) for each in found] for party, found in made.parties.items()}
    people = {
        "controller": next(iter(named.get(CONTROLLER, [])), None),
        "joint_controllers": named.get(JOINT, []),
        "representative": next(iter(named.get(REPRESENTATIVE, [])), None),
        "data_protection_officer": next(iter(named.get(DPO, [])), None),
    }
    transfers = [_transfer(each) for each in made.transfers]
    measures = _measures(made.measures)
    head = {"role": made.role.value, "controller": made.controller}
    if made.role is RegisterRole.PROCESSOR:
        return {
            **head,
            "article": "GDPR Art. 30(2)",
            "a_names_and_contacts": {"processors": named.get(PROCESSOR, []), **people},
            "b_categories_of_processing": [_category(each) for each in made.activities],
            "c_transfers": transfers,
            "d_security_measures": measures,
            "missing": missing_from(made),
        }
    return {
        **head,
        "article": "GDPR Art. 30(1)",
        "a_names_and_contacts": people,
        "activities": [_activity(each) for each in made.activities],
        "e_transfers": transfers,
        "g_security_measures": measures,
        "missing": missing_from(made),
    }


def _activity(one: Activity) -> dict[str, Any]:
    """Art. 30(1)(b) to (f) of one purpose; `role` is the part of whoever published the facts."""
    return {
        "b_purpose": one.purpose,
        "lawful_basis": one.lawful_basis,
        "role": one.role,
        "c_data_subjects": list(one.subject_categories),
        "c_personal_data": list(one.data_categories),
        "d_recipients": [
            {
                "recipient": name,
                "third_countries": sorted(
                    {each.country for each in one.transfers if each.recipient.lower() == name.lower()}
                ),
            }
            for name in one.recipients
        ],
        "storage_countries": list(one.storage_countries),
        "processing_countries": list(one.processing_countries),
        "e_transfers": [_transfer(each) for each in one.transfers],
        "f_erasure_limits": [_limit(each) for each in one.erasure_limits],
        **_shown_by(one),
    }


def _category(one: Activity) -> dict[str, Any]:
    """Art. 30(2)(b): what is done for the controller."""
    return {
        "purpose": one.purpose,
        "operations": list(one.event_types),
        "data_subjects": list(one.subject_categories),
        "personal_data": list(one.data_categories),
        "sub_processors": list(one.recipients),
        **_shown_by(one),
    }


def _shown_by(one: Activity) -> dict[str, Any]:
    return {
        "event_types": list(one.event_types),
        "ledger": [f"{partition}:{offset}" for partition, offset in one.entries[:ENTRIES_MAX]],
    }


def _party(one: Party) -> dict[str, Any]:
    return {
        "name": one.name,
        "contact": one.contact,
        "address": one.address,
        "country": one.country,
        "ledger": f"{one.partition}:{one.offset}",
    }


def _transfer(one: Mechanism | ShownTransfer) -> dict[str, Any]:
    stated = one if isinstance(one, Mechanism) else None
    return {
        "country": one.country,
        "recipient": one.recipient or None,
        "shown_as": STATEMENT if isinstance(one, Mechanism) else one.shown_as,
        "mechanism": stated and stated.mechanism,
        "valid_from": stated and instant(stated.valid_from),
        "valid_until": stated and instant(stated.valid_until),
        "safeguards": stated and stated.safeguards,
        "ledger": f"{one.partition}:{one.offset}",
    }


def _limit(one: ErasureLimit) -> dict[str, Any]:
    return {
        "category": one.retention_class,
        "period": one.period,
        "starts": one.starts,
        "rule": one.rule,
        "after_agreement": [each._asdict() for each in one.after_agreement],
    }


def _measures(one: Measures | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "measures": list(one.measures),
        "description": one.description,
        "ledger": f"{one.partition}:{one.offset}",
    }
