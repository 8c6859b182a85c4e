"""What the law says of one thing counts for the promises that are about it, and for no others of the document."""

from collections.abc import Mapping

import pytest

from ledger.policies import load_pack
from ledger.rules.verdicts import Verdict
from tests.unit.clauses.clause_log import History
from tests.unit.clauses.moments import HOUR, at
from tests.unit.clauses.scenarios import BOUND, BROKEN, KEPT, NO_EVIDENCE, Story, then
from tests.unit.clauses.stories import T, call, done, passes, request, stated

AFTER_MONTH = at("2026-04-03 00:00")
ON_CONSENT = {"purpose": "newsletter", "lawful_basis": "consent"}
ON_INTEREST = {"purpose": "newsletter", "lawful_basis": "legitimate_interests"}
CHOSEN = stated("processor.opted_in", T - HOUR, subprocessor="RedCactus")


def entries(pack: str, story: Story) -> Mapping[str, Verdict]:
    """What each entry of a pack comes to after a story."""
    history = History()
    history.adopt(pack, at=BOUND)
    story(history)
    promises = {entry.promise for entry in load_pack(pack).pack.entries if entry.promise is not None}
    judged = [each for promise in promises for each in history.promise(promise).entries]
    return {each.entry.id: each.verdict for each in judged}


@pytest.mark.parametrize(
    ("pack", "story", "expected"),
    [
        pytest.param(
            "messagebird",
            then(
                done("consent.withdrawn", T, purpose="newsletter"),
                done("message.sent", T + HOUR, **ON_CONSENT),
            ),
            {"MB-39": BROKEN, "MB-23": NO_EVIDENCE},
            id="a newsletter after the withdrawal says nothing of stored payment methods",
        ),
        pytest.param(
            "messagebird",
            then(
                request(right="objection", purposes=["newsletter"]),
                done("message.sent", T + HOUR, **ON_INTEREST),
            ),
            {"MB-44": BROKEN, "MB-19": NO_EVIDENCE},
            id="a newsletter after an objection says nothing of enrichment",
        ),
        pytest.param(
            "messagebird",
            then(request(right="erasure"), passes(AFTER_MONTH)),
            {
                "MB-42": BROKEN,
                "MB-35": BROKEN,
                "MB-03": NO_EVIDENCE,
                "MB-38": NO_EVIDENCE,
                "MB-44-refusal": NO_EVIDENCE,
            },
            id="a late erasure says nothing of objections",
        ),
        pytest.param(
            "messagebird",
            then(request(right="access"), passes(AFTER_MONTH)),
            {"MB-03": BROKEN, "MB-38": BROKEN, "MB-44-refusal": NO_EVIDENCE},
            id="a late access request breaks the promises that name access",
        ),
        pytest.param(
            "callingbird",
            call(T, processors=["Vapi"], purpose="assistant"),
            {"CB-03": KEPT, "CB-23": NO_EVIDENCE},
            id="a call through Vapi says nothing of cookies",
        ),
        pytest.param(
            "callvoip-faq",
            call(T, processors=["Kwebbl"]),
            {"CF-11-google": NO_EVIDENCE},
            id="a call through Kwebbl says nothing of Google",
        ),
        pytest.param(
            "callvoip-dpa",
            call(T, processors=["Kwebbl"]),
            {"CD-35": KEPT, "CD-36": NO_EVIDENCE},
            id="a sub-processor for everyone says nothing of the optional ones",
        ),
        pytest.param(
            "callvoip-dpa",
            then(CHOSEN, call(T, processors=["RedCactus"])),
            {"CD-35": NO_EVIDENCE, "CD-36": KEPT},
            id="an optional one that was chosen says nothing of those for everyone",
        ),
    ],
)
def test_law_counts_for_what_an_entry_is_about(
    pack: str, story: Story, expected: Mapping[str, Verdict]
) -> None:
    """The other entries of the same kind have no evidence by it."""
    found = entries(pack, story)
    assert {name: found[name] for name in expected} == expected
