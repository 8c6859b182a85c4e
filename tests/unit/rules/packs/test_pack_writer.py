"""A pack as the plain values it was read from."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.rules.packs.pack_reader import canonical, read_content, read_pack
from ledger.rules.packs.pack_statements import STATEMENTS
from ledger.rules.packs.pack_table import PackError
from ledger.rules.packs.pack_writer import pack_content
from ledger.rules.packs.rule_kinds import RULE_KINDS
from tests.unit.rules.pack_contents import BY_HAND, Content, entry_of, packs


@given(packs())
def test_what_is_read_is_written_as_the_same_text(content: Content) -> None:
    """Read, written and read again a pack is the same, and has one text, which is what is adopted."""
    pack = read_pack(content)
    text = canonical(pack_content(pack))
    assert pack == read_content(text)
    assert text == canonical(pack_content(read_content(text)))


@pytest.mark.parametrize("name", sorted(RULE_KINDS.keys() - BY_HAND))
@settings(max_examples=20)
@given(st.data())
def test_every_kind_is_read(name: str, data: st.DataObject) -> None:
    """An entry of each kind arrives with all that it says, and nothing else."""
    said = data.draw(entry_of(RULE_KINDS[name]))
    [entry] = read_pack({"id": "e", "version": "1", "title": "E", "entry": [{"id": "E-1", **said}]}).entries
    parameters = {one.name for one in RULE_KINDS[name].parameters}
    assert (name, "E-1") == (entry.kind, entry.id)
    assert said.get("promise", "E-1") == entry.promise
    assert parameters & said.keys() <= entry.parameters.keys() | {"reason"}
    assert entry.parameters.keys() <= parameters
    assert entry.states.keys() <= STATEMENTS.keys()


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(packs(), _junk, st.data())
def test_damage_is_an_error_of_the_pack_or_none(content: Any, junk: object, data: st.DataObject) -> None:
    """Anything in the place of any value, or a key too many: read, or refused in the one way."""
    entry = data.draw(st.sampled_from(content["entry"]))
    key = data.draw(st.sampled_from([*entry, "unknown"]))
    entry[key] = junk
    try:
        found = read_pack(content)
    except PackError:
        return
    assert found == read_content(json.dumps(content))
