"""Erasures that are broken on purpose: each lacks one guarantee, and the fault tests must notice."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from ledger.bootstrap import Runtime
from ledger.errors import InfrastructureError
from ledger.forgetting import erasure_facts as facts
from ledger.forgetting.erasure import Erasures
from ledger.forgetting.erasure_state import about, recorded
from ledger.forgetting.erasure_steps import Attempt
from ledger.forgetting.verification import Reread
from ledger.store.forgetting_rows import ErasureState
from ledger.vault.copies import Copies
from ledger.vault.vault import Vault

EMPTY = Reread(places=(), fields_closed=0, fields_kept=0, problems=())


@dataclass(frozen=True, kw_only=True)
class BrokenRuntime(Runtime):
    """A runtime whose vault is broken; it follows nothing, so that the fault alone shows."""

    vault_type: type[Vault]

    @contextmanager
    def vault(self, copies: Copies | None = None) -> Iterator[Vault]:
        """A vault of the broken kind."""
        vault = self.vault_type(self.vault_dsn, self.key_encryption, copies=copies)
        try:
            yield vault
        finally:
            vault.close()


def broken(parts: Runtime, vault_type: type[Vault]) -> BrokenRuntime:
    """The same runtime with a broken vault."""
    return BrokenRuntime(
        settings=parts.settings,
        kafka=parts.kafka,
        store_dsn=parts.store_dsn,
        vault_dsn=parts.vault_dsn,
        key_encryption=parts.key_encryption,
        clock=parts.clock,
        vault_type=vault_type,
    )


class SaysDoneAndDoesNothing(Vault):
    """FAULTS, row 48, first form: destruction reports success and did not happen."""

    def destroy_subject_classes(self, subject: UUID, classes: Collection[str], why: str) -> frozenset[str]:
        """Nothing."""
        return frozenset(classes)


class ClaimsTombstones(SaysDoneAndDoesNothing):
    """The same, and it claims that the keys are destroyed when it is asked: only opening a field tells."""

    def confirm_subject_classes_destroyed(self, subject: UUID, classes: Collection[str]) -> None:
        """A lie."""

    def subject_key_classes(self, subject: UUID) -> dict[str, Literal["live", "destroyed"]]:
        """Another, once the person is closed."""
        keys = super().subject_key_classes(subject)
        return dict.fromkeys(keys, "destroyed") if self.is_closed(subject) else keys


class DoesItAndSaysFailed(Vault):
    """FAULTS, row 48, second form: the destruction happens, and its answer is lost."""

    def destroy_subject_classes(self, subject: UUID, classes: Collection[str], why: str) -> frozenset[str]:
        """Destroys, and fails."""
        super().destroy_subject_classes(subject, classes, why)
        raise InfrastructureError("destroy subject keys: PostgreSQL failed", found="the connection was cut")


class FailsBeforehand(Vault):
    """The destruction does not happen, and says so."""

    def destroy_subject_classes(self, subject: UUID, classes: Collection[str], why: str) -> frozenset[str]:
        """Fails."""
        raise InfrastructureError("destroy subject keys: PostgreSQL failed", found="the connection was cut")


class NeverCloses(Vault):
    """Keys are destroyed and may be made again: what comes later is sealed under the old pseudonym."""

    def close_subject(self, subject: UUID, why: str, *, controller: str | None = None) -> None:
        """Nothing."""

    def is_closed(self, subject: UUID) -> bool:
        """A lie."""
        return True

    def forget_subject(self, subject: UUID) -> int:
        """Removes the identifiers of a subject that is open."""
        with self._transaction("forget") as conn:
            return conn.execute("DELETE FROM directory WHERE subject = %s", (subject,)).rowcount

    def forget_due(self) -> None:
        """Nothing: it has forgotten already."""


class TrustsTheVault(Attempt):
    """Calls a destruction confirmed because the vault said so."""

    def _reread(self, state: ErasureState) -> Reread:
        return EMPTY


class NeverForgets(Attempt):
    """Leaves the directory as it is: whoever calls again is the erased person."""

    def _forget(self, state: ErasureState) -> bool:
        return self._confirm(state)

    def _confirm(self, state: ErasureState) -> bool:
        known = recorded(state)
        self.say(facts.key_destroyed(about(state), "confirmed", known.announced - known.confirmed))
        return False


class TakesSilenceForAYes(Attempt):
    """Verifies when a recipient's time is over, answer or not."""

    def _verify(self, state: ErasureState) -> bool:
        self.say([facts.verified(about(state), self._reread(state), None)])
        return True


class BelievesAnybody(Attempt):
    """Takes an answer by the name it gives, whoever published it and whenever."""

    def state(self, erasure_id: str) -> ErasureState:
        """Every answer as if its recipient had given it just now."""
        state = super().state(erasure_id)
        believed = [row._replace(source=row.service, sealed_at=self.now) for row in state.confirmations]
        return replace(state, confirmations=believed)


class DestroysTheDay(Attempt):
    """Destroys the day's keys instead of the person's: everybody's fields of that day are gone."""

    def _destroy(self, state: ErasureState) -> bool:
        done = super()._destroy(state)
        self.vault.destroy_epochs(self.vault.live_epochs(state.controller), "erasure_request")
        return done


def erasures_with(attempt_type: type[Attempt]) -> type[Erasures]:
    """Erasures whose steps are broken."""
    return type("Broken", (Erasures,), {"attempt_type": attempt_type})
