"""`ledger policy`: the packs of promises, and which controller is held to which."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, plain, table
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
from ledger.policies import LoadedPack, load_pack, pack_ids
from ledger.rules.policy_pack import OTHER_REGIONS, PolicyPack, RetentionRule
from ledger.rules.retention import ControllerRules

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
    """List the packs that are installed."""
    packs = [load_pack(pack_id).pack for pack_id in pack_ids()]

    def text(console: Console) -> None:
        rows = table("pack", "version", "rules", "title")
        for pack in packs:
            rows.add_row(pack.id, plain(pack.version), str(len(pack.retention)), plain(pack.title))
        console.print(rows)

    document = {
        "packs": [
            {"id": pack.id, "version": pack.version, "title": pack.title, "rules": len(pack.retention)}
            for pack in packs
        ]
    }
    emit(document, as_json=as_json, text=text)


@policy_app.command("show")
def show(pack: PackArgument, as_json: JsonOption = False) -> None:
    """Show what a pack promises, entry by entry."""
    loaded = load_pack(pack)

    def text(console: Console) -> None:
        found = loaded.pack
        console.print(f"{found.id} {plain(found.version)}: {plain(found.title)}")
        rows = table("entry", "article", "class", "kept", "from", "region", "promise")
        for rule in found.retention:
            rows.add_row(
                rule.entry,
                plain(rule.article),
                rule.retention_class,
                _kept(rule),
                rule.starts,
                rule.region or "",
                plain(rule.text),
            )
        for duty in found.duties:
            rows.add_row(
                duty.entry, plain(duty.article), duty.retention_class, "duty", "", "", plain(duty.text)
            )
        for said in found.text_only:
            rows.add_row(said.entry, plain(said.article), "", "text only", "", "", plain(said.text))
        console.print(rows)

    emit(pack_document(loaded), as_json=as_json, text=text)


@policy_app.command("lint")
def lint(
    file: Annotated[Path, typer.Argument(help="A policy pack, TOML.")], as_json: JsonOption = False
) -> None:
    """Check a pack that is being written; exit 6 names the entry at fault and what was expected."""
    loaded = load_pack(file)
    document = {"ok": True, "id": loaded.pack.id, "version": loaded.pack.version, "sha256": loaded.sha256}
    emit(
        document,
        as_json=as_json,
        text=lambda console: console.print(
            f"{plain(file)}: {loaded.pack.id} {plain(loaded.pack.version)} is in order"
        ),
    )


def pack_document(loaded: LoadedPack) -> dict[str, Any]:
    """A pack as `--json` shows it."""
    pack = loaded.pack
    return {
        "id": pack.id,
        "version": pack.version,
        "title": pack.title,
        "sha256": loaded.sha256,
        "retention": [
            {
                "entry": rule.entry,
                "article": rule.article,
                "text": rule.text,
                "retention_class": rule.retention_class,
                "except": sorted(rule.excluded),
                "period": None if rule.period is None else str(rule.period),
                "starts": rule.starts.value,
                "action": rule.action.value,
                "region": rule.region,
                "customer_set": rule.customer_set,
                "on_choice": rule.on_choice,
            }
            for rule in pack.retention
        ],
        "duties": [
            {
                "entry": duty.entry,
                "article": duty.article,
                "text": duty.text,
                "retention_class": duty.retention_class,
                "until": None if duty.until is None else str(duty.until),
            }
            for duty in pack.duties
        ],
        "text_only": [
            {"entry": said.entry, "article": said.article, "text": said.text, "reason": said.reason}
            for said in pack.text_only
        ],
        "confirm_within": {name: str(period) for name, period in sorted(pack.confirm_within.items())},
        "confirm_within_default": str(pack.confirm_within_default),
        "export_hold": None if pack.export_hold is None else str(pack.export_hold),
        "trail_period": None if pack.trail_period is None else str(pack.trail_period),
    }


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


def _kept(rule: RetentionRule) -> str:
    if rule.period is None:
        return "without end"
    return f"at most {rule.period}, set by the customer" if rule.customer_set else str(rule.period)
