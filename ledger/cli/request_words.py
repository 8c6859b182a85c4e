"""The words of rights requests on the command line: the symbols of `schemas/request.*.avsc`."""

from enum import StrEnum


class Right(StrEnum):
    """The rights of data subjects, GDPR Art. 7(3) and 15 to 22."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAW_CONSENT = "withdraw_consent"
    NO_AUTOMATED_DECISION = "no_automated_decision"


class Channel(StrEnum):
    """How a request came in."""

    EMAIL = "email"
    POST = "post"
    PHONE = "phone"
    WEB_FORM = "web_form"
    DASHBOARD = "dashboard"
    API = "api"
    SUPPORT = "support"
    IN_PERSON = "in_person"


class Requester(StrEnum):
    """Who asks."""

    CUSTOMER = "customer"
    END_USER = "end_user"
    VISITOR = "visitor"
    REPRESENTATIVE = "representative"


class ReceivedBy(StrEnum):
    """Who received it first."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


class CheckOutcome(StrEnum):
    """What a check of identity came to."""

    CONFIRMED = "confirmed"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


class CheckMethod(StrEnum):
    """How an identity is checked."""

    LOGIN = "login"
    API_TOKEN = "api_token"  # noqa: S105 # a method, no secret
    CALL_BACK = "call_back"
    KNOWN_DETAILS = "known_details"
    DOCUMENT = "document"
    NONE = "none"


class ExtensionReason(StrEnum):
    """What allows an extension, GDPR Art. 12(3)."""

    COMPLEXITY = "complexity"
    NUMBER_OF_REQUESTS = "number_of_requests"


class Outcome(StrEnum):
    """What an answer comes to."""

    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    NOTHING_HELD = "nothing_held"


class ChargedTo(StrEnum):
    """Who pays for an answer."""

    NOBODY = "nobody"
    DATA_SUBJECT = "data_subject"
    CUSTOMER = "customer"


class ChargeGround(StrEnum):
    """What allows a fee, GDPR Art. 12(5) and 15(3)."""

    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "excessive"
    FURTHER_COPIES = "further_copies"


class KeepGround(StrEnum):
    """Why data stays, GDPR Art. 17(3)."""

    LEGAL_OBLIGATION = "legal_obligation"
    LEGAL_CLAIM = "legal_claim"
    FREEDOM_OF_EXPRESSION = "freedom_of_expression"
    PUBLIC_INTEREST = "public_interest"
    LEGAL_HOLD = "legal_hold"
    PROOF_OF_CONSENT = "proof_of_consent"


class RefusedGround(StrEnum):
    """Why a request was refused."""

    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "excessive"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGAL_CLAIM = "legal_claim"
    COMPELLING_GROUNDS = "compelling_grounds"
    IDENTITY_NOT_SHOWN = "identity_not_shown"
    INVALID_CHANNEL = "invalid_channel"
    OTHERS_RIGHTS = "others_rights"
    NOT_THE_CONTROLLER = "not_the_controller"
