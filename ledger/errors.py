"""The one tree of errors, split by who must act.

Each error says what failed, what was expected, what was found and what to do; `exit_code` is what the
command line returns for it, `retriable` whether the same call may succeed later. Messages carry no personal
data: identifiers, field values and raw bytes never enter one.
"""


class LedgerError(Exception):
    """Base of every error this project raises.

    Args:
        what: what failed, a short clause.
        expected: what would have been right, if that helps.
        found: what was there instead; never personal data.
        do: what the reader should do next.
    """

    exit_code = 1
    retriable = False

    def __init__(self, what: str, *, expected: str = "", found: str = "", do: str = "") -> None:
        self.what = what
        self.expected = expected
        self.found = found
        self.do = do
        parts = [what]
        if expected:
            parts.append(f"expected {expected}")
        if found:
            parts.append(f"found {found}")
        message = "; ".join(parts)
        super().__init__(f"{message}. {do}" if do else message)


class CallerError(LedgerError):
    """The caller asked for something that makes no sense: fix the call."""

    exit_code = 2


class NotFound(LedgerError):
    """What was asked for is not there, or not visible to the caller: the two look alike on purpose."""

    exit_code = 3


class NotPermitted(LedgerError):
    """The caller may not do this."""

    exit_code = 4


class InfrastructureError(LedgerError):
    """Kafka, PostgreSQL or the schema registry did not answer: try again, then look at the service."""

    exit_code = 5
    retriable = True


class DataError(LedgerError):
    """The input is bad: fix the record or the file."""

    exit_code = 6


class IntegrityError(LedgerError):
    """Stored state contradicts itself: stop, and let a person look before anything goes on."""

    exit_code = 1
