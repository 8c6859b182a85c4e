"""What the foreign clients publish covers the contract, and what the page tells people is what they run.

Needs neither Node nor Java, so it always runs.
"""

import re
from pathlib import Path
from textwrap import dedent

from tests.interop.clients import HERE, SCHEMAS
from tests.interop.stated import events, schema

PAGE = HERE.parents[1] / "docs" / "interop.md"
SOURCES = [*sorted((HERE / "node").glob("*.mjs")), *sorted((HERE / "java").glob("src/**/*.java"))]
REGION = re.compile(r"^ *// docs:(?!end)[a-z-]+\n(?P<body>.*?)^ *// docs:end$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(?:js|java)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def regions() -> list[str]:
    """The marked parts of the clients' sources, without their indentation."""
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        bodies = [match["body"] for match in REGION.finditer(text)]
        assert text.count("// docs:") == 2 * len(bodies), f"{path.name}: a mark without its end"
        found += [dedent(body) for body in bodies]
    return found


def test_each_event_type_is_published_in_avro_and_accepted() -> None:
    """A new event type must be added to the file, so that others' encoders meet its schema too."""
    schemas = [schema(path.name) for path in SCHEMAS.glob("*.avsc")]
    theirs = {each["eventType"] for each in schemas if "eventType" in each and "publisher" not in each}
    avro = {
        event.event_type
        for event in events()
        if event.outcome == "accepted" and event.encoding in {"avro", "blocks"}
    }
    assert theirs == avro


def test_the_ledgers_own_events_are_published_to_be_refused() -> None:
    """An outsider who forges one learns that it was rejected, in either encoding."""
    own = [event for event in events() if "publisher" in schema(event.schema)]
    assert {(event.outcome, event.reason) for event in own} == {("rejected", "not_the_ledger")}
    assert {event.encoding for event in own} == {"avro", "json"}


def test_every_kind_of_event_is_published() -> None:
    """Structured JSON, arrays in blocks, a truncated value, retries and refusals are all in the file."""
    assert {event.encoding for event in events()} == {"avro", "json", "blocks", "truncated"}
    assert {event.outcome for event in events()} == {"accepted", "duplicate", "rejected"}


def test_ids_are_used_again_by_retries_only() -> None:
    """A source and id name one event; the file uses one twice only to be a duplicate."""
    first = [event.id for event in events() if event.outcome != "duplicate"]
    assert len(set(first)) == len(first)
    assert {event.id for event in events() if event.outcome == "duplicate"} <= set(first)


def test_snippets_of_the_page_are_the_code_that_runs() -> None:
    """Every marked part is on the page, and every line of code on the page is from a marked part."""
    shown = "\n".join(match["body"] for match in FENCE.finditer(PAGE.read_text(encoding="utf-8")))
    marked = regions()
    assert [part for part in marked if part not in shown] == []
    lines = {line for part in marked for line in part.splitlines()}
    assert [line for line in shown.splitlines() if line and line not in lines] == []


def test_no_address_of_a_registry_or_path_of_a_machine_in_the_clients() -> None:
    """Packages are named; where they come from is each machine's own setting."""
    held = [
        HERE / "node" / "package.json",
        HERE / "node" / "package-lock.json",
        HERE / "java" / "pom.xml",
        *SOURCES,
    ]
    assert [path.name for path in held if "://" in _without_example_urls(path)] == []


def _without_example_urls(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("https://example.com", "")
