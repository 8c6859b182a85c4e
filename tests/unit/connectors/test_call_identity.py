"""Identifiers of calls: stable, distinct, and made of nothing that leads to a person."""

import pytest

from ledger.connectors import call_identity
from ledger.connectors.call_identity import CallIdentities, equipment_name, is_unique_id, source_of


@pytest.mark.parametrize("text", ["1774596716.0", "pbx1-1774596716.12345", "pbx_oost-1-2100000000.7"])
def test_unique_ids(text: str) -> None:
    """Asterisk's own form, with or without a system name."""
    assert is_unique_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0612345678.1",
        "31612345678.1",
        "1774596716",
        "1774596716.",
        "+1774596716.1",
        "0612345678-1774596716.1",
    ],
)
def test_what_could_be_a_number_is_no_unique_id(text: str) -> None:
    """It would go into fields that are never erased."""
    assert not is_unique_id(text)


@pytest.mark.parametrize(
    ("account", "source"),
    [
        ("1234", "urn:asterisk:1234"),
        ("garage-noord", "urn:asterisk:garage-noord"),
        ("", "urn:asterisk:cdr"),
        ("0612345678", "urn:asterisk:cdr"),
        ("06-12 34", "urn:asterisk:cdr"),
        ("klant0612345678", "urn:asterisk:cdr"),
    ],
)
def test_source_names_an_account_that_is_no_number(account: str, source: str) -> None:
    """The event source is a URI reference that is kept for ever."""
    assert source_of(account) == source


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("PJSIP/trunk-0000001a", "trunk"),
        ("SIP/0612345678-0000001a", None),
        ("", None),
        ("SIP/kpn 1-0000001a", None),
    ],
)
def test_equipment_name_holds_no_number(channel: str, name: str | None) -> None:
    """A trunk named after a number has no name here."""
    assert equipment_name(channel) == name


def test_counting_forgets_only_what_is_long_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; a record within the bound is still counted."""
    monkeypatch.setattr(call_identity, "KEYS_MAX", 2)
    identities = CallIdentities()

    def record_id(unique_id: str) -> str:
        return identities.identify(unique_id=unique_id, channel="", second_channel="", started_at=0).record_id

    assert record_id("a") == "a:-:0:1"
    assert record_id("b") == "b:-:0:1"
    assert record_id("a") == "a:-:0:2"
    assert record_id("c") == "c:-:0:1"
    assert record_id("a") == "a:-:0:3"
    assert record_id("b") == "b:-:0:1"
