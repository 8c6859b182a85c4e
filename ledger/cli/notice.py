"""`ledger notice`: versions of privacy notices, and who was told of them.

Facts about people name the version in force as their `notice_version`; GDPR Art. 12 to 14.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import NOTICE
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import (
    AtMoment,
    ControllerText,
    OneControllerOption,
    digest_option,
    moment_option,
    text_option,
)
from ledger.cli.output import JsonOption

notice_app = typer.Typer(help="Privacy notices, their versions, and who was told.", no_args_is_help=True)
NoticeOption = Annotated[str, text_option("--notice", "Which notice, for example website.")]
VersionOption = Annotated[str, text_option("--version", "The version, as facts name it in notice_version.")]


class Informed(StrEnum):
    """How people were told of a change as it was published."""

    NOT_NEEDED = "not_needed"
    BY_EMAIL = "by_email"
    BY_WEBSITE = "by_website"
    BY_CALL = "by_call"
    NOT_INFORMED = "not_informed"


class Channel(StrEnum):
    """How people were told of a version."""

    EMAIL = "email"
    WEBSITE = "website"
    CALL = "call"
    LETTER = "letter"
    DASHBOARD = "dashboard"


class Audience(StrEnum):
    """Who was told."""

    CUSTOMERS = "customers"
    END_USERS = "end_users"
    VISITORS = "visitors"
    EVERYONE = "everyone"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(notice_app, name="notice")


@notice_app.callback()
def _group() -> None:
    """Privacy notices, their versions, and who was told."""


@notice_app.command("publish")
def publish(
    controller: ControllerText,
    notice: NoticeOption,
    version: VersionOption,
    language: Annotated[
        list[str],
        text_option("--language", "A language it is published in, BCP 47; may be given more than once."),
    ],
    sha256: Annotated[str, digest_option("--sha256", "SHA-256 of the published text.")],
    uri: Annotated[str, text_option("--uri", "Where it is published.")],
    effective: Annotated[int, moment_option("--effective", "From when it holds.")],
    material: Annotated[
        bool, typer.Option("--material/--not-material", help="Whether it materially affects people's rights.")
    ],
    replaces: Annotated[str | None, text_option("--replaces", "The version it replaces.")] = None,
    informed: Annotated[
        Informed, typer.Option(help="How people were told of the change.")
    ] = Informed.NOT_NEEDED,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a notice, or a version of it, was published."""
    fields = {
        "notice_version": version,
        "languages": language,
        "sha256": sha256,
        "uri": uri,
        "effective_at": effective,
        "replaces": replaces,
        "materially_changed": material,
        "people_informed": informed.value,
    }
    state_case_fact("notice.published", controller, notice, fields, at=at, as_json=as_json)


@notice_app.command("communicate")
def communicate(
    controller: ControllerText,
    notice: NoticeOption,
    version: VersionOption,
    told_by: Annotated[Channel, typer.Option(help="How people were told.")],
    audience: Annotated[Audience, typer.Option(help="Who was told.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that people were told of a version of a notice."""
    fields = {"version": version, "told_by": told_by.value, "audience": audience.value}
    state_case_fact("notice.communicated", controller, notice, fields, at=at, as_json=as_json)


@notice_app.command("show")
def show(
    controller: OneControllerOption = None,
    notice: Annotated[str | None, text_option("--notice", "Only this notice.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show notices: their versions, who was told, and what was found."""
    show_cases(NOTICE, controller=controller, case_id=notice, as_json=as_json, name="notices")
