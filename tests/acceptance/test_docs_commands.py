"""What the documentation tells people to type works: every `ledger` and `make` command, every SQL statement.

Commands stand in code blocks marked `console`, each on a line of its own after `$ `. A block marked
`console norun: <reason>` is not run; what it holds is listed here too, so that nothing slips out of the test.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
from psycopg import sql

from ledger.dev.services import EmbeddedServices

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "ARCHITECTURE.md", "docs")
COMMAND_TIMEOUT_S = 60
"""A command takes a second or two; one that waits for what never comes fails here."""

NOT_RUN = {
    "make demo": "runs until stopped",
    "make test": "runs this very test",
    "make bench-retention": "makes a table of a million calls twice, and takes a minute",
    "ledger seal --slot 1/1": "runs until stopped",
    "ledger record --slot 1/1": "runs until stopped",
    "ledger schedule": "runs until stopped",
    "ledger up": "runs until stopped",
    "ledger deadlines": "exit code 1 when a deadline was missed",
    "ledger deadlines --controller garage-noord --all --json": "exit code 1 when a deadline was missed",
    "ledger deadlines --as-of 2027-01-01": "exit code 1 when a deadline was missed",
    "ledger findings --controller garage-noord": "exit code 1 when something is found",
    "ledger findings --code processing_after_withdrawal --all --json": "exit code 1 when something is found",
    "ledger policy lint": "exit code 1 when there is a contradiction",
    "ledger policy lint my-pack.toml callvoip-faq --json": "exit code 1 when there is a contradiction",
    "ledger retention --as-of 2027-01-01": "exit code 1 when something would be late then",
    "ledger retention run --approve DIGEST --by NAME": "destroys where it runs",
    "openssl rand -hex 32 > deploy/secrets/kek": "needs Docker and root",
    "sudo chown 10001:10001 deploy/secrets/kek && sudo chmod 400 deploy/secrets/kek": "needs Docker and root",
    "cp deploy/env.example deploy/secrets/env": "needs Docker and root",
    "docker compose --env-file deploy/secrets/env up --detach --build": "needs Docker and root",
    "docker compose --env-file deploy/secrets/env run --rm sealer trail --limit 5": "needs Docker and root",
    "ledger export --controller garage-noord --out garage-noord.zip --why end_of_agreement": (
        "writes a file of personal data where it runs"
    ),
    "ledger export --subject - --controller garage-noord --out request-31.zip --why access_request": (
        "writes a file of personal data where it runs"
    ),
    "ledger request receive --controller garage-noord --file requests.csv --bulk-id 2026-11-22": (
        "reads a file that is not there"
    ),
    "ledger erase --subject - --controller garage-noord --request DSR-2026-31": (
        "forgets a person where it runs"
    ),
    "ledger erase --subject - --controller garage-noord --why consent_withdrawn --wait 60": (
        "forgets a person where it runs"
    ),
}
"""Every command of a `norun` block, with the block's reason."""

MADE_OF = {"make demo ONCE=1": "ledger demo --once"}
"""What `make` runs once its set-up is done; the set-up is what this test runs in."""

COORDINATES = "PARTITION:OFFSET"
"""What the pages write where a reader puts coordinates of their own: here those of some rejected input."""

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
SHELLS = ("console", "sh", "bash", "shell")


class Block(NamedTuple):
    """One fenced block of a page."""

    page: str
    info: str
    body: str


class Command(NamedTuple):
    """One command as a page shows it."""

    page: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def blocks() -> list[Block]:
    """Every fenced block of every page, in order."""
    found = []
    for name in PAGES:
        path = ROOT / name
        for page in [path] if path.is_file() else sorted(path.rglob("*.md")):
            text = page.read_text(encoding="utf-8")
            where = page.relative_to(ROOT).as_posix()
            found += [Block(where, each["info"].strip(), each["body"]) for each in FENCE.finditer(text)]
    return found


def commands(*, run: bool) -> list[tuple[Command, str]]:
    """The commands that are to run, or those that are not, each with its block's reason."""
    found = []
    for block in blocks():
        language, _, rest = block.info.partition(" ")
        if language not in SHELLS or rest.startswith("norun") is run:
            continue
        for line in block.body.splitlines():
            if line.startswith("$ "):
                text = line[2:].strip().removeprefix(".venv/bin/")
                found.append((Command(block.page, text), rest.partition(":")[2].strip()))
    return found


def ledger_arguments(text: str) -> list[str]:
    """The arguments of `ledger` in a command of the documentation."""
    program, *arguments = shlex.split(MADE_OF.get(text, text))
    assert Path(program).name == "ledger", f"neither run nor listed as not run: {text}"
    return arguments


def once_each(found: Iterable[Command]) -> list[Command]:
    """The first of each text, in the order of the pages: a later page may count on what an earlier one did."""
    first: dict[str, Command] = {}
    for command in found:
        first.setdefault(command.text, command)
    return list(first.values())


SHOWN = once_each(command for command, _ in commands(run=True))
"""Every command to run, once each, with the page that shows it first."""
DEMO = next(command.text for command in SHOWN if command.text in MADE_OF)
STATEMENTS = [
    pytest.param(statement, id=f"{block.page}-{number}")
    for number, (block, statement) in enumerate(
        (block, statement.strip())
        for block in blocks()
        if block.info == "sql"
        for statement in block.body.split(";")
        if statement.strip()
    )
]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A state directory in which the demo ran once, and its services, still up so that each command starts fast."""

    environment: Mapping[str, str]
    store_dsn: str
    outputs: dict[str, str] = field(default_factory=dict)

    def output(self, text: str, **replaced: str) -> str:
        """What a command of the documentation prints on stdout; it is run once, however often it is asked for."""
        if text not in self.outputs:
            arguments = ledger_arguments(text)
            self.outputs[text] = self.run([replaced.get(argument, argument) for argument in arguments])
        return self.outputs[text]

    def run(self, arguments: list[str]) -> str:
        """Runs `ledger` with arguments; what it printed on stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "ledger.cli", *arguments],
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """The README's first command, run once for all the others."""
    # Not in pytest's own directory, which every starting pytest closes to other users: as root, PostgreSQL runs
    # as one of those.
    with tempfile.TemporaryDirectory(prefix="ledger-docs-") as directory:
        state_dir = Path(directory) / "state"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        environment["LEDGER_STATE_DIR"] = str(state_dir)
        with EmbeddedServices(state_dir) as services:
            made = Day(environment=environment, store_dsn=services.store_dsn)
            made.output(DEMO)
            yield made


@pytest.fixture(scope="module")
def rejected(day: Day) -> str:
    """Coordinates of some rejected input, which differ from run to run."""
    listed: dict[str, Any] = msgspec.json.decode(day.run(["rejected", "list", "--json"]))
    coordinates: str = listed["rejected"][0]["ledger"]
    return coordinates


def shown(part: str) -> str:
    """The first command of the documentation that has these words."""
    return next(command.text for command in SHOWN if part in command.text)


def test_demo_shows_what_the_readme_says(day: Day) -> None:
    """Counts, reasons, findings, a timeline with a withdrawal ignored, a proof, verdicts, and equal digests."""
    summary = day.output(DEMO)
    for said in (
        "were published by the services",
        "took effect",
        "repeats of a fact",
        "could not be read",
        "processing_after_withdrawal",
        "One person's timeline",
        "Proof of this person's consent",
        "What the providers promised",
        "They are equal",
    ):
        assert said in summary


@pytest.mark.parametrize("command", [command for command in SHOWN if command.text != DEMO], ids=str)
def test_command_shown_in_the_documentation_works(day: Day, rejected: str, command: Command) -> None:
    """It exits with 0, in the order of the pages."""
    day.output(command.text, **{COORDINATES: rejected})


def test_second_publication_has_no_second_effect(day: Day) -> None:
    """The README says so of the file that the demo published, and that the command says so."""
    assert "no new effects" in day.output(shown(" publish "))


def test_readme_subject_has_a_consent(day: Day) -> None:
    """The invented person of the examples is one whose story shows something."""
    assert "withdrawn" in day.output(shown("consent show"))


def test_commands_that_are_not_run_are_listed_with_their_reason() -> None:
    """A command leaves this test only by name."""
    assert {command.text: reason for command, reason in commands(run=False)} == NOT_RUN


def test_setting_table_is_that_of_the_program(day: Day) -> None:
    """docs/operations.md names every setting, and its default."""
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(LEDGER_[A-Z_]+)` \| (?:`([^`]*)`)? *\|", page, re.MULTILINE)
    document: dict[str, Any] = msgspec.json.decode(day.output("ledger config show --json"))
    values: dict[str, str] = document["settings"]
    assert dict(named) == values | {"LEDGER_STATE_DIR": ".ledger"}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_sql_shown_in_the_documentation_works(day: Day, statement: str) -> None:
    """It runs on the store as it is, read-only."""
    with psycopg.connect(day.store_dsn) as connection:
        connection.read_only = True
        connection.execute(sql.SQL(statement))


def test_projection_pages_name_every_column() -> None:
    """Each projection has a page, and each of its tables' columns is on it."""
    from ledger.projections import PROJECTIONS  # noqa: PLC0415 - used by this test alone

    for projection in PROJECTIONS:
        page = (ROOT / f"docs/projections/{projection.name}.md").read_text(encoding="utf-8")
        for table in projection.tables:
            assert [name for name in table.column_names if f"`{name}`" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link names a file that exists."""
    for name in (*PAGES, "CHANGELOG.md"):
        path = ROOT / name
        for page in [path] if path.is_file() else sorted(path.rglob("*.md")):
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} → {target}"
