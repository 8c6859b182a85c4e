"""What a case comes to, gathered rule by rule. Pure."""

from ledger.aggregates.cases import Stated
from ledger.rules.findings import Finding
from ledger.rules.judged import Deadline, Judged, OnEntry, Shown


class Judging:
    """Findings, marks and deadlines while they are gathered, in the order in which the rules are applied."""

    def __init__(self) -> None:
        self._findings: list[OnEntry] = []
        self._shown: dict[Shown, None] = {}
        self._deadlines: list[Deadline] = []

    def find(
        self,
        on: Stated,
        code: str,
        *,
        article: str,
        expected: str,
        found: str,
        rule: str = "",
        about: str = "",
    ) -> None:
        """Adds a finding on the entry that states something."""
        finding = Finding(code=code, article=article, expected=expected, found=found, rule=rule, about=about)
        self._findings.append(OnEntry(on.at_offset, on.occurred_at, finding))

    def show(self, mark: str, rule: str = "", *, due_at: int | None = None, detail: str = "") -> None:
        """Adds what shows that a promise, or the law where `rule` is empty, was kept, or is owed; once is enough."""
        self._shown[Shown(mark, rule, due_at, detail)] = None

    def owe(self, deadline: Deadline) -> None:
        """Adds a deadline."""
        self._deadlines.append(deadline)

    def judged(self) -> Judged:
        """All that was added."""
        return Judged(
            findings=tuple(self._findings), shown=tuple(self._shown), deadlines=tuple(self._deadlines)
        )
