"""The file of an export: the same bytes for the same content, readable by anybody, harmless in a spreadsheet."""

import csv
import hashlib
import io
import json
import zipfile

import pytest

from ledger.forgetting.archive import (
    FIXED_TIME,
    Archive,
    CsvTable,
    JsonArray,
    Member,
    cell_text,
    file_sha256,
    safe_cell,
)


class Unseen(io.BytesIO):
    """A file that notes how much was ever written to it at once."""

    largest = 0

    def write(self, content: object) -> int:
        """Writes, and remembers the largest piece."""
        written = super().write(content)  # type: ignore[arg-type]
        self.largest = max(self.largest, written)
        return written


def archived(*members: tuple[str, bytes]) -> bytes:
    """The bytes of an archive with these members."""
    stream = io.BytesIO()
    with Archive(stream) as archive:
        for name, content in members:
            archive.add(name, content)
    return stream.getvalue()


def table_text(columns: list[str], *rows: dict[str, object]) -> str:
    """What a table with these rows is written as."""
    text = io.StringIO(newline="")
    table = CsvTable(text, columns)
    for row in rows:
        table.append(row)
    return text.getvalue()


def array_of(*documents: dict[str, object]) -> bytes:
    """What an array of these objects is written as."""
    stream = io.BytesIO()
    with Archive(stream) as archive, archive.member("a.json") as member:
        array = JsonArray(member)
        for document in documents:
            array.append(document)
        array.end()
    return zipfile.ZipFile(stream).read("a.json")


def test_same_content_gives_the_same_bytes() -> None:
    """No clock, no machine and no order of a dictionary enters the file."""
    members = (("a.json", b"[]\n"), ("b.csv", b"x\r\n" * 1000))
    assert archived(*members) == archived(*members)


def test_other_content_gives_other_bytes() -> None:
    """A digest that did not move would prove nothing."""
    assert archived(("a", b"1")) != archived(("a", b"2"))
    assert archived(("a", b"1")) != archived(("b", b"1"))


def test_zip_reads_as_it_was_written_and_says_nothing_of_when() -> None:
    """Any unzip opens it; members are for their owner only and all from the same fixed moment."""
    whole = zipfile.ZipFile(io.BytesIO(archived(("é.txt", "één".encode()), ("b", b""))))
    assert whole.testzip() is None
    assert [info.filename for info in whole.infolist()] == ["é.txt", "b"]
    assert whole.read("é.txt").decode() == "één"
    assert {info.date_time for info in whole.infolist()} == {FIXED_TIME}
    assert {info.external_attr >> 16 for info in whole.infolist()} == {0o100600}


def test_members_are_listed_with_size_and_digest() -> None:
    """What the manifest says of a file is what is in it, compressed or not."""
    stream = io.BytesIO()
    content = b"x" * 10_000
    with Archive(stream) as archive:
        with archive.member("streamed") as member:
            for start in range(0, len(content), 999):
                member.write(content[start : start + 999])
        archive.copy("copied", io.BytesIO(content))
        expected = hashlib.sha256(content).hexdigest()
        assert [Member("streamed", 10_000, expected), Member("copied", 10_000, expected)] == archive.members
    stream.seek(0)
    assert file_sha256(stream) == hashlib.sha256(stream.getvalue()).hexdigest()


def test_a_member_is_written_as_it_comes() -> None:
    """A member of ten megabytes passes through in pieces: memory does not grow with it."""
    stream = Unseen()
    with Archive(stream) as archive, archive.member("large") as member:
        for number in range(10_000):
            member.write(hashlib.sha256(str(number).encode()).digest() * 32)
    assert stream.largest < 1_000_000


def test_member_that_fails_is_not_listed() -> None:
    """A member is in the manifest once it is whole."""
    archive = Archive(io.BytesIO())

    def write_half() -> None:
        with archive.member("broken") as member:
            member.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert archive.members == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_array_is_json_and_has_one_object_per_line(count: int) -> None:
    """Programs read it whole, and line by line when it does not fit."""
    documents: list[dict[str, object]] = [{"b": number, "a": "é\n"} for number in range(count)]
    written = array_of(*documents)
    assert documents == json.loads(written)
    assert [
        json.loads(line.strip(b",")) for line in written.splitlines() if line.startswith(b"{")
    ] == documents


def test_table_reads_back_as_it_was_written() -> None:
    """Commas, quotes and line ends of a text stay in their cell."""
    rows: list[dict[str, object]] = [{"a": 'x, "y"\r\nz', "b": None}, {"b": "é; ü"}]
    text = table_text(["a", "b"], *rows)
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ['x, "y"\r\nz', ""], ["", "é; ü"]]


def test_column_without_a_heading_is_refused() -> None:
    """A value that has no place is an error, not a gap nobody sees."""
    with pytest.raises(KeyError, match="other"):
        table_text(["a"], {"a": 1, "other": 2})


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_cell_that_could_be_a_formula_is_quoted(start: str) -> None:
    """A caller may choose a name that a spreadsheet would run."""
    cell = f"{start}cmd|'/c calc'!A1"
    assert safe_cell(cell) == f"'{cell}"
    assert next(csv.reader(io.StringIO(table_text(["a"], {"a": cell}).partition("\r\n")[2])))[0][0] == "'"


@pytest.mark.parametrize("cell", ["", "Jan", "31", "a=b", "'x", " x", "0", "{}"])
def test_ordinary_cell_is_left_alone(cell: str) -> None:
    """The quote stands before what could run, and before nothing else."""
    assert cell == safe_cell(cell)


def test_list_that_begins_with_a_formula_is_quoted() -> None:
    """What counts is the first character of the cell, wherever it comes from."""
    assert "\r\n'=1; b\r\n" in table_text(["a"], {"a": ["=1", "b"]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ("é", "é"),
        ([], ""),
        (["a", None, 2], "a; ; 2"),
        ({"b": 1, "a": [True]}, '{"b":1,"a":[true]}'),
    ],
)
def test_values_as_cells(value: object, text: str) -> None:
    """Each kind of value has one way to be written."""
    assert text == cell_text(value)
