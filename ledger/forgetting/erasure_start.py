"""What is decided when an erasure starts, from the facts and the vault as they are then.

Owns: reading what the decision needs. Leaves to others: the decision itself (`erasure_plan`), publishing (`erasure`).
"""

from dataclasses import dataclass

from ledger.aggregates.erasure_details import ErasureRecipient
from ledger.bootstrap import Runtime
from ledger.errors import NotPermitted
from ledger.forgetting.erasure_facts import About, Plan
from ledger.forgetting.erasure_plan import HOLD_ARTICLES, is_told, kept_classes, restriction_article
from ledger.forgetting.erasure_state import about, holdings, inbox_ends
from ledger.forgetting.instructions import confirm_by
from ledger.rules.keeping.retention_facts import ControllerRules
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState
from ledger.vault.vault import Vault


@dataclass(frozen=True)
class Planner:
    """Reads and decides; `now` in microseconds UTC."""

    parts: Runtime
    vault: Vault
    queries: ForgettingQueries
    now: int

    def plan(self, whole: About) -> Plan:
        """What goes, what stays, who is told.

        Raises:
            NotPermitted: holds keep everything there is of the person.
        """
        # First: what is in the inbox now may reach the person before the identifiers go.
        ends = inbox_ends(self.parts)
        rules = self._rules(whole.controller)
        held = holdings(self.queries, self.vault, whole)
        kept = kept_classes(whole.stream, held, rules, self._articles(whole), self.now)
        keepers = {each.hold_id for each in kept if each.hold_id is not None}
        if keepers and held.classes <= {each.retention_class for each in kept}:
            raise NotPermitted(
                "nothing of this person may be erased now",
                expected="data that no hold and no duty keeps",
                found=f"all of it kept by {', '.join(sorted(keepers))}",
                do="`ledger hold list` shows until when; a restriction ends with its restriction.lifted fact; ask "
                "again after that",
            )
        packs = [adoption.pack for adoption in rules.known_at(self.now).adopted]
        recipients = [
            ErasureRecipient(
                name=each.name, kind=each.kind, confirm_by=confirm_by(packs, each.name, self.now)
            )
            for each in self.queries.recipients_of_subject(whole.stream)
            if is_told(each.name)
        ]
        return Plan(kept=kept, recipients=recipients, inbox_ends=ends)

    def freed(self, state: ErasureState) -> bool:
        """Whether something that an erasure kept is kept no longer, and a key of it lives."""
        whole = about(state)
        held = holdings(self.queries, self.vault, whole)
        rules = self._rules(whole.controller)
        kept = kept_classes(whole.stream, held, rules, self._articles(whole), self.now)
        by_hold = {each.retention_class for each in state.started.kept if each.hold_id is not None}
        return bool(by_hold & held.classes - {each.retention_class for each in kept})

    def _rules(self, controller: str) -> ControllerRules:
        return self.queries.controller_rules().get(controller, ControllerRules())

    def _articles(self, whole: About) -> dict[str, str]:
        """Hold or restriction -> the law or clause it names."""
        articles = {
            hold.hold_id: hold.article or HOLD_ARTICLES.get(hold.kind, "")
            for hold in self.queries.holds_on(whole.stream, whole.controller)
        }
        restrictions = self.queries.restrictions_on(whole.stream)
        return articles | {each.restriction_id: restriction_article(each.ground) for each in restrictions}
