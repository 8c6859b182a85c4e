"""Personal data breaches: told in time, told too late, told in phases, and one that was only just discovered."""

from ledger.dev.governance_stories import Controlled, stated
from ledger.dev.invented import ASSISTANT, CALL_CENTRE, MESSAGING, SWITCHBOARD
from ledger.dev.planned import HOUR, MINUTE, PlannedRecord, Stage


class _Breach:
    """One breach of a controller's data, and the facts about it."""

    def __init__(self, stage: Stage, about: Controlled, discovered_at: int) -> None:
        self._stage, self._about = stage, about
        self._id = stage.identifier("lek")
        self._discovered_at = discovered_at
        self.told: list[PlannedRecord] = []
        self.after(
            0,
            "breach.discovered",
            {
                "breach_began_at": discovered_at - 5 * HOUR,
                "kind": "confidentiality",
                "discovered_by": about[0].name,
            },
        )

    def after(self, hours: float, event_type: str, payload: dict[str, object]) -> None:
        """A fact so many hours after the discovery."""
        at = self._discovered_at + round(hours * 60) * MINUTE
        fields = {"breach_id": self._id, **payload}
        self.told.append(stated(self._stage, event_type, self._about, at, fields))

    def notified(
        self, hours: float, recipient: str, *, delay: str | None = None, more_follows: bool = False
    ) -> None:
        """Somebody is told, of everything; or at first of what is known, and the rest is to follow."""
        self.after(
            hours,
            "breach.notified",
            {
                "recipient": recipient,
                "nature": "a mailbox with call summaries was open to another customer",
                "subject_categories": [] if more_follows else ["callers"],
                "subjects_approximate": None if more_follows else 40,
                "record_categories": [] if more_follows else ["call summaries"],
                "records_approximate": None if more_follows else 55,
                "contact": "privacy office",
                "consequences": None if more_follows else "unwanted contact",
                "measures": "access was closed",
                "delay_reasons": delay,
                "more_follows": more_follows,
            },
        )

    def closed(self, hours: float) -> None:
        """It was dealt with, and documented."""
        said: dict[str, object] = {
            "effects": "summaries of 55 calls could be read by one other customer",
            "remedies": "rights per customer are tested at every release",
        }
        self.after(hours, "breach.closed", said)


def breaches(stage: Stage) -> list[PlannedRecord]:
    """What each provider had to tell, and when it did."""
    told = []
    # The assistant promises 48 hours: the dentist heard in time, the garage did not.
    for customer, days, hours in zip(ASSISTANT.customers, (-12, -25), (30, 55), strict=True):
        at = stage.days_later(stage.midnight, days) + 10 * HOUR
        breach = _Breach(stage, (ASSISTANT, customer.controller), at)
        breach.notified(hours, "controller", more_follows=True)
        breach.notified(hours + 20, "controller")
        breach.closed(120)
        told += breach.told
    return [*told, *_of_the_switchboard(stage), *_of_the_others(stage)]


def _of_the_switchboard(stage: Stage) -> list[PlannedRecord]:
    """In time and in phases; and one discovered the night before, of which nobody has been told yet."""
    bakery, agency = (customer.controller for customer in SWITCHBOARD.customers)
    phased = _Breach(stage, (SWITCHBOARD, bakery), stage.days_later(stage.midnight, -15) + 9 * HOUR)
    phased.notified(30, "controller", more_follows=True)
    phased.notified(50, "controller")
    phased.closed(200)
    fresh = _Breach(stage, (SWITCHBOARD, agency), stage.midnight + HOUR // 2)
    return [*phased.told, *fresh.told]


def _of_the_others(stage: Stage) -> list[PlannedRecord]:
    """One controller had to go to the authority and to people; another told the authority late, with reasons."""
    shop = CALL_CENTRE.customers[0].controller
    high = _Breach(stage, (CALL_CENTRE, shop), stage.days_later(stage.midnight, -33) + 8 * HOUR)
    high.notified(20, "controller")
    high.after(22, "breach.aware", {})
    high.after(30, "breach.assessed", {"risk": "high"})
    high.notified(60, "authority")
    high.notified(70, "people")
    high.closed(300)
    courier = MESSAGING.customers[0].controller
    late = _Breach(stage, (MESSAGING, courier), stage.days_later(stage.midnight, -45) + 8 * HOUR)
    late.notified(10, "controller")
    late.after(12, "breach.aware", {})
    late.after(40, "breach.assessed", {"risk": "risk"})
    late.notified(100, "authority", delay="the extent was known only after four days")
    late.closed(400)
    return [*high.told, *late.told]
