"""Options that state facts: text that facts can carry, moments, countries, digests, agreed purposes.

Each is read and checked at once, before anything is connected or published; what is refused is exit code 2. A moment
becomes microseconds since the epoch, UTC.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from ledger.cli.output import parse_instant
from ledger.cli.stated import checked_text
from ledger.errors import CallerError

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class AgreedRole(StrEnum):
    """The part the provider plays for a purpose, GDPR Art. 4(7), 4(8) and 26."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    JOINT = "joint"
    CONDUIT = "conduit"


class Mechanism(StrEnum):
    """What a transfer outside the EEA rests on, GDPR Art. 44 to 49."""

    NOT_NEEDED = "not_needed"
    ADEQUACY = "adequacy"
    SCC = "scc"
    BCR = "bcr"
    DEROGATION = "derogation"
    NONE = "none"


class ChoiceChannel(StrEnum):
    """How a controller says what it wants (CB-07)."""

    DASHBOARD = "dashboard"
    WRITTEN = "written"
    API = "api"


def text_option(name: str, help_text: str) -> Any:
    """Text that facts carry: an id, a code, a few words; never personal data."""
    return _option(name, help_text, lambda text: checked_text(name, text), "TEXT")


def moment_option(name: str, help_text: str) -> Any:
    """A time, RFC 3339 or a date (UTC)."""
    return _option(
        name, f"{help_text} RFC 3339 or a date (UTC).", lambda text: parse_instant(name, text), "TIME"
    )


def country_option(name: str, help_text: str) -> Any:
    """A country, ISO 3166-1 alpha-2."""
    return _option(
        name, f"{help_text} ISO 3166-1 alpha-2, as NL.", lambda text: _country(name, text), "COUNTRY"
    )


def digest_option(name: str, help_text: str) -> Any:
    """A SHA-256."""
    return _option(name, f"{help_text} 64 hexadecimal digits.", lambda text: _digest(name, text), "SHA256")


def agreed_purposes(texts: Sequence[str] | None) -> list[dict[str, str]]:
    """The purposes of an agreement and the role for each, from texts as `telephony=processor`.

    Raises:
        CallerError: one of them is none.
    """
    return [_purpose(text) for text in texts or ()]


def _option(name: str, help_text: str, read: Callable[[str], object], metavar: str) -> Any:
    return typer.Option(name, help=help_text, parser=read, metavar=metavar)


def _country(name: str, text: str) -> str:
    if _COUNTRY.fullmatch(text):
        return text
    raise CallerError(
        f"{name} is no country", expected="two capital letters, as NL or US", found=ascii(text[:20])
    )


def _digest(name: str, text: str) -> str:
    if _DIGEST.fullmatch(text.lower()):
        return text.lower()
    raise CallerError(
        f"{name} is no SHA-256", expected="64 hexadecimal digits", found=f"{len(text)} characters"
    )


def _purpose(text: str) -> dict[str, str]:
    purpose, _, role = text.partition("=")
    checked_text("--purpose", purpose)
    if role in set(AgreedRole):
        return {"purpose": purpose, "role": role}
    raise CallerError(
        "--purpose has no role",
        expected=f"PURPOSE=ROLE, the role one of {', '.join(AgreedRole)}",
        found=ascii(text[:40]),
    )


ControllerText = Annotated[str, text_option("--controller", "The controller it holds for.")]
OneControllerOption = Annotated[str | None, text_option("--controller", "Only this controller's.")]
AgreementOption = Annotated[str, text_option("--agreement", "The agreement, as the parties call it.")]
AtMoment = Annotated[int | None, moment_option("--at", "When it happened. Default: now.")]
CountriesOption = Annotated[
    list[str], country_option("--country", "Where it processes; may be given more than once.")
]
PurposesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--purpose",
        metavar="PURPOSE=ROLE",
        help="What data may be processed for, and the provider's role in it, as telephony=processor; may be repeated.",
    ),
]
