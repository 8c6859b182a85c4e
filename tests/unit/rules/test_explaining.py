"""The sentence on a finding."""

from ledger.rules.explaining import BrokenPromise, explain

NOON = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z."""
STORAGE = BrokenPromise("callvoip-dpa", "CD-10", "DPA art. 3.1", "All stored data stays in the EEA.")


def sentence(*promises: BrokenPromise, by_promise: bool) -> str:
    """On one finding."""
    return explain(
        controller="garage-example",
        at=NOON,
        article="GDPR Art. 44",
        expected="storage in the EEA",
        found="storage in US",
        entry="3:41 (call.recorded)",
        by_promise=by_promise,
        promises=promises,
    )


def test_sentence_on_a_broken_promise_quotes_it() -> None:
    """When, which entry, for whom, which promise in its own words, what was expected and found."""
    assert sentence(STORAGE, by_promise=True) == (
        "On 2026-03-27T12:00:00+01:00, entry 3:41 (call.recorded) for garage-example was not in keeping with CD-10 of "
        "callvoip-dpa (DPA art. 3.1: “All stored data stays in the EEA”): expected storage in the EEA; found storage "
        "in US."
    )


def test_sentence_on_a_broken_law_names_the_article_and_what_it_breaks_besides() -> None:
    """A promise to keep the law is broken with it."""
    said = sentence(STORAGE, STORAGE._replace(promise="CD-11"), by_promise=False)
    assert "was not in keeping with GDPR Art. 44: expected" in said
    assert said.endswith("That breaks CD-10 of callvoip-dpa and CD-11 of callvoip-dpa as well.")


def test_sentence_on_a_broken_law_nobody_promised_to_keep() -> None:
    """It says no more."""
    assert sentence(by_promise=False).endswith("found storage in US.")


def test_sentence_names_five_promises_at_most() -> None:
    """A provider promises the law more than once."""
    many = [STORAGE._replace(promise=f"CD-{number}") for number in range(8)]
    assert "and 3 more as well" in sentence(*many, by_promise=False)
