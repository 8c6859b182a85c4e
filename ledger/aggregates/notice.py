"""A privacy notice: its versions, from when each holds, and who was told of a change how. Pure.

Owns: the facts of a notice, what they state, and which version was in force when. Leaves to others: whether people were
told as promised (`ledger.rules.contracts.notice_rules`), whether processing named the version in force
(`ledger.rules.processing.judgement`).

A version is known by the common field `notice_version` of the fact that published it, as processing facts name it. One
published again under the same name is stated anew: the later statement holds.

Source: GDPR Art. 12(1), 13, 14; OBLIGATIONS CB-41, MB-46, X17; `schemas/notice.*`. Times are microseconds since the
epoch, UTC.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from ledger.aggregates.cases import NOTICE, Case, CaseFact, Stated
from ledger.aggregates.open_fields import reader
from ledger.aggregates.stating_fact import StatingFact
from ledger.entry import Entry


class Publication(Stated, frozen=True, kw_only=True):
    """A version was published. `effective_at` is from when it holds; `version` is None when the fact names none."""

    version: str | None
    effective_at: int
    sha256: str
    materially_changed: bool
    people_informed: str


class Communication(Stated, frozen=True, kw_only=True):
    """People were told of a version: by email, website, call, letter or dashboard."""

    version: str
    told_by: str
    audience: str


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    effective_at: int
    sha256: str
    materially_changed: bool
    people_informed: str


class _Communicated(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    told_by: str
    audience: str


_published = reader(_Published)
_communicated = reader(_Communicated)


def read_publication(entry: Entry, offset: int | None) -> Publication | None:
    """What notice.published states."""
    said = _published(entry.open_fields)
    if said is None:
        return None
    return Publication(
        occurred_at=entry.occurred_at,
        offset=offset,
        version=entry.notice_version,
        **msgspec.structs.asdict(said),
    )


def read_communication(entry: Entry, offset: int | None) -> Communication | None:
    """What notice.communicated states."""
    said = _communicated(entry.open_fields)
    if said is None:
        return None
    return Communication(occurred_at=entry.occurred_at, offset=offset, **msgspec.structs.asdict(said))


class NoticeFact(StatingFact):
    """A fact of a privacy notice."""

    CASE = NOTICE.kind


class NoticePublished(NoticeFact):
    """A version was published."""

    TOPIC = "notice.published"
    HISTORY = "publications"
    READ = staticmethod(read_publication)


class NoticeCommunicated(NoticeFact):
    """People were told of a version."""

    TOPIC = "notice.communicated"
    HISTORY = "communications"
    READ = staticmethod(read_communication)


NOTICE_FACTS: Mapping[str, type[CaseFact]] = {
    "notice.published": NoticePublished,
    "notice.communicated": NoticeCommunicated,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Notice(Case):
    """One privacy notice of one controller.

    Attributes:
        publications, communications: what was stated, by when it happened.
    """

    KIND = NOTICE.kind
    TOPIC = "notice.v1"
    FACTS = NOTICE_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {
        "communications": Communication,
        "publications": Publication,
    }

    publications: list[Publication]
    communications: list[Communication]

    def versions(self) -> list[Publication]:
        """The versions as last stated, in the order in which they come into force; of one moment the last published.

        Publications that name no version are not among them.
        """
        last = {each.version: each for each in self.publications if each.version is not None}
        return sorted(last.values(), key=lambda each: (each.effective_at, each.occurred_at, each.at_offset))

    def version_in_force(self, moment: int) -> str | None:
        """The version that holds at a moment; None before the first.

        Args:
            moment: microseconds since the epoch; a version that comes into force at this very moment holds.
        """
        holding = [each for each in self.versions() if each.effective_at <= moment]
        return holding[-1].version if holding else None

    def knows(self, version: str) -> bool:
        """Whether a version of this name was published, in force or not."""
        return any(each.version == version for each in self.publications)

    def moments(self) -> set[int]:
        """As of every case, and when versions come into force."""
        return super().moments() | {each.effective_at for each in self.publications}
