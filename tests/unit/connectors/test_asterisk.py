"""Asterisk's Master.csv: every line becomes facts or is refused with a reason, and nothing else happens."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.connectors import ConvertedFact, RefusedLine, convert
from ledger.contract.catalogue import Catalogue
from ledger.contract.writing import complete_datum, encode_single_object

MASTER = Path(__file__).parents[3] / "ledger/dev/data/asterisk-master.csv"
GOOD = (
    *("1234", "0600000001", "0850001000", "from-trunk", '"J. de Vries" <0600000001>'),
    *("PJSIP/trunk-0000000a", "PJSIP/201-0000000b", "Dial", "PJSIP/201,30,tT"),
    *("2026-03-27 07:31:56", "2026-03-27 07:32:02", "2026-03-27 07:33:41"),
    *("105", "99", "ANSWERED", "DOCUMENTATION", "1774596716.0", "recording=yes;reason=quality"),
)
NAMES = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
)


def line(columns: Iterable[str] = GOOD, **changed: str) -> bytes:
    """One quoted line, some columns changed by name."""
    row = dict(zip(NAMES, columns, strict=False)) | changed
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row.values())
    return out.getvalue().encode()


def converted(content: bytes) -> list[ConvertedFact | RefusedLine]:
    """All that comes of a file."""
    return list(convert("asterisk-csv", io.BytesIO(content), "een-klant"))


def only_fact(content: bytes) -> ConvertedFact:
    """The `call.completed` fact of a file of one line."""
    fact = converted(content)[0]
    assert isinstance(fact, ConvertedFact)
    return fact


def only_refusal(content: bytes) -> RefusedLine:
    """The refusal of a file of one line."""
    (refused,) = converted(content)
    assert isinstance(refused, RefusedLine)
    return refused


def test_every_line_of_the_file_converts_and_fits_its_schema() -> None:
    """500 calls, 93 of them recorded; each payload is one the sealer reads."""
    catalogue = Catalogue.load()
    everything = converted(MASTER.read_bytes())
    facts = [each for each in everything if isinstance(each, ConvertedFact)]
    assert len(everything) == len(facts)
    assert Counter(fact.event_type for fact in facts) == {"call.completed": 500, "call.recorded": 93}
    assert len({fact.event_id for fact in facts}) == len(facts)
    for fact in facts:
        schema = catalogue.latest(fact.event_type)
        assert schema is not None
        assert complete_datum(schema, fact.data) == fact.data
        assert encode_single_object(schema, fact.data)


def test_second_run_gives_the_same_facts() -> None:
    """The same file again has the same ids and contents: no new effects."""
    assert converted(MASTER.read_bytes()) == converted(MASTER.read_bytes())


def test_longer_file_keeps_the_ids_of_its_beginning() -> None:
    """A file that Asterisk went on writing to repeats what it had, and adds."""
    content = MASTER.read_bytes()
    lines = content.splitlines(keepends=True)
    beginning = converted(b"".join(lines[:200]))
    assert converted(content)[: len(beginning)] == beginning


def test_times_are_dutch_local_time() -> None:
    """07:31:56 on a winter day is 06:31:56 UTC; the fact happened when the call ended."""
    fact = only_fact(line())
    assert fact.data["started_at"] == 1_774_593_116_000_000
    assert fact.data["answered_at"] == 1_774_593_122_000_000
    assert fact.occurred_at == 1_774_593_221_000_000


def test_recorded_call_gives_a_second_fact_with_the_same_call_id() -> None:
    """The purpose is the reason the user field names."""
    call, recording = converted(line())
    assert isinstance(call, ConvertedFact)
    assert isinstance(recording, ConvertedFact)
    assert recording.event_type == "call.recorded"
    assert recording.data["call_id"] == call.data["call_id"]
    assert recording.data["recording_purpose"] == "quality"
    assert recording.event_id != call.event_id


@pytest.mark.parametrize(
    ("user_field", "purpose"),
    [
        ("recording=yes;reason=training", "training"),
        ("recording=yes;reason=bel 0600000001", "other"),
        ("recording=yes", "other"),
        ("recording=no;reason=quality", None),
        ("reason=quality", None),
        ("", None),
        ("een opmerking", None),
    ],
)
def test_recording_purpose_is_never_free_text(user_field: str, purpose: str | None) -> None:
    """An unknown reason becomes `other`: the field is not sealed."""
    facts = converted(line(userfield=user_field))
    purposes = [each.data.get("recording_purpose") for each in facts if isinstance(each, ConvertedFact)]
    assert purposes[1:] == ([purpose] if purpose else [])


def test_sixteen_columns_have_ids_from_channel_and_start() -> None:
    """Installations that log no uniqueid."""
    first, second = converted(line(GOOD[:16]) * 2)
    assert isinstance(first, ConvertedFact)
    assert isinstance(second, ConvertedFact)
    assert first.data["call_id"] == "1774593116.0000000a"
    assert first.event_id == "1774593116.0000000a:0000000b:1774593116:1"
    assert second.event_id == "1774593116.0000000a:0000000b:1774593116:2"


def test_records_of_one_call_are_told_apart() -> None:
    """Several agents' legs share a uniqueid; two alike are counted."""
    plain = {"userfield": ""}
    other_leg = line(dstchannel="PJSIP/202-0000000c", **plain)
    facts = converted(line(**plain) + other_leg + line(**plain))
    ids = [each.event_id for each in facts if isinstance(each, ConvertedFact)]
    assert ids == [
        "1774596716.0:0000000b:1774593116:1",
        "1774596716.0:0000000c:1774593116:1",
        "1774596716.0:0000000b:1774593116:2",
    ]


def test_number_in_channel_or_account_stays_out_of_open_fields() -> None:
    """What is never sealed holds no number, whatever the switch's administrator named things."""
    fact = only_fact(
        line(
            accountcode="0850001000",
            channel="SIP/+31600000001-0000000a",
            dstchannel="Local/0600000002@from-internal-0000000b;1",
            lastapp="0600000003",
        )
    )
    sealed = {"caller_number", "caller_name", "called_number", "channel"}
    open_fields = {name: value for name, value in fact.data.items() if name not in sealed}
    texts = f"{fact.event_id} {fact.event_source} {open_fields}"
    assert not [number for number in ("600000001", "600000002", "600000003", "850001000") if number in texts]
    assert fact.event_source == "urn:asterisk:cdr"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"duration": "-5"}, "column duration: expected whole seconds, 0 or more"),
        ({"duration": "abc"}, "column duration: expected whole seconds, 0 or more"),
        ({"duration": ""}, "column duration: expected whole seconds, 0 or more"),
        ({"duration": "1.5"}, "column duration: expected whole seconds, 0 or more"),
        ({"duration": "١٢"}, "column duration: expected whole seconds, 0 or more"),
        ({"duration": "999999999"}, "column duration: expected whole seconds, 0 or more"),
        ({"billsec": "-1"}, "column billsec: expected whole seconds, 0 or more"),
        ({"billsec": "106"}, "column billsec: expected no more than duration"),
        ({"start": "27-03-2026 07:31"}, "column start: expected a local time YYYY-MM-DD HH:MM:SS"),
        ({"start": "2026-02-30 07:31:56"}, "column start: expected a local time YYYY-MM-DD HH:MM:SS"),
        ({"start": "0001-01-01 00:00:00"}, "column start: expected a local time YYYY-MM-DD HH:MM:SS"),
        ({"start": ""}, "column start: expected a local time YYYY-MM-DD HH:MM:SS"),
        ({"answer": "nu"}, "column answer: expected a local time YYYY-MM-DD HH:MM:SS, or nothing"),
        ({"answer": "2026-03-27 07:31:55"}, "column answer: expected a time not before start"),
        ({"end": "2026-03-27 07:31:57"}, "column end: expected a time not before start and answer"),
        ({"end": ""}, "column end: expected a local time YYYY-MM-DD HH:MM:SS"),
        ({"src": " ", "dst": ""}, "column src: expected a number, here or in dst"),
        ({"uniqueid": "0612345678.1"}, "column uniqueid: expected [system-]seconds.counter"),
        ({"uniqueid": "x"}, "column uniqueid: expected [system-]seconds.counter"),
        ({"clid": "a\0b"}, "expected text, found a NUL byte"),
    ],
)
def test_broken_column_is_refused_by_name(changed: dict[str, str], reason: str) -> None:
    """The reason names the column and what was expected."""
    assert only_refusal(line(**changed)) == RefusedLine(line=1, reason=reason)


def test_unknown_disposition_is_refused() -> None:
    """A word Asterisk does not have."""
    assert only_refusal(line(disposition="MISSCHIEN")).reason.startswith(
        "column disposition: expected one of"
    )


@pytest.mark.parametrize("count", [1, 15, 17, 19])
def test_wrong_number_of_columns_is_refused(count: int) -> None:
    """17 would leave open which of the two optional columns is there."""
    columns = (*GOOD, "nog een")[:count]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(columns)
    reason = f"expected 16 or 18 columns, found {count}"
    assert only_refusal(out.getvalue().encode()) == RefusedLine(line=1, reason=reason)


def test_bad_lines_do_not_stop_the_good_ones() -> None:
    """Everything around a broken line is converted, with the right line numbers."""
    latin = line(clid="Café").replace("é".encode(), b"\xe9")
    content = line(userfield="") + latin + b"\n" + b"rommel\n" + line(userfield="", uniqueid="1774596717.1")
    results = converted(content)
    assert [(type(each).__name__, each.line) for each in results] == [
        ("ConvertedFact", 1),
        ("RefusedLine", 2),
        ("RefusedLine", 4),
        ("ConvertedFact", 5),
    ]
    assert results[1] == RefusedLine(line=2, reason="expected UTF-8, found other bytes")


def test_field_of_several_lines_is_one_record() -> None:
    """A line end inside quotation marks belongs to the field; the next record's number counts it."""
    content = line(clid='"Twee\nregels" <0600000001>', userfield="") + line(
        uniqueid="1774596717.1", userfield=""
    )
    facts = converted(content)
    assert [each.line for each in facts] == [1, 3]
    assert isinstance(facts[0], ConvertedFact)
    assert facts[0].data["caller_name"] == "Twee\nregels"


@pytest.mark.parametrize("good_lines", [0, 1, 40])
def test_open_quotation_mark_costs_one_line_only(good_lines: int) -> None:
    """It would otherwise swallow the rest of the file."""
    rest = line(userfield="") * good_lines
    results = converted(b'"1234,"0600\n' + rest)
    assert [type(each).__name__ for each in results] == ["RefusedLine"] + ["ConvertedFact"] * good_lines
    assert results[0].line == 1


def test_two_stray_quotation_marks_lose_nothing_between_them() -> None:
    """The lines between look like one field of several lines, and are read again."""
    content = b'x"\n' + line(userfield="") * 3 + b'y"\n' + line(userfield="")
    results = converted(content)
    kinds = [type(each).__name__ for each in results]
    assert kinds == ["RefusedLine", *["ConvertedFact"] * 3, "RefusedLine", "ConvertedFact"]
    assert [each.line for each in results] == [1, 2, 3, 4, 5, 6]


def test_endless_line_is_refused_without_being_held() -> None:
    """What follows it is still read."""
    results = converted(b"a" * 1_000_000 + b"\n" + line(userfield=""))
    assert [type(each).__name__ for each in results] == ["RefusedLine", "ConvertedFact"]
    assert [each.line for each in results] == [1, 2]


def test_byte_order_mark_and_crlf_are_no_trouble() -> None:
    """A file that went through Windows."""
    content = b"\xef\xbb\xbf" + line(userfield="").replace(b"\n", b"\r\n")
    assert only_fact(content).data == only_fact(line(userfield="")).data


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE entry; --",
        '=HYPERLINK("http://example.com")',
        "<script>alert(1)</script>",
        "{{ 7*7 }} ${jndi:ldap://example.com}",
        "\x1b[2J\u202enaam",
    ],
)
def test_injection_is_kept_as_data(text: str) -> None:
    """A name is what the caller sent, and nothing more than a name."""
    assert only_fact(line(clid=f'"{text}" <0600000001>')).data["caller_name"] == text


@pytest.mark.parametrize(
    ("changed", "number", "name"),
    [
        ({"src": "anonymous", "clid": '"Anoniem" <anonymous>'}, None, None),
        ({"src": "anonymous", "clid": '"J. de Vries" <anonymous>'}, None, "J. de Vries"),
        ({"src": "", "clid": ""}, None, None),
        ({"src": "", "clid": '"" <0600000009>'}, "+31600000009", None),
        ({"clid": '"Anoniem" <0600000001>'}, "+31600000001", None),
        ({"clid": '"Joana "Jo" Silva" <0600000001>'}, "+31600000001", 'Joana "Jo" Silva'),
        ({"clid": "0600000001"}, "+31600000001", None),
        ({"clid": "Bakkerij"}, "+31600000001", "Bakkerij"),
        ({"src": "201", "clid": '"" <201>'}, "201", None),
        ({"src": "0031600000001"}, "+31600000001", "J. de Vries"),
    ],
)
def test_caller_is_who_the_line_names(changed: dict[str, str], number: str | None, name: str | None) -> None:
    """Withheld is None; a number is in E.164 where it has that form."""
    fact = only_fact(line(**changed))
    assert (fact.data["caller_number"], fact.data["caller_name"]) == (number, name)


@pytest.mark.parametrize(
    ("changed", "direction", "trunk"),
    [
        ({}, "inbound", "trunk"),
        (
            {
                "dcontext": "from-internal",
                "src": "201",
                "dst": "0600000001",
                "dstchannel": "PJSIP/kpn-0000000b",
            },
            "outbound",
            "kpn",
        ),
        ({"dcontext": "from-internal", "src": "201", "dst": "202"}, "internal", None),
        ({"channel": "PJSIP/0850001000-0000000a"}, "inbound", None),
    ],
)
def test_direction_and_trunk_follow_from_context_and_numbers(
    changed: dict[str, str], direction: str, trunk: str | None
) -> None:
    """A trunk named after a number is left out."""
    fact = only_fact(line(**changed))
    assert (fact.data["direction"], fact.data["trunk"]) == (direction, trunk)


def test_unanswered_call_has_no_answer_time() -> None:
    """Asterisk leaves the column empty, unquoted."""
    content = line(answer="", billsec="0", disposition="NO ANSWER", userfield="")
    fact = only_fact(content.replace(b'""', b"", 1))
    assert (fact.data["answered"], fact.data["answered_at"]) == (False, None)
    assert fact.data["disposition"] == "no_answer"


@pytest.mark.parametrize("column", NAMES)
def test_refusal_never_shows_what_was_found(column: str) -> None:
    """A canary in any column, and every line broken besides: no reason holds it."""
    canary = "+31600001234 Canary"
    lines = [
        line(**{column: canary}),
        line(**{"duration": "x", column: canary}),
        line(**{"start": "x", column: canary}),
        line((*GOOD[:5], canary)),
        line(**{column: canary}).replace(b'","', b'",x"', 1),
    ]
    reasons = [each.reason for each in converted(b"".join(lines)) if isinstance(each, RefusedLine)]
    assert reasons
    assert not [reason for reason in reasons if "Canary" in reason or "1234" in reason]


@given(st.binary(max_size=400))
def test_any_bytes_convert_or_are_refused(content: bytes) -> None:
    """No input makes the converter fail, and each result has a line of the input."""
    lines = content.count(b"\n") + 1
    assert all(1 <= each.line <= lines for each in converted(content))


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=16, max_size=18), st.data())
def test_any_columns_convert_or_are_refused(columns: list[str], data: st.DataObject) -> None:
    """Odd columns among good ones never fail, never merge with the line after."""
    mixed = [value if data.draw(st.booleans()) else good for value, good in zip(columns, GOOD, strict=False)]
    after = converted(line(mixed) + line(uniqueid="1774596799.9", userfield=""))[-1]
    assert isinstance(after, ConvertedFact)
    assert after.event_id == "1774596799.9:0000000b:1774593116:1"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_name_comes_back_as_it_was_written(name: str) -> None:
    """Quotation marks, commas, line ends and all."""
    withheld = {
        "",
        "anonymous",
        "anoniem",
        "afgeschermd",
        "onbekend",
        "unknown",
        "private",
        "restricted",
        "withheld",
    }
    fact = only_fact(line(clid=f'"{name}" <0600000001>'))
    expected = None if name.strip().lower() in withheld else name.strip()
    assert fact.data["caller_name"] == expected
