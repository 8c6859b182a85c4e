"""Hostile text in every field a publisher may fill: harmless on a terminal, intact as data. FAULTS, row 32."""

from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from ledger.contract.writing import structured_headers, structured_json
from ledger.log.publisher import InboxRecord
from tests.ledger_home import CATALOGUE, NOON, LedgerHome, fact, inbox_record, publish, settle

HOSTILE = {
    "colour": "\x1b[31mred\x1b[0m",
    "window title": "\x1b]0;owned\x07",
    "clear screen": "\x1bc\x1b[2J",
    "C1 sequence": "\x9b31mred",
    "backspaces": "paid\b\b\b\bowed",
    "carriage return": "honest\rforged",
    "forged line": "one\nforged line",
    "forged log line": '{"event": "x"}\n{"event": "recorder.batch.committed"}',
    "vertical tab and form feed": "a\x0bb\x0cc",
    "delete": "a\x7fb",
    "line separator": "a\u2028b\u2029c",
    "right to left": "\u202egnp.exe",
    "isolates": "\u2066a\u2069\u2067b",
    "zero width": "ad\u200bmin\ufeff",
    "markup": "[red]x[/red]",
    "closing markup": "[/bold]",
    "escaped markup": "\\[/bold] \\\\[red]x",
    "link markup": "[link=http://example.com]x[/link]",
    "emoji code": ":skull: inbox.processing:100:5",
    "trailing backslash": "x\\",
    "formula": '=HYPERLINK("http://example.com","x")',
    "formula by plus": "+1+cmd|' /C calc'!A0",
    "formula by at": "@SUM(1,1)",
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)',
    "sql": "'; DROP TABLE audit_trail; --",
    "template": "{{7*7}} ${7*7} #{7*7} %s%n",
    "path": "../../../../etc/passwd",
    "wide and combining": "\uff57\uff49\uff44\uff45 e\u0301\u0301",
}
"""Attacks on terminals, logs, spreadsheets, browsers and databases, all of them text that UTF-8 can hold."""
LITERAL = {name for name in HOSTILE if all(c.isprintable() for c in HOSTILE[name])}
"""Those that a terminal may show as they are, brackets and backslashes included."""
NUMBER = "+3197010006666"


def hostile_call(name: str) -> InboxRecord:
    """A call with the text wherever a publisher may put one."""
    text = HOSTILE[name]
    names = ("controller", "purpose", "instruction_id", "notice_version", "call_id", "trunk", "application")
    stated: dict[str, Any] = dict.fromkeys((*names, "caller_name"), text)
    lists: dict[str, Any] = {"data_categories": [text, text], "processors": [text]}
    return inbox_record(
        "call.completed", f"call {text}", source=f"urn:{text}", caller_number=NUMBER, **stated, **lists
    )


def hostile_consent(name: str) -> InboxRecord:
    """A consent with the text in what `consent show` prints."""
    text = HOSTILE[name]
    names = ("controller", "purpose", "notice_version", "language", "notice_hash", "consent_id", "evidence")
    stated: dict[str, Any] = dict.fromkeys(names, text)
    return inbox_record("consent.given", f"consent {text}", subject_phone=NUMBER, **stated)


@pytest.fixture(scope="module")
def attacked(home: LedgerHome) -> LedgerHome:
    """The module's ledger with every attack recorded, and input that is rejected with attacks around it."""
    with home.parts() as parts:
        garbage = hostile_call("colour")
        odd = [("x-\x1b[31m", b"\x1b[31m"), ("ce_odd", b"[/bold]"), ("ce_odd", b"[/bold]")]
        publish(
            parts,
            *map(hostile_call, HOSTILE),
            *map(hostile_consent, HOSTILE),
            garbage._replace(
                key=b"\x1b[31m[/bold]", value=b"\x1b[31m[/bold]", headers=[*garbage.headers, *odd]
            ),
        )
        settle(parts)
    return home


def harmless(output: bytes) -> str:
    """The text of an output, checked: printable characters and line ends, nothing else."""
    text = output.decode()
    assert {c for c in text if not c.isprintable()} <= {"\n"}
    return text


def test_every_attack_is_recorded_as_it_was_stated(attacked: LedgerHome) -> None:
    """JSON gives back each text unchanged: a fact is never refused or changed for what it says."""
    entries = attacked.json("trail", "--limit", "1000")["entries"]
    by_id = {entry["event_id"]: entry for entry in entries}
    for text in HOSTILE.values():
        entry = by_id[f"call {text}"]
        stated = {entry[name] for name in ("controller", "purpose", "instruction_id", "notice_version")}
        stated |= {entry["details"][name] for name in ("call_id", "trunk", "application")}
        assert {text} == stated | set(entry["data_categories"]) | set(entry["processors"])
        assert f"urn:{text}" == entry["event_source"]
    consents = attacked.json("consent", "show", "--subject", f"phone:{NUMBER}")["consents"]
    assert set(HOSTILE.values()) == {consent["purpose"] for consent in consents}


def test_trail_as_text_is_harmless(attacked: LedgerHome) -> None:
    """No escape sequence, no override, no line that a publisher wrote; what can be shown is shown as it is."""
    done = attacked.run("trail", "--limit", "1000")
    assert (done.returncode, done.stderr) == (0, b"")
    text = harmless(done.stdout)
    assert not any(line.startswith(("forged", '{"event"')) for line in text.splitlines())
    for name in LITERAL:
        assert HOSTILE[name] in text, name


def test_consent_as_text_is_harmless(attacked: LedgerHome) -> None:
    """The same for purposes, controllers, languages and notice versions."""
    done = attacked.run("consent", "show", "--subject", f"phone:{NUMBER}")
    assert (done.returncode, done.stderr) == (0, b"")
    text = harmless(done.stdout)
    for name in LITERAL:
        assert f"{HOSTILE[name]} for {HOSTILE[name]}: given" in text, name


def test_rejected_input_as_text_is_harmless(attacked: LedgerHome) -> None:
    """Not even opened on purpose does it reach the terminal: bytes are shown as escapes."""
    (row,) = attacked.json("rejected", "list")["rejected"]
    for arguments in (("list",), ("show", row["ledger"]), ("show", row["ledger"], "--open")):
        done = attacked.run("rejected", *arguments)
        assert (done.returncode, done.stderr) == (0, b"")
        harmless(done.stdout)


def test_digests_are_equal_after_replay(attacked: LedgerHome) -> None:
    """No text has two spellings in the store."""
    assert attacked.json("replay", "--verify")["equal"] is True


def test_hostile_file_name_is_harmless_in_a_message(attacked: LedgerHome, tmp_path: Path) -> None:
    """A file's name is shown with every refused line, and anybody may have named it."""
    options = ("--format", "asterisk-csv", "--controller", "x")
    for number, text in enumerate(HOSTILE.values()):
        if "/" not in text and number % 4 == 0:
            file = tmp_path / text
            file.write_bytes(b"broken line\n")
            done = attacked.run("publish", str(file), *options)
            assert done.returncode == 6
            assert ":1: refused: expected 16 or 18 columns" in harmless(done.stderr)
    missing = attacked.run("publish", str(tmp_path / HOSTILE["colour"]), *options)
    assert missing.returncode in {3, 6}
    harmless(missing.stderr)


def with_nul(field: str, *, as_avro: bool) -> InboxRecord:
    """A call with a NUL in one field; our own encoder would refuse to write it."""
    schema = CATALOGUE.latest("call.completed")
    assert schema is not None
    event_id = f"nul in {field}"
    datum = fact("call.completed", **{field: "before\x00after"})
    if as_avro:
        value = BytesIO()
        value.write(schema.header)
        fastavro.schemaless_writer(value, schema.parsed, datum)
        return inbox_record("call.completed", event_id)._replace(value=value.getvalue())
    good = structured_json(schema, event_id, "urn:test:pbx", NOON, fact("call.completed"))
    event: dict[str, Any] = msgspec.json.decode(good) | {"data": datum}
    return InboxRecord(
        topic=schema.topic, key=None, value=msgspec.json.encode(event), headers=structured_headers()
    )


def test_nul_is_rejected_wherever_it_stands(attacked: LedgerHome) -> None:
    """PostgreSQL's text cannot hold one, so the fact could not be kept as it was stated: it says so instead."""
    before = {row["ledger"] for row in attacked.json("rejected", "list")["rejected"]}
    fields = ("controller", "purpose", "call_id", "instruction_id", "caller_number", "caller_name")
    good = hostile_call("markup")
    headers = [
        [(name, b"a\x00b" if name == header else value) for name, value in good.headers]
        for header in ("ce_id", "ce_source", "ce_type")
    ]
    with attacked.parts() as parts:
        publish(
            parts,
            *(with_nul(field, as_avro=as_avro) for field in fields for as_avro in (True, False)),
            *(good._replace(headers=with_header) for with_header in headers),
        )
        settle(parts)
    rows = [row for row in attacked.json("rejected", "list")["rejected"] if row["ledger"] not in before]
    expected = Counter({("field_invalid", field): 2 for field in fields})
    expected.update([("header_invalid", name) for name in ("ce_id", "ce_source", "ce_type")])
    assert expected == Counter((row["reason"], row["detail"]) for row in rows)
