"""Invariant 2: what is personal stays in the inbox. FAULTS, I5.

A canary phone number, e-mail and name go into the inbox by every way there is: all event types with personal
fields, input that is rejected, headers and keys, files of other systems. Then everything else is searched.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS, LEDGER_TOPIC
from ledger.contract.catalogue import EventSchema
from ledger.contract.event_rules import IdentifierKind
from ledger.contract.writing import (
    cloudevent_headers,
    encode_single_object,
    structured_headers,
    structured_json,
)
from ledger.log.publisher import InboxRecord
from tests.acceptance.canary import (
    EMAIL,
    EVERYTHING,
    NAME,
    NUMBER_SPELLINGS,
    PLAIN,
    found_in,
    found_in_tree,
    written_every_way,
)
from tests.ledger_home import (
    CATALOGUE,
    NOON,
    LedgerHome,
    await_recorded,
    fact,
    inbox_record,
    ledger_records,
    new_home,
    publish,
    verify_whole_log,
)

COMMANDS_AT_ONCE = 4
SOURCE = "urn:test:canary"
NUMBER = NUMBER_SPELLINGS[0]
KEY = f"{NUMBER} {EMAIL}".encode()
EXTRA_HEADERS: tuple[tuple[str, bytes], ...] = (
    ("ce_subject", NUMBER.encode()),
    ("ce_customername", NAME.encode()),
    (f"x-{NUMBER}", EMAIL.encode()),
)
SCHEMAS = [versions[-1] for versions in CATALOGUE.versions.values() if versions[-1].personal_fields]

Grep = dict[str, set[str]]
"""Where -> which canaries."""


def personal_values(schema: EventSchema) -> dict[str, object]:
    """A canary in every personal field of an event type that can hold text."""
    identifiers = {known.name: known.identifier for known in schema.identifying_fields}
    phones = iter(NUMBER_SPELLINGS * 2)
    raw_fields: Any = schema.raw["fields"]
    values: dict[str, object] = {}
    for raw in raw_fields:
        if "personal" not in raw or raw["type"] != ["null", "string"]:
            continue
        match identifiers.get(raw["name"]):
            case None:
                values[raw["name"]] = EVERYTHING
            case IdentifierKind.PHONE:
                values[raw["name"]] = next(phones)
            case IdentifierKind.EMAIL:
                values[raw["name"]] = EMAIL
            case _:
                values[raw["name"]] = NAME
    return values


def accepted_records() -> Iterator[InboxRecord]:
    """Every event type with personal fields, as Avro and as JSON, careless keys and headers around it."""
    for schema in SCHEMAS:
        datum = fact(schema.event_type, **personal_values(schema))
        headers = cloudevent_headers(schema, f"avro-{schema.event_type}", SOURCE, NOON)
        avro = encode_single_object(schema, datum)
        yield InboxRecord(topic=schema.topic, key=KEY, value=avro, headers=[*headers, *EXTRA_HEADERS])
        as_json = structured_json(
            schema, f"json-{schema.event_type}", SOURCE, NOON, dict(datum), subject=f"{NAME} {NUMBER}"
        )
        headers = [*structured_headers(), *EXTRA_HEADERS[1:]]
        yield InboxRecord(topic=schema.topic, key=KEY, value=as_json, headers=headers)


def rejected_records() -> dict[str, InboxRecord]:
    """Input that cannot be read, the canaries in whatever is wrong with it."""
    good = inbox_record("message.sent", "rejected", sender_number=NUMBER, content=EVERYTHING)
    everything = EVERYTHING.encode()

    def with_value(value: bytes) -> InboxRecord:
        return good._replace(key=KEY, value=value)

    def with_header(name: str, value: bytes) -> InboxRecord:
        return good._replace(headers=[*(h for h in good.headers if h[0] != name), (name, value)])

    def as_json(**changes: object) -> InboxRecord:
        """Structured mode, with attributes or fields of the payload replaced or added."""
        schema = CATALOGUE.latest("message.sent")
        assert schema is not None
        event: dict[str, Any] = msgspec.json.decode(
            structured_json(schema, "rejected-json", SOURCE, NOON, fact("message.sent", sender_email=EMAIL))
        )
        attributes = {name: value for name, value in changes.items() if name in event}
        event |= attributes
        event["data"] |= {name: value for name, value in changes.items() if name not in attributes}
        return good._replace(value=msgspec.json.encode(event), headers=structured_headers())

    return {
        "garbage": with_value(b"garbage " + everything),
        "truncated": with_value(good.value[:-7]),
        "trailing": with_value(good.value + everything),
        "unknown fingerprint": with_value(b"\xc3\x01" + b"\x11" * 8 + everything),
        "confluent without a registry": with_value(b"\x00\x00\x00\x00\x07" + everything),
        "no value": with_value(b""),
        "broken JSON": with_value(b'{"caller_number": "' + everything),
        "JSON with trailing bytes": with_value(b"{} " + everything),
        "unknown event type": as_json(type=EMAIL, dataschema=None),
        "another event type": as_json(type=EMAIL),
        "unknown field": as_json(**{NAME: NUMBER}),
        "wrong type": as_json(sender_number=int(NUMBER)),
        "not a country": as_json(storage_country=NUMBER),
        "not a symbol": as_json(channel=NAME),
        "NUL": as_json(purpose=f"{EVERYTHING}\x00"),
        "too long": as_json(purpose=EVERYTHING * 20),
        "time": with_header("ce_time", everything),
        "specversion": with_header("ce_specversion", everything),
        "dataschema": with_header("ce_dataschema", everything),
        "other type": with_header("ce_type", everything),
        "retry of": with_header("ce_retryof", everything),
        "content type": with_header("content-type", everything),
        "not UTF-8": with_header("ce_source", b"\xff" + everything),
        "attribute too long": with_header("ce_id", everything * 20),
        "named header twice": good._replace(headers=[*good.headers, ("ce_id", everything)]),
        "header named after somebody, twice": good._replace(
            headers=[*good.headers, (f"ce_{NUMBER}", everything), (f"ce_{NUMBER}", everything)]
        ),
    }


def asterisk_file() -> bytes:
    """A call log with the canaries in every column that takes text: two usable lines, then five broken ones."""
    columns = [
        NUMBER_SPELLINGS[4],  # accountcode
        *NUMBER_SPELLINGS[0:2],
        f"from-{NUMBER}",
        f'""{NAME}"" <{NUMBER_SPELLINGS[2]}>',
        f"SIP/{NUMBER}-0000001a",
        f"SIP/{NUMBER_SPELLINGS[3]}-0000001b",
        NAME,
        EVERYTHING,
        "2026-03-27 08:00:00",
        "2026-03-27 08:00:05",
        "2026-03-27 08:01:00",
        "60",
        "55",
        "ANSWERED",
        "DOCUMENTATION",
        "1774596716.77",
        f"recording=yes;reason={NAME}",
    ]

    def line(**changes: str) -> str:
        changed = list(columns)
        for place, text in changes.items():
            changed[int(place.removeprefix("c"))] = text
        return ",".join(f'"{column}"' for column in changed)

    lines = [
        line(),
        ",".join(f'"{column}"' for column in columns[:16]),
        line(c12=NUMBER),
        line(c9=EVERYTHING),
        line(c14=NAME),
        line(c16=NUMBER),
        ",".join(columns[:7]),
    ]
    return "\n".join(lines).encode() + b"\n"


def jsonl_file() -> bytes:
    """Events one per line: one to be published, the others refused for reasons that touch a canary."""
    schema = CATALOGUE.latest("call.transcribed")
    assert schema is not None
    datum = fact("call.transcribed", transcript=EVERYTHING, caller_number=NUMBER)
    event: dict[str, Any] = msgspec.json.decode(structured_json(schema, "line", SOURCE, NOON, datum))
    data: dict[str, Any] = event["data"]
    variants: list[object] = [
        event,
        event | {"time": EVERYTHING},
        event | {"type": NAME, "dataschema": None},
        event | {"data": data | {"controller": NAME}},
        event | {"data": data | {EMAIL: NUMBER}},
        event | {"data": data | {"caller_number": int(NUMBER)}},
        [EVERYTHING],
    ]
    return b"\n".join([*map(msgspec.json.encode, variants), b'{"id": "' + EVERYTHING.encode(), b""])


@dataclass(frozen=True, kw_only=True)
class Command:
    """One run of `ledger` and the exit code it must have."""

    arguments: tuple[str, ...]
    expected_exit: int = 0
    stdin: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)


def commands(rejected_at: list[str]) -> list[Command]:
    """Every command that does not decrypt on purpose, and errors that a canary provokes."""
    asterisk = ("publish", "-", "--format", "asterisk-csv", "--controller", "dentist-example")
    jsonl = ("publish", "-", "--format", "cloudevents-jsonl", "--controller", "dentist-example")
    both = [
        ("trail",),
        ("trail", "--subject", f"phone:{NUMBER}"),
        ("consent", "show", "--subject", f"email:{EMAIL}"),
        ("digest",),
        ("replay", "--verify"),
        ("rejected", "list"),
        ("config", "show"),
    ]
    return [
        Command(arguments=asterisk, stdin=asterisk_file(), expected_exit=6),
        Command(arguments=(*asterisk, "--json"), stdin=asterisk_file(), expected_exit=6),
        Command(arguments=(*jsonl, "--json"), stdin=jsonl_file(), expected_exit=6),
        *(Command(arguments=("rejected", "show", at)) for at in rejected_at[:2]),
        Command(arguments=("rejected", "show", rejected_at[-1], "--json")),
        Command(arguments=("rejected", "retry", *rejected_at)),
        *(Command(arguments=arguments) for arguments in both),
        *(Command(arguments=(*arguments, "--json")) for arguments in both),
        Command(arguments=("trail", "--subject", "-"), stdin=f"phone:{NUMBER_SPELLINGS[1]}\n".encode()),
        Command(arguments=("trail", "--subject", NAME), expected_exit=2),
        Command(arguments=("trail", "--subject", f"phone:{NUMBER}9"), expected_exit=3),
        Command(
            arguments=("consent", "show", "--subject", f"email:{EMAIL}", "--controller", "nobody"),
            expected_exit=3,
        ),
        Command(arguments=("rejected", "show", NUMBER), expected_exit=2),
        Command(
            arguments=("trail", "--subject", f"phone:{NUMBER}"),
            environment={"LEDGER_KAFKA": "127.0.0.1:1"},
            expected_exit=2,
        ),
    ]


@dataclass(kw_only=True)
class Findings:
    """What the searches found, where, and how many records there were to hide in."""

    inbox: set[str] = field(default_factory=set)
    ledger_topic: Grep = field(default_factory=dict)
    state_directory: Grep = field(default_factory=dict)
    process_logs: Grep = field(default_factory=dict)
    commands: Grep = field(default_factory=dict)
    wrong_exits: dict[str, int] = field(default_factory=dict)
    planted_in_table: Grep = field(default_factory=dict)
    planted: set[str] = field(default_factory=set)
    brokers_file: Grep = field(default_factory=dict)
    accepted: int = 0
    reasons: set[str] = field(default_factory=set)


@contextmanager
def logged_process(home: LedgerHome, command: str) -> Iterator[None]:
    """`ledger seal` or `ledger record` at the most talkative level, its output kept in a file."""
    log_file = home.path / f"process-{command}.log"
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", command],
            env={**home.environment, "LEDGER_LOG_LEVEL": "debug"},
            stdout=output,
            stderr=output,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def inbox_dump(parts: Runtime) -> bytes:
    """Every byte of every inbox record."""
    with parts.reader({}) as reader:
        partitions = [p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)]
        total = sum(reader.ends(partitions).values())
        reader.assign(dict.fromkeys(partitions, 0))
        dump: list[bytes] = []
        while len(dump) < total:
            dump += [
                repr(record).encode() + (record.value or b"")
                for r in reader.poll(1.0).values()
                for record in r
            ]
    return b"".join(dump)


def superuser(parts: Runtime) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection to the store's database as the server's superuser."""
    return psycopg.connect(make_conninfo(parts.store_dsn, user="postgres"), autocommit=True)


def run_command(home: LedgerHome, command: Command) -> tuple[str, set[str], int, int]:
    """A command's name, the canaries in what it printed, its exit code and the one it should have."""
    done = home.run(*command.arguments, stdin=command.stdin, environment=command.environment)
    name = " ".join(command.arguments)
    return name, found_in(done.stdout + done.stderr), done.returncode, command.expected_exit


def brokers_file(home: LedgerHome) -> Grep:
    """Topic -> canaries in the record batches of the file the embedded broker saved when it stopped."""
    saved = msgspec.json.decode((home.path / "broker" / "kafka.json").read_bytes())
    return {
        topic: found_in(
            b"".join(
                bytes(batch)
                for _, partition in described["partitions"]
                for _, batch in partition["record_batches"]
            )
        )
        for topic, described in saved["topics"]
    }


def search(home: LedgerHome, findings: Findings) -> None:
    """Publishes the canaries, runs every command, and searches."""
    with home.parts() as parts:
        with logged_process(home, "seal"), logged_process(home, "record"):
            publish(parts, *accepted_records(), *rejected_records().values())
            await_recorded(home)
            listed = home.json("rejected", "list")["rejected"]
            findings.reasons = {row["reason"] for row in listed}
            with ThreadPoolExecutor(COMMANDS_AT_ONCE) as pool:
                for name, canaries, exit_code, expected in pool.map(
                    lambda command: run_command(home, command), commands([row["ledger"] for row in listed])
                ):
                    findings.commands[name] = canaries
                    if exit_code != expected:
                        findings.wrong_exits[name] = exit_code
            await_recorded(home)
            findings.accepted = len(home.json("trail", "--limit", "100000")["entries"])
        findings.inbox = found_in(inbox_dump(parts))
        findings.ledger_topic = {
            f"{record.partition.number}:{record.offset}": found_in(
                b"\0".join((record.key or b"", record.value or b"", repr(record.headers).encode()))
            )
            for record in ledger_records(parts)
        }
        with superuser(parts) as connection:
            connection.execute("CHECKPOINT")
            findings.state_directory = found_in_tree(home.path, leave_out=("broker",))
            findings.process_logs = {
                path.name: found_in(path.read_bytes()) for path in home.path.glob("process-*.log")
            }
            connection.execute("CREATE TABLE ledger.planted (content bytea)")
            connection.execute("ALTER TABLE ledger.planted ALTER content SET STORAGE EXTERNAL")
            connection.execute("INSERT INTO ledger.planted VALUES (%s)", [written_every_way()])
            connection.execute("CHECKPOINT")
            findings.planted_in_table = found_in_tree(home.path, leave_out=("broker",))
            connection.execute("DROP TABLE ledger.planted")
        verify_whole_log(parts)
    findings.brokers_file = brokers_file(home)


@pytest.fixture(scope="module")
def found() -> Iterator[Findings]:
    """Everything is searched once; the services have stopped by the time a test looks at it."""
    findings = Findings(planted=found_in(written_every_way()))
    with new_home() as home:
        search(home, findings)
        yield findings


def test_every_kind_of_input_was_in_play(found: Findings) -> None:
    """All event types with personal fields took effect, and input was rejected for many reasons."""
    assert len(SCHEMAS) * 2 <= found.accepted
    expected = {
        *("magic_unknown", "truncated", "trailing_bytes", "fingerprint_unknown", "schema_id_unknown"),
        *("value_missing", "json_invalid", "type_unknown", "field_unknown", "field_wrong_type"),
        *("field_invalid", "too_large", "header_invalid", "header_contradiction"),
    }
    assert expected <= found.reasons


def test_commands_ended_as_they_should(found: Findings) -> None:
    """An output that is empty because a command broke would hold no canary either."""
    assert found.wrong_exits == {}


def test_grep_finds_the_canaries_in_the_inbox(found: Findings) -> None:
    """The inbox is plaintext: a search that finds nothing there proves nothing elsewhere."""
    assert found.inbox >= PLAIN


def test_grep_finds_the_canaries_in_the_inbox_topics_on_disk_and_not_in_the_ledger_topic(
    found: Findings,
) -> None:
    """The broker keeps all topics in one file: its inbox batches are full of canaries, its ledger batches are not."""
    for topic in INBOX_TOPICS[:3]:
        assert found.brokers_file[topic] >= PLAIN
    assert found.brokers_file[LEDGER_TOPIC] == set()


def test_grep_finds_what_is_planted_in_a_table(found: Findings) -> None:
    """A mutant: a table with the canaries in every writing is found in PostgreSQL's directory, heap and WAL."""
    assert found.planted == set().union(*found.planted_in_table.values())
    assert any("base/" in path for path in found.planted_in_table)
    assert any("pg_wal/" in path for path in found.planted_in_table)


def test_no_canary_in_the_ledger_topic(found: Findings) -> None:
    """No key, value or header of any ledger record."""
    assert found.ledger_topic
    assert {at: canaries for at, canaries in found.ledger_topic.items() if canaries} == {}


def test_no_canary_in_postgresql_or_any_other_file(found: Findings) -> None:
    """Heap, indexes, WAL, logs, secrets, state files: all but the broker's own directory."""
    assert found.state_directory == {}


@pytest.mark.parametrize("command", ["seal", "record"])
def test_no_canary_in_the_log_of_a_process_at_debug_level(found: Findings, command: str) -> None:
    """The sealer has read every canary and said nothing of it."""
    assert set() == found.process_logs[f"process-{command}.log"]


def test_no_canary_in_the_output_of_any_command(found: Findings) -> None:
    """Neither on stdout nor on stderr, answers and errors alike."""
    assert {name: canaries for name, canaries in found.commands.items() if canaries} == {}


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title], ids=["upper", "lower", "title"])
def test_grep_ignores_case(write: Callable[[str], str]) -> None:
    """A canary in capitals is still a canary."""
    assert {"email as UTF-8", "name as UTF-8"} <= found_in(write(f"{NAME} {EMAIL}").encode())


def test_grep_of_a_tree_leaves_out_only_what_it_is_told(tmp_path: Path) -> None:
    """Only whole subdirectories at the top are left out, not files elsewhere of that name."""
    for place in ("broker/inbox", "store/broker"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(EVERYTHING, encoding="utf-8")
    assert list(found_in_tree(tmp_path, leave_out=("broker",))) == ["store/broker"]
