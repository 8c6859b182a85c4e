"""`ledger publish`: other systems' files become facts, and what cannot be used is refused by line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.contract.writing import structured_json
from tests.ledger_home import CATALOGUE, NOON, LedgerHome, fact, ledger_records

CONTROLLER = ("--controller", "garage-example")
ASTERISK = ("--format", "asterisk-csv", *CONTROLLER)
JSONL = ("--format", "cloudevents-jsonl", *CONTROLLER)

GOOD_COLUMNS = (
    *("1234", "+3197010000010", "+3197010000011", "from-trunk", '""Garage"" <+3197010000010>'),
    *("PJSIP/trunk-00000000", "PJSIP/201-00000001", "Queue", "support,t,,,30"),
    *("2026-03-27 07:31:56", "2026-03-27 07:32:02", "2026-03-27 07:33:41"),
    *("105", "99", "ANSWERED", "DOCUMENTATION", "1774596716.1", ""),
)


def cdr(number: int, **changes: str) -> str:
    """A detail record of its own call; some columns, named c0 to c17, replaced."""
    columns = list(GOOD_COLUMNS)
    columns[16] = f"1774596716.{number}"
    for name, text in changes.items():
        columns[int(name[1:])] = text
    return ",".join(f'"{column}"' for column in columns)


BROKEN = [
    cdr(1),
    cdr(2, c12="1:45"),  # a duration that is none
    ",".join(GOOD_COLUMNS[:4]),  # columns missing
    cdr(3),
    cdr(4, c9="yesterday"),  # no time
    cdr(5, c14="MAYBE"),  # no disposition
    cdr(6, c13="106"),  # billed for longer than it lasted
    cdr(7, c17="recording=yes;reason=quality"),  # a call and its recording
]
REFUSED = {
    2: "column duration: expected whole seconds, 0 or more",
    3: "expected 16 or 18 columns, found 4",
    5: "column start: expected a local time YYYY-MM-DD HH:MM:SS",
    6: "column disposition: expected one of",
    7: "column billsec: expected no more than duration",
}


@pytest.fixture(scope="module")
def up(home: LedgerHome) -> Iterator[LedgerHome]:
    """The module's ledger with sealer and recorder running, so that nobody waits for them."""
    with home.serving():
        yield home


def write(path: Path, lines: list[str]) -> str:
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def counts(document: Any) -> tuple[int, ...]:
    """Published, refused, accepted, rejected and duplicates."""
    return tuple(document[name] for name in ("published", "refused", "accepted", "rejected", "duplicates"))


def test_broken_lines_are_refused_by_number_and_the_good_ones_published(
    up: LedgerHome, tmp_path: Path
) -> None:
    """File, line and reason on stderr, exit code 6; the rest goes on, and nothing is lost."""
    file = write(tmp_path / "Master.csv", BROKEN)
    done = up.run("publish", file, *ASTERISK, "--json")
    assert done.returncode == 6
    document = msgspec.json.decode(done.stdout)
    assert counts(document) == (4, 5, 4, 0, 0)
    assert list(REFUSED) == [line["line"] for line in document["refused_lines"]]
    messages = [line for line in done.stderr.decode().splitlines() if "refused" in line]
    for (number, reason), message in zip(REFUSED.items(), messages, strict=True):
        assert message.startswith(f"{file}:{number}: refused: {reason}")


def test_second_run_of_a_file_has_no_new_effects_and_says_so(up: LedgerHome, tmp_path: Path) -> None:
    """The ledger knows a fact by its source and id."""
    file = write(tmp_path / "again.csv", [cdr(number) for number in range(20, 25)])
    assert counts(up.json("publish", file, *ASTERISK)) == (5, 0, 5, 0, 0)
    entries = up.json("trail", "--controller", "garage-example")["entries"]
    assert counts(up.json("publish", file, *ASTERISK)) == (5, 0, 0, 0, 5)
    text = up.run("publish", file, *ASTERISK)
    assert (text.returncode, text.stderr) == (0, b"")
    assert "published 5, refused 0" in text.stdout.decode()
    assert "recorded: 0 accepted, 0 rejected, 5 duplicates" in text.stdout.decode()
    assert "Everything in this file was in the ledger already: no new effects." in text.stdout.decode()
    assert entries == up.json("trail", "--controller", "garage-example")["entries"]


def test_file_that_grew_since_adds_only_what_is_new(up: LedgerHome, tmp_path: Path) -> None:
    """A call log is appended to: publishing it every night takes up where it stopped."""
    file = write(tmp_path / "growing.csv", [cdr(number) for number in range(30, 33)])
    assert counts(up.json("publish", file, *ASTERISK)) == (3, 0, 3, 0, 0)
    write(tmp_path / "growing.csv", [cdr(number) for number in range(30, 35)])
    assert counts(up.json("publish", file, *ASTERISK)) == (5, 0, 2, 0, 3)


def test_standard_input_is_a_file_too(up: LedgerHome) -> None:
    """`-` reads to the end; lines are named after it."""
    done = up.run("publish", "-", *ASTERISK, stdin=f"{cdr(40)}\nbroken\n".encode())
    assert done.returncode == 6
    assert done.stderr.decode().startswith("-:2: refused: expected 16 or 18 columns")
    assert "recorded: 1 accepted, 0 rejected, 0 duplicates" in done.stdout.decode()


def test_empty_file_publishes_nothing(up: LedgerHome, tmp_path: Path) -> None:
    """Nothing to do is no error."""
    (tmp_path / "empty.csv").touch()
    done = up.run("publish", str(tmp_path / "empty.csv"), *ASTERISK)
    assert (done.returncode, done.stdout) == (0, b"published 0, refused 0\n")


def test_without_waiting_only_the_inbox_answers(up: LedgerHome, tmp_path: Path) -> None:
    """`--no-wait` says what was published, not what became of it."""
    file = write(tmp_path / "quick.csv", [cdr(50)])
    document = up.json("publish", file, *ASTERISK, "--no-wait")
    assert document == {"published": 1, "refused": 0, "refused_lines": []}
    assert counts(up.json("publish", file, *ASTERISK)) == (1, 0, 0, 0, 1), "it was recorded all the same"


def event(event_id: str, **changes: object) -> dict[str, Any]:
    """A message as CloudEvents JSON; attributes replaced, None to leave one out."""
    schema = CATALOGUE.latest("message.sent")
    assert schema is not None
    datum = fact("message.sent", controller="garage-example", recipient_number="+3197010000012")
    whole: dict[str, Any] = msgspec.json.decode(
        structured_json(schema, event_id, "urn:test:sms", NOON, datum)
    )
    return {name: value for name, value in (whole | changes).items() if value is not None}


def test_cloudevents_lines_are_published_and_bad_ones_refused(up: LedgerHome, tmp_path: Path) -> None:
    """One event per line; what is wrong is named by attribute or field, never by its value."""
    other = event("theirs")
    other["data"]["controller"] = "somebody-else"
    unknown = event("unknown-field")
    unknown["data"]["shoe_size"] = 43
    lines = [
        event("first"),
        event("second", dataschema=None),
        {"not": "an event"},
        event("no time", time="noon"),
        event("no type", type="message.shouted", dataschema=None),
        other,
        unknown,
        event("last"),
    ]
    file = write(
        tmp_path / "events.jsonl", [msgspec.json.encode(line).decode() for line in lines] + ["", "{"]
    )
    document = up.json("publish", file, *JSONL, expected_exit=6)
    assert counts(document) == (3, 6, 3, 0, 0)
    assert {line["line"]: line["reason"] for line in document["refused_lines"]} == {
        3: "attribute specversion: expected a text that is not empty",
        4: "attribute time: expected an RFC 3339 time with an offset",
        5: "attribute type: expected an event type of the catalogue",
        6: "field controller of data: expected the controller that was given, or none",
        7: "data: a field the schema does not have: field_unknown",
        10: "expected one JSON object, found something else",
    }
    assert counts(up.json("publish", file, *JSONL, expected_exit=6)) == (3, 6, 0, 0, 3)


def test_more_lines_than_a_batch_are_published_in_order(up: LedgerHome, tmp_path: Path) -> None:
    """Acknowledgements are awaited by the thousand; every line is in the log, once."""
    count = 1500
    before = len(ledger_records_of(up, "urn:asterisk:big"))
    file = write(tmp_path / "big.csv", [cdr(number, c0="big") for number in range(1000, 1000 + count)])
    assert counts(up.json("publish", file, *ASTERISK)) == (count, 0, count, 0, 0)
    parties = 2
    assert before + count * parties == len(ledger_records_of(up, "urn:asterisk:big"))


def ledger_records_of(home: LedgerHome, source: str) -> list[bytes]:
    """The values of the ledger records that name a source."""
    with home.parts() as parts:
        values = [record.value or b"" for record in ledger_records(parts)]
    return [value for value in values if source.encode() in value]
