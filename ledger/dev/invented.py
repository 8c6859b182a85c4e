"""Invented providers, their customers, and people: everything the demo traffic is about.

No name here is a real company's. Phone numbers are from ranges that nobody has: +31 6 0000 xxxx, and
+31 970 10 xxxxxx where more are needed; e-mail addresses are at example.nl and example.com (RFC 2606).
"""

from dataclasses import dataclass

MOBILE_RANGE = 10_000
"""Numbers in +31 6 0000 xxxx."""

_FIRST_NAMES = (
    *(
        "Anna",
        "Bram",
        "Chaima",
        "Daan",
        "Elif",
        "Femke",
        "Gijs",
        "Hanneke",
        "Ibrahim",
        "Jasmijn",
        "Kees",
        "Lotte",
    ),
    *("Mees", "Noor", "Ömer", "Pien", "Quinten", "Roos", "Sem", "Tess", "Ümit", "Vera", "Willem", "Yara"),
)
_LAST_NAMES = (
    *(
        "van Zeewolde",
        "Aardappel",
        "de Verzonnen",
        "Bosuil",
        "Dijkgraaf-Zand",
        "el Fictief",
        "Grutto",
        "Haagwinde",
    ),
    *(
        "IJsvogel",
        "Kievit",
        "Lisdodde",
        "Merelbeek",
        "Nachtegaal-Oost",
        "Ooievaar",
        "Putter",
        "Roerdomp",
        "Wielewaal",
    ),
)
_ASCII = str.maketrans({"Ö": "o", "Ü": "u", " ": "", "-": ""})


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who calls, is called, or gets messages. Invented."""

    name: str
    number: str
    email: str
    account: str


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A provider's customer: the controller of what is processed for it."""

    controller: str
    number: str
    language: str = "nl"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider of telephony: processor for its customers, controller for its own security logging."""

    name: str
    source: str
    processors: tuple[str, ...]
    customers: tuple[Customer, ...]

    @property
    def controllers(self) -> tuple[str, ...]:
        """Who is controller of what it does: itself, for its own logs and site, and its customers."""
        return (self.name, *(customer.controller for customer in self.customers))


def _customer(controller: str, line: int, language: str = "nl") -> Customer:
    return Customer(controller=controller, number=f"+3197010{line:06d}", language=language)


ASSISTANT = Provider(
    name="belvogel",
    source="urn:belvogel:assistent",
    processors=("vapi", "twilio", "openai", "elevenlabs"),
    customers=(_customer("tandarts-de-linde", 1001), _customer("garage-noordzij", 1002)),
)
"""An AI phone assistant: everything it hears passes through sub-processors outside the EU."""

SWITCHBOARD = Provider(
    name="centrale",
    source="urn:centrale:wolk",
    processors=("rekencentrum-noord",),
    customers=(_customer("bakkerij-zonnedauw", 2001), _customer("makelaar-vlietzicht", 2002)),
)
"""A cloud switchboard: calls, voicemail, fax, and the logs of its own equipment."""

CALL_CENTRE = Provider(
    name="callplatform",
    source="urn:callplatform:acd",
    processors=("opslag-west", "spraakmeter"),
    customers=(_customer("webwinkel-linnenkast", 3001), _customer("reisbureau-kompasroos", 3002, "en")),
)
"""A call-centre platform: recordings for quality, dashboards that people look into."""

MESSAGING = Provider(
    name="berichtendienst",
    source="urn:berichtendienst:berichten",
    processors=("doorgeef-telecom",),
    customers=(_customer("pakketdienst-vlugger", 4001), _customer("apotheek-de-brugwachter", 4002)),
)
"""A CPaaS: text messages, one-time passwords, newsletters and the consents they rest on."""

GARAGE = _customer("garage-noord", 2003)
"""A customer of the switchboard whose calls are in a file of its own, an Asterisk call log."""

PROVIDERS = (ASSISTANT, SWITCHBOARD, CALL_CENTRE, MESSAGING)


def person(index: int) -> Person:
    """The person of that number, always the same one.

    Args:
        index: 0 or more.
    """
    first = _FIRST_NAMES[index % len(_FIRST_NAMES)]
    last = _LAST_NAMES[index // len(_FIRST_NAMES) % len(_LAST_NAMES)]
    beyond = f"+3197010{100_000 + index % 900_000:06d}"
    number = f"+3160000{index:04d}" if index < MOBILE_RANGE else beyond
    mailbox = f"{first}.{last}".translate(_ASCII).lower()
    domain = "example.nl" if index % 3 else "example.com"
    return Person(
        name=f"{first} {last}",
        number=number,
        email=f"{mailbox}.{index}@{domain}",
        account=f"klant-{index:06d}",
    )
