"""`ledger policy`: the packs of promises, and which controller is held to which."""

from typing import Annotated

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, plain, table
from ledger.cli.pack_document import pack_document, said_in_short, summary
from ledger.cli.policy_lint import lint_command
from ledger.cli.stated import (
    AtOption,
    ControllerOption,
    Statement,
    checked_text,
    emit_stated,
    occurred_at,
    rules_of,
    state_fact,
)
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.policies import load_pack, pack_ids
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.packs.policy_pack import OTHER_REGIONS, PolicyPack
from ledger.rules.packs.rule_kinds import RULE_KINDS

policy_app = typer.Typer(help="Policy packs: promises as data.", no_args_is_help=True)
PackArgument = Annotated[str, typer.Argument(help="The id of an installed pack, or the path of a TOML file.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(policy_app, name="policy")


@policy_app.callback()
def _group() -> None:
    """Policy packs: promises as data."""


@policy_app.command("adopt")
def adopt(
    pack: PackArgument,
    controller: ControllerOption,
    region: Annotated[
        str | None, typer.Option(help="The region whose variants of the pack's entries hold.")
    ] = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a controller to a pack from now on. Adopting a newer version of it replaces the older one."""
    settings = Settings()
    loaded = load_pack(pack)
    checked_text("--controller", controller)
    _check_region(loaded.pack, region)
    with runtime(settings) as parts:
        statement = Statement(
            event_type="policy.adopted",
            controller=controller,
            fields={
                "pack": loaded.pack.id,
                "pack_version": loaded.pack.version,
                "content": loaded.content,
                "content_sha256": loaded.sha256,
                "region": region,
            },
            occurred_at=occurred_at(parts, at),
        )
        stated = state_fact(parts, statement)
        rules = rules_of(parts, controller)
    warnings = [
        f"{rule.entry} keeps {rule.retention_class} without end"
        for rule in loaded.pack.retention
        if rule.period is None
    ]
    warnings += _renews(rules, stated.statement.occurred_at)
    emit_stated(stated, {"adopted": _adopted(rules)}, as_json=as_json, warnings=warnings)


@policy_app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the packs that are installed, and to how many of their promises a rule is bound."""
    packs = [summary(load_pack(pack_id).pack) for pack_id in pack_ids()]

    def text(console: Console) -> None:
        rows = table("pack", "version", "promises", "bound", "text only", "title")
        for pack in packs:
            rows.add_row(
                pack["id"],
                plain(pack["version"]),
                str(pack["promises"]),
                str(pack["bound"]),
                str(pack["text_only"]),
                plain(pack["title"]),
            )
        console.print(rows)

    emit({"packs": packs}, as_json=as_json, text=text)


@policy_app.command("show")
def show(pack: PackArgument, as_json: JsonOption = False) -> None:
    """Show what a pack promises, entry by entry, and the rule that is bound to each."""
    loaded = load_pack(pack)

    def text(console: Console) -> None:
        found = loaded.pack
        console.print(f"{found.id} {plain(found.version)}: {plain(found.title)}")
        rows = table("entry", "promise", "article", "kind", "asks", "the text", "the rule")
        for entry in found.entries:
            rows.add_row(
                entry.id,
                entry.promise or "",
                plain(entry.article),
                entry.kind,
                plain(said_in_short(entry)),
                plain(entry.text),
                plain(entry.reason or RULE_KINDS[entry.kind].says),
            )
        console.print(rows)

    emit(pack_document(loaded), as_json=as_json, text=text)


policy_app.command("lint")(lint_command)


def _check_region(pack: PolicyPack, region: str | None) -> None:
    """Refuses a region that is only a misspelling of one the pack names.

    Raises:
        CallerError: no entry of the pack names it, and none is for other regions.
    """
    named = {rule.region for rule in pack.retention if rule.region is not None}
    if region is None or region in named - {OTHER_REGIONS} or OTHER_REGIONS in named:
        return
    raise CallerError(
        "--region is none of this pack's",
        expected=" or ".join(sorted(named)) or "no region: its entries hold everywhere",
        found=ascii(region[:40]),
    )


def _renews(rules: ControllerRules, at: int) -> list[str]:
    """What an adoption after the end of an agreement means: a new one."""
    return [
        f"agreement {each.agreement_id} ended at {instant(each.ends_at)}: data from the day of this adoption on "
        "belongs to a new agreement, and that end does not end it"
        for each in rules.ended
        if each.ends_at < at
    ]


def _adopted(rules: ControllerRules) -> list[dict[str, object]]:
    return [
        {
            "pack": adoption.pack.id,
            "version": adoption.pack.version,
            "region": adoption.region,
            "since": instant(adoption.at),
        }
        for adoption in rules.adopted
    ]
