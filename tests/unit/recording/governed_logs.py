"""Made-up logs of people whose controllers are governed: packs, cases, requests, each record under its own rules.

Times are few and small, so that facts meet at one moment; sealers are unequally far behind partition 0, so that
records of one partition are sealed under earlier and later rules in turn.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

from ledger.recording.effects import LogRecord
from tests.unit.aggregates.case_facts import DEFAULTS
from tests.unit.recording.logs import PURPOSES, SUBJECTS, LogBuilder

CONTROLLERS = ("baker-example", "dentist-example")
CONTROLLER_OF = {SUBJECTS[0]: CONTROLLERS[0], SUBJECTS[1]: CONTROLLERS[1], SUBJECTS[2]: CONTROLLERS[0]}
UNATTRIBUTED = UUID(int=11)
MOMENTS = 40
"""Facts happen at one of so many moments, microseconds since the epoch."""
LAG_MAX = 4
"""How many records of partition 0 a sealer may be behind."""
PROCESSORS = ("Kwebbl", "Mistral", "Nobody")
CLASSES = ("call_history", "recording")

_ENTRIES: Sequence[dict[str, Any]] = (
    {"id": "E-1", "kind": "retention", "class": "call_history", "period": "P90D"},
    {"id": "E-2", "kind": "retention", "class": "recording", "period": "P1Y", "customer_set": True},
    {"id": "E-3", "kind": "purposes", "purposes": ["telephony"]},
    {"id": "E-4", "kind": "recording_purpose"},
    {"id": "E-5", "kind": "recording_announced"},
    {"id": "E-6", "kind": "storage", "region": "eea"},
    {"id": "E-7", "kind": "instruction"},
    {"id": "E-8", "kind": "agreement_start"},
    {"id": "E-9", "kind": "minors", "within": "P0D"},
    {"id": "E-10", "kind": "breach_notice", "within": "PT72H", "recipient": "controller"},
    {"id": "E-11", "kind": "audit_frequency"},
    {"id": "E-12", "kind": "request_answer", "within": "P1M", "extension": "P2M"},
    {"id": "E-13", "kind": "consent", "category": "marketing", "requires": "explicit"},
    {
        "id": "E-14",
        "kind": "subprocessors",
        "complete": True,
        "processors": [
            {"name": "Kwebbl", "service": "VoIP", "countries": ["NL"], "mechanism": "not_needed"},
            {"name": "Mistral", "service": "AI", "countries": ["US"], "mechanism": "scc", "optional": True},
        ],
    },
    {"id": "E-15", "kind": "transfer", "mechanisms": ["bcr"], "purposes": ["telephony"]},
)


def governed_log(seed: int, steps: int) -> list[LogRecord]:
    """A log in the order in which it was sealed."""
    random, log = Random(seed), GovernedLog()
    for controller in CONTROLLERS:
        if random.random() < 0.8:
            log.adopt(random, controller)
    kinds: Sequence[tuple[Callable[[Random], None], int]] = (
        (log.processing, 50),
        (log.consent, 10),
        (log.request, 20),
        (log.personal, 12),
        (log.case_of, 24),
        (log.rule, 6),
    )
    tell, weights = zip(*kinds, strict=True)
    for each in random.choices(tell, weights, k=steps):
        each(random)
    return log.builder.records


def with_later_rules(seed: int, steps: int, more: int) -> tuple[list[LogRecord], list[LogRecord]]:
    """A log, and the governance facts that came after all of it."""
    random, log = Random(seed), GovernedLog()
    log.adopt(random, CONTROLLERS[0])
    for _ in range(steps):
        random.choice((log.processing, log.processing, log.consent, log.request, log.case_of))(random)
    told = len(log.builder.records)
    for _ in range(more):
        random.choice((log.case_of, log.rule))(random)
    return log.builder.records[:told], log.builder.records[told:]


class GovernedLog:
    """Appends facts, each sealed under the rules a sealer had applied by then."""

    def __init__(self) -> None:
        self.builder = LogBuilder()

    def adopt(self, random: Random, controller: str) -> None:
        """A pack is adopted: some of its promises, so that adopting it again changes what holds."""
        entries = [entry for entry in _ENTRIES if random.random() < 0.7]
        self.adopt_entries(entries, controller, occurred_at=random.randrange(MOMENTS))

    def adopt_entries(
        self, entries: Iterable[Mapping[str, Any]], controller: str, *, occurred_at: int
    ) -> None:
        """A pack of these entries is adopted."""
        version = str(len(self.builder.records))
        told = [{"article": f"art. {entry['id']}", "text": "A promise.", **entry} for entry in entries]
        content = json.dumps({"id": "pack", "version": version, "title": "A pack", "entry": told})
        fields = {
            "pack": "pack",
            "pack_version": version,
            "content": content,
            "content_sha256": hashlib.sha256(content.encode()).hexdigest(),
            "region": None,
        }
        stream = self.builder.governance_stream("policy.adopted", controller, fields)
        self.builder.fact(
            stream,
            event_id=f"event-{len(self.builder.records)}",
            event_type="policy.adopted",
            occurred_at=occurred_at,
            controller=controller,
            open_fields=json.dumps(fields),
        )

    def processing(self, random: Random) -> None:
        """Something is done with somebody's data."""
        event_type = random.choice(("call.completed", "call.recorded", "data.accessed", "message.sent"))
        fields = {
            "recording_purpose": random.choice(("quality", "evidence")),
            "announced": random.random() < 0.7,
            "encrypted_at_rest": True,
            "actor_role": "support",
            "actor_country": random.choice(("NL", "US")),
            "numbers_masked": True,
        }
        self.subject(
            random,
            event_type,
            fields,
            nobody=0.1,
            lawful_basis=random.choice(("consent", "contract", "legitimate_interests")),
            processors=random.sample(PROCESSORS, random.choice((0, 0, 1, 2))),
            storage_country=random.choice(("NL", "NL", "US")),
            instruction_id=random.choice((None, "i-1", "main")),
            notice_version=random.choice((None, "1", "2")),
            sealed_classes=random.sample(CLASSES, random.choice((0, 1, 2))),
        )

    def consent(self, random: Random) -> None:
        """A consent changes."""
        fields = {
            "category": "marketing",
            "method": "form",
            "explicit": random.random() < 0.5,
            "prior": True,
            "notice_hash": "0" * 64,
            "language": random.choice((None, "nl")),
        }
        self.subject(random, random.choice(("consent.given", "consent.withdrawn")), fields)

    def request(self, random: Random) -> None:
        """A step of somebody's request, in any order: it may be answered before it is received."""
        event_type = random.choice(
            (
                *("request.received", "request.received", "request.answered", "request.refused"),
                *("request.extended", "request.withdrawn", "request.deadline_passed"),
            )
        )
        fields = {
            "request_id": f"r-{random.randrange(2)}",
            "right": random.choice(("objection", "objection", "erasure")),
            "channel": "email",
            "requester": "end_user",
            "received_by": "controller",
            "purposes": random.choice(([], ["telephony"])),
            "outcome": "fulfilled",
            "confirmation_sent": True,
            "charged_to": "nobody",
            "ground": random.choice(("compelling_grounds", "excessive")),
            "reasons_told": True,
            "complaint_told": True,
            "remedy_told": random.random() < 0.5,
            "reasons": ["complexity"],
            "told_at": random.choice((None, 5)),
            "deadline": "answer",
            "rule": random.choice(("", "pack:E-12")),
            "ends_at": 2_768_400_000_000,
        }
        self.subject(random, event_type, fields, nobody=0.1)

    def personal(self, random: Random) -> None:
        """What processing is held against changes."""
        event_type = random.choice(
            (
                *("processing.restricted", "restriction.lifted", "minor.found", "minor.found"),
                *("erasure.verified", "data.erased"),
            )
        )
        fields = {
            "restriction_id": f"x-{random.randrange(2)}",
            "how": "told_by_parent",
            "parental_consent": random.random() < 0.2,
            "erasure_id": "e-1",
            "trigger": "child_found",
            "outcome": "erased",
            "service": "storage-example",
            "categories": [],
            "object_count": 1,
            "recipients_informed": [],
            "places": [],
            "fields_closed": 1,
            "fields_kept": 0,
        }
        self.subject(random, event_type, fields)

    def case_of(self, random: Random) -> None:
        """A fact of some case."""
        event_type, fields = random.choice(_CASE_FACTS)
        drawn = {name: value(random) if callable(value) else value for name, value in fields.items()}
        document = {**DEFAULTS.get(event_type, {}), **drawn}
        version = random.choice(("1", "2"))
        self.governance(random, event_type, random.choice(CONTROLLERS), document, notice_version=version)

    def rule(self, random: Random) -> None:
        """What is promised, or how long data is kept, changes."""
        controller = random.choice(CONTROLLERS)
        if random.random() < 0.5:
            self.adopt(random, controller)
            return
        fields = {"retention_class": "recording", "days": random.choice((7, 30, 999))}
        self.governance(random, "retention.set", controller, fields)

    def subject(
        self, random: Random, event_type: str, fields: Mapping[str, Any], nobody: float = 0.0, **changes: Any
    ) -> None:
        """A fact of a person, or now and then of nobody known, by a sealer that is a little behind."""
        stream = UNATTRIBUTED if random.random() < nobody else random.choice(SUBJECTS)
        known = self.builder.next_offset(0)
        self._tell(
            random,
            stream,
            event_type,
            fields,
            controller=CONTROLLER_OF.get(stream, CONTROLLERS[0]),
            rules_at=random.randint(max(0, known - LAG_MAX), known),
            purpose=random.choice(PURPOSES),
            **changes,
        )

    def governance(
        self, random: Random, event_type: str, controller: str, fields: Mapping[str, Any], **changes: Any
    ) -> None:
        """A governance fact, in its case's stream or its controller's."""
        stream = self.builder.governance_stream(event_type, controller, fields)
        self._tell(random, stream, event_type, fields, controller=controller, **changes)

    def _tell(
        self, random: Random, stream: UUID, event_type: str, fields: Mapping[str, Any], **changes: Any
    ) -> None:
        self.builder.fact(
            stream,
            inbox=random.randrange(2),
            event_id=f"event-{len(self.builder.records)}",
            event_type=event_type,
            occurred_at=random.randrange(MOMENTS),
            open_fields=json.dumps(fields, sort_keys=True),
            **changes,
        )


def _moment(random: Random) -> int:
    return random.randrange(MOMENTS)


def _maybe(random: Random) -> int | None:
    return random.choice((None, random.randrange(MOMENTS)))


_PURPOSES_AGREED = [{"purpose": "telephony", "role": "processor"}]
_CASE_FACTS: Sequence[tuple[str, dict[str, Any]]] = (
    (
        "agreement.concluded",
        {
            "signed_by_controller_at": _moment,
            "signed_by_provider_at": _maybe,
            "purposes": lambda random: random.choice(([], _PURPOSES_AGREED)),
        },
    ),
    ("agreement.terminated", {"ends_at": _moment}),
    ("recording.purpose_declared", {}),
    ("recording.purpose_revoked", {}),
    ("processor.opted_in", {}),
    ("processor.opted_out", {}),
    ("instruction.received", {}),
    ("instruction.objected", {}),
    ("instruction.withdrawn", {}),
    ("subprocessor.announced", {"countries": ["US"], "mechanism": "scc", "mechanism_valid_until": _maybe}),
    ("subprocessor.objected", {}),
    ("subprocessor.objection_settled", {}),
    ("subprocessor.contracted", {}),
    ("subprocessor.activated", {}),
    ("transfer.mechanism_set", {"mechanism": lambda random: random.choice(("scc", "none"))}),
    (
        "breach.discovered",
        {"breach_id": "b-1", "breach_began_at": None, "kind": "confidentiality", "discovered_by": "x"},
    ),
    ("breach.aware", {"breach_id": "b-1"}),
    (
        "deadline.passed",
        {
            "case_kind": "breach",
            "case_id": "b-1",
            "deadline": "notify_controller",
            "rule": "pack:E-10",
            "ends_at": lambda random: 72 * 3_600_000_000 + _moment(random),
            "calendar": None,
        },
    ),
    (
        "audit.announced",
        {
            "audit_id": lambda random: f"a-{random.randrange(3)}",
            "kind": lambda random: random.choice(("regular", "extra")),
            "ground": lambda random: random.choice((None, "breach")),
            "ground_reference": "b-1",
            "scope": "x",
            "auditor": "x",
            "qualifications": "x",
            "independent": True,
            "bound_to_secrecy": True,
            "in_writing": True,
            "begins_at": _moment,
            "ends_at": MOMENTS,
        },
    ),
    (
        "notice.published",
        {
            "notice_id": "website",
            "languages": ["nl"],
            "sha256": "0" * 64,
            "uri": "https://www.example.com/privacy",
            "effective_at": _moment,
            "replaces": None,
            "materially_changed": False,
            "people_informed": "not_needed",
        },
    ),
)
"""Event type and what it says beyond its defaults; a function draws a value."""


def read_in_another_order(log: Sequence[LogRecord], random: Random) -> list[LogRecord]:
    """The same partitions in another order, each by offset, and each record only once its rules are known."""
    queues: dict[int, list[LogRecord]] = {}
    for record in log:
        queues.setdefault(record.partition, []).append(record)
    order: list[LogRecord] = []
    governance = 0
    while queues:
        ready = [
            partition
            for partition, queue in sorted(queues.items())
            if partition == 0 or queue[0].record.rules_at <= governance
        ]
        partition = random.choice(ready)
        order.append(queues[partition].pop(0))
        governance += partition == 0
        if not queues[partition]:
            del queues[partition]
    return order
