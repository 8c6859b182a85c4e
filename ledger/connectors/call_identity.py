"""Identifiers for calls and their detail records, made of nothing that leads to a person.

Asterisk may write several records with one `uniqueid` (a transfer, a queue that tries several agents), so
the uniqueid alone would make one event of them. What tells them apart is the second leg's serial number and
the start; records that still look alike are counted in the order of the file. Channel names are left out but
for their serial number: `SIP/0201234567-0000001a` would put somebody's number where it can never be erased.
Numbers are not hashed either: there are so few that trying them all undoes a hash.

Bound: counting remembers the last `KEYS_MAX` records. Two alike further apart than that would get one id; the
ledger then keeps the first and reports the second, it loses nothing in silence.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

KEYS_MAX = 65_536
"""About 15 MB. Records of one call are written within minutes of each other."""
ACCOUNT_DIGITS_MAX = 6
"""An account code with more digits could be a phone number, and the event source can never be erased."""

_UNIQUE_ID = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]{0,31}-)?[12][0-9]{9}\.[0-9]{1,10}")
_CHANNEL_SERIAL = re.compile(r"-([0-9a-f]{8}(?:;[12])?)$")
_NAME_PART = re.compile(r"[A-Za-z0-9._-]{1,32}")


@dataclass(frozen=True, kw_only=True)
class CallIdentity:
    """`call_id` is shared by all records of one call, `record_id` is of one record."""

    call_id: str
    record_id: str


def is_unique_id(text: str) -> bool:
    """Whether the text is `[system-]seconds.counter`; ten digits from 1 or 2 are no Dutch or E.164 number."""
    return _UNIQUE_ID.fullmatch(text) is not None


def source_of(account: str) -> str:
    """The event source of an account's records: with the account code unless that could be a number."""
    digits = sum(character.isdigit() for character in account)
    if not _NAME_PART.fullmatch(account) or digits > ACCOUNT_DIGITS_MAX:
        return "urn:asterisk:cdr"
    return f"urn:asterisk:{account}"


def equipment_name(channel: str) -> str | None:
    """A trunk's name from its channel, `PJSIP/trunk-0000001a` to `trunk`; None when it could be a number."""
    name = _CHANNEL_SERIAL.sub("", channel.rpartition("/")[2])
    digits = sum(character.isdigit() for character in name)
    if not _NAME_PART.fullmatch(name) or digits > ACCOUNT_DIGITS_MAX or not name[0].isalpha():
        return None
    return name


class CallIdentities:
    """Gives out identities for the records of one file, in order: the same file again gets the same ones."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def identify(self, *, unique_id: str, channel: str, second_channel: str, started_at: int) -> CallIdentity:
        """Identity of the next record.

        Args:
            unique_id: as checked by `is_unique_id`, or empty on installations that do not log it.
            channel: name of the first leg's channel.
            second_channel: name of the second leg's, or empty.
            started_at: microseconds since the epoch.
        """
        started_s = started_at // 1_000_000
        call = unique_id or f"{started_s}.{_serial(channel)}"
        key = f"{call}:{_serial(second_channel)}:{started_s}"
        count = self._seen.pop(key, 0) + 1
        self._seen[key] = count
        if len(self._seen) > KEYS_MAX:
            self._seen.popitem(last=False)
        return CallIdentity(call_id=call, record_id=f"{key}:{count}")


def _serial(channel: str) -> str:
    match = _CHANNEL_SERIAL.search(channel)
    return match[1] if match else "-"
