"""`ledger migrate`, `ledger topics`, `ledger config show`."""

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, plain, table
from ledger.config import Settings

config_app = typer.Typer(help="The configuration.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("migrate")(migrate)
    app.command("topics")(topics)
    app.add_typer(config_app, name="config")


def migrate(as_json: JsonOption = False) -> None:
    """Bring the tables of the store and the vault up to date. Safe to repeat."""
    settings = Settings()
    with runtime(settings, prepared=False) as parts:
        done = {"store": parts.migrate_store(settings.store_schema), "vault": parts.migrate_vault()}

    def text(console: Console) -> None:
        for database, applied in done.items():
            console.print(f"{database}: {', '.join(applied) if applied else 'up to date'}")

    emit(done, as_json=as_json, text=text)


def topics(as_json: JsonOption = False) -> None:
    """Create the topics that are missing; refuse a ledger topic with another partition count."""
    with runtime(Settings(), prepared=False) as parts:
        done = parts.create_topics()

    def text(console: Console) -> None:
        for name, state in done.items():
            console.print(f"{name}: {state}")

    emit({"topics": done}, as_json=as_json, text=text)


@config_app.command("show")
def config_show(as_json: JsonOption = False) -> None:
    """Print every setting, where it can be set, and its value; secrets stay hidden."""
    settings = Settings()
    document = {
        f"LEDGER_{name.upper()}": str(getattr(settings, name) if getattr(settings, name) is not None else "")
        for name in Settings.model_fields
    }

    def text(console: Console) -> None:
        rows = table("setting", "value", "meaning")
        for name, field in Settings.model_fields.items():
            key = f"LEDGER_{name.upper()}"
            rows.add_row(key, plain(document[key]), field.description or "")
        console.print(rows)
        console.print("embedded services: " + ("yes" if settings.embedded else "no"))

    emit({"settings": document, "embedded": settings.embedded}, as_json=as_json, text=text)
