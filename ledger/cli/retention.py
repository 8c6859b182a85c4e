"""`ledger retention`: what is kept until when, what is due, held, late and destroyed; and the run that destroys."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.retention_set import retention_set
from ledger.cli.subject import SubjectOption, find_streams
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.forgetting.ended_facts import destruction_of
from ledger.forgetting.guard import Approval
from ledger.forgetting.instructions import day_text
from ledger.forgetting.retention_plan import Ending
from ledger.forgetting.retention_run import Outcome, RetentionRun
from ledger.forgetting.retention_status import Range, State, Status, folded, retention_status
from ledger.store.forgetting_rows import InstructionRow

EXIT_LATE = 1
retention_app = typer.Typer(help="Retention: what is kept until when, and what became of it.")
retention_app.command("set")(retention_set)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(retention_app, name="retention")


@retention_app.callback(invoke_without_command=True)
def retention(
    context: typer.Context,
    controller: Annotated[str | None, typer.Option(help="Only this controller's data.")] = None,
    subject: SubjectOption = None,
    as_of: Annotated[
        str | None, typer.Option(help="At this time; one to come asks what will be due. Default: now.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is kept until when, due, held, late and destroyed; exit code 1 when something is late."""
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    at = parse_instant("--as-of", as_of)
    with runtime(settings) as parts:
        streams = find_streams(parts, subject, controller)
        with parts.vault() as vault, parts.store_connection(settings.store_schema) as store:
            store.autocommit = True
            status = retention_status(
                vault,
                store,
                as_of=parts.clock() if at is None else at,
                controller=controller,
                streams=streams,
            )
    ranges = list(folded(status.lines))
    emit(
        _status_document(status, ranges),
        as_json=as_json,
        text=lambda console: _print(console, status, ranges),
    )
    if status.anything_late:
        raise typer.Exit(EXIT_LATE)


@retention_app.command("run")
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be destroyed, and change nothing.")
    ] = False,
    approve: Annotated[
        str | None,
        typer.Option(help="The digest of the plan a second person looked at; lets it pass the bound."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who approved it; not recorded, not logged.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy what is due, as the scheduler does every hour."""
    if (approve is None) is not (by is None or not by.strip()):
        raise CallerError("an approval has two parts", expected="--approve DIGEST with --by NAME, or neither")
    settings = Settings()
    with runtime(settings) as parts, RetentionRun.of(parts) as carried:
        if dry_run:
            plan = carried.plan()
            outcome = Outcome(run_id="", as_of=parts.clock(), plan=plan)
        else:
            outcome = carried.carry_out(None if approve is None or by is None else Approval(approve, by))
    bound = settings.destructions_max
    document = _run_document(outcome, dry_run=dry_run, destructions_max=bound)
    emit(
        document,
        as_json=as_json,
        text=lambda console: _print_run(console, outcome, dry_run=dry_run, destructions_max=bound),
    )


def _status_document(status: Status, ranges: Sequence[Range]) -> dict[str, object]:
    listed: dict[str, list[dict[str, object]]] = {state.value: [] for state in State}
    for each in ranges:
        listed[each.line.state.value].append(_range_document(each))
    return {
        "as_of": instant(status.as_of),
        **listed,
        "services": [_service_document(each, status.as_of) for each in status.services],
    }


def _range_document(each: Range) -> dict[str, object]:
    line = each.line
    return {
        "controller": line.controller,
        "retention_class": line.retention_class,
        "from": None if line.day is None else day_text(line.day),
        "to": None if each.last_day is None else day_text(each.last_day),
        "days": None if line.day is None else each.days,
        "subject": None if line.subject is None else str(line.subject),
        "fact": None if line.fact is None else str(line.fact),
        "ends_at": instant(line.ended_at),
        "period": line.period,
        "starts": line.starts,
        "rule": line.rule,
        "action": line.action,
        "held_by": line.held_by,
        "confirmed_at": instant(line.confirmed_at),
        "late": line.was_late or line.state is State.LATE,
    }


def _service_document(row: InstructionRow, as_of: int) -> dict[str, object]:
    return {
        "recipient": row.recipient,
        "recipient_kind": row.recipient_kind,
        "controller": row.controller,
        "instruction": row.instruction,
        "erasure_id": row.erasure_id,
        "run_id": row.run_id,
        "retention_classes": row.retention_classes,
        "instructed_at": instant(row.instructed_at),
        "confirm_by": instant(row.confirm_by),
        "state": row.state,
        "silent": row.is_silent(as_of),
        "ledger": f"{row.partition}:{row.offset}",
    }


def _print(console: Console, status: Status, ranges: Sequence[Range]) -> None:
    rows = table("state", "controller", "class", "days", "ends", "period", "rule", "held by")
    for each in ranges:
        line = each.line
        late = line.was_late or line.state is State.LATE
        rows.add_row(
            Text(line.state.value + (", late" if line.was_late else ""), style="red" if late else ""),
            plain(line.controller),
            line.retention_class,
            _days(each),
            "" if line.ended_at is None else (instant(line.ended_at) or "")[:16] + "Z",
            line.period,
            plain(line.rule),
            plain(line.held_by),
        )
    console.print(rows)
    if not status.services:
        return
    console.print("\nInstructions without a whole confirmation:")
    services = table("recipient", "controller", "state", "confirm by", "ledger")
    for row in status.services:
        silent = row.is_silent(status.as_of)
        services.add_row(
            plain(row.recipient),
            plain(row.controller),
            Text("silent" if silent else row.state, style="red" if silent else ""),
            (instant(row.confirm_by) or "")[:16] + "Z",
            f"{row.partition}:{row.offset}",
        )
    console.print(services)


def _days(each: Range) -> str:
    if each.line.fact is not None:
        return f"proof {each.line.fact}"
    person = "" if each.line.subject is None else f"of {each.line.subject}"
    if each.line.day is None or each.last_day is None:
        return person
    first, last = day_text(each.line.day), day_text(each.last_day)
    return (first if first == last else f"{first} … {last}") + (f" {person}" if person else "")


def _run_document(outcome: Outcome, *, dry_run: bool, destructions_max: int) -> dict[str, object]:
    plan = outcome.plan
    return {
        "run_id": outcome.run_id or None,
        "as_of": instant(outcome.as_of),
        "dry_run": dry_run,
        "plan": plan.digest,
        "keys": plan.destructions,
        "needs_second_person": plan.destructions > destructions_max,
        "due" if dry_run else "destroyed": [_ending_document(each) for each in plan.due],
        "held": [_ending_document(each) for each in plan.held],
        "put_aside": len(plan.aside),
        "finished": len(outcome.finished),
        "instructions": list(outcome.instructions),
        "released": outcome.released,
    }


def _ending_document(ending: Ending) -> dict[str, Any]:
    what = destruction_of(ending)
    return {
        "controller": what.controller,
        "retention_class": what.retention_class,
        "day": None if what.day is None else day_text(what.day),
        "subject": None if what.subject is None else str(what.subject),
        "fact": None if what.fact is None else str(what.fact),
        "ended_at": instant(ending.end.ended_at),
        "period": ending.end.period,
        "rule": ending.end.rule,
        "held_by": ending.held_by,
    }


def _print_run(console: Console, outcome: Outcome, *, dry_run: bool, destructions_max: int) -> None:
    plan = outcome.plan
    verb = "Would destroy" if dry_run else "Destroyed"
    console.print(f"{verb} {plan.destructions} keys; {len(plan.held)} are held. Plan {plan.digest}")
    if plan.aside:
        done = "would be" if dry_run else "were"
        console.print(f"{len(plan.aside)} days of people on hold {done} put aside: those open still.")
    rows = table("controller", "class", "what", "ended", "rule", "held by")
    for ending in (*plan.due, *plan.held):
        document = _ending_document(ending)
        rows.add_row(
            plain(document["controller"]),
            document["retention_class"],
            document["day"] or f"proof {document['fact']}",
            document["ended_at"][:16] + "Z",
            plain(document["rule"]),
            plain(document["held_by"]),
        )
    if rows.row_count:
        console.print(rows)
    if dry_run and plan.destructions > destructions_max:
        console.print(
            f"This is more than {destructions_max} keys: a second person runs "
            f"`ledger retention run --approve {plan.digest} --by NAME`."
        )
    if not dry_run:
        console.print(
            f"{len(outcome.instructions)} instructions given; {outcome.released} held fields released."
        )
