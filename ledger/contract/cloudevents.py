"""CloudEvents attributes of an inbox record, from Kafka headers or from the JSON of structured mode.

Source: CloudEvents 1.0.2, "Context Attributes"; its Kafka protocol binding, sections 3.2 and 3.3; RFC 3339
section 5.6. Extension attributes we do not know are passed over, as CloudEvents asks, and never kept.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NoReturn

import msgspec

from ledger.contract.unreadable import RejectionReason, Unreadable

HEADER_PREFIX = "ce_"
CONTENT_TYPE = "content-type"
STRUCTURED_JSON = "application/cloudevents+json"
AVRO_CONTENT_TYPES = frozenset(
    {"application/avro", "application/vnd.apache.avro", "avro/binary", "application/octet-stream"}
)

ATTRIBUTE_BYTES_MAX = 1024
"""UTF-8 bytes of one attribute; id and source together still fit a PostgreSQL index row (2704 bytes)."""

SCHEMA_URN = "urn:ledger:schema:"
"""A dataschema is this, the event type, a colon and the version."""

_REQUIRED = ("id", "source", "type", "specversion", "time")
_ATTRIBUTES = (*_REQUIRED, "subject", "dataschema", "datacontenttype", "retryof")

_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_RETRY_OF = re.compile(r"\d{1,10}:\d{1,19}", re.ASCII)
_SCHEMA_URN = re.compile(re.escape(SCHEMA_URN) + r"([a-z0-9._]+):([1-9]\d{0,8})", re.ASCII)

_EPOCH = date(1970, 1, 1).toordinal()
_MICROS = 1_000_000
MICROS_MIN = (date.min.toordinal() - _EPOCH) * 86_400 * _MICROS
MICROS_MAX = (date.max.toordinal() - _EPOCH + 1) * 86_400 * _MICROS - 1
"""The years 0001 to 9999 in UTC: what a Python or PostgreSQL time can show."""

DAYS_MIN = date.min.toordinal() - _EPOCH
DAYS_MAX = date.max.toordinal() - _EPOCH
"""The same years as days since 1970-01-01."""


class EventAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of one event that we use; `time` in microseconds since 1970-01-01T00:00Z.

    `schema` is the type and version a dataschema named, None when there was none.
    """

    id: str
    source: str
    type: str
    time: int
    schema: tuple[str, int] | None
    retry_of: str | None


def parse_time(text: str) -> int:
    """Return an RFC 3339 time as microseconds since 1970-01-01T00:00Z.

    A leap second counts as the second after it. Digits beyond microseconds are cut off, never rounded: a time
    does not move into the next second, day or year.

    Args:
        text: for example `2026-03-27T07:31:56.25+01:00`; a time without an offset is not an instant.

    Raises:
        ValueError: not RFC 3339, or outside the years 0001 to 9999 in UTC. The message holds no part of it.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time")
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    sign, offset_hour, offset_minute = match[8], int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hour > 23 or offset_minute > 59:
        raise ValueError("not a time of day")
    offset_s = (offset_hour * 60 + offset_minute) * (-60 if sign == "-" else 60)
    days = _days(year, month, day)
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset_s
    micros = seconds * _MICROS + int((match[7] or "0")[:6].ljust(6, "0"))
    if not MICROS_MIN <= micros <= MICROS_MAX:
        raise ValueError("outside the years 0001 to 9999")
    return micros


def parse_date(text: str) -> int:
    """Return an ISO 8601 calendar date (`2026-03-27`) as days since 1970-01-01.

    Raises:
        ValueError: not such a date. The message holds no part of it.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("not a calendar date")
    return _days(int(text[:4]), int(text[5:7]), int(text[8:]))


def _days(year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        raise ValueError("no such day") from None


def format_time(micros: int) -> str:
    """Return microseconds since 1970-01-01T00:00Z as an RFC 3339 time in UTC, always with six decimals.

    Raises:
        ValueError: outside the years 0001 to 9999.
    """
    if not MICROS_MIN <= micros <= MICROS_MAX:
        raise ValueError("outside the years 0001 to 9999")
    seconds, fraction = divmod(micros, _MICROS)
    days, rest = divmod(seconds, 86_400)
    minutes, second = divmod(rest, 60)
    day = date.fromordinal(days + _EPOCH).isoformat()
    return f"{day}T{minutes // 60:02}:{minutes % 60:02}:{second:02}.{fraction:06}Z"


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Return the CloudEvents headers by attribute name, and the content type under `content-type`.

    Args:
        headers: all headers of the record; others than CloudEvents' are passed over.

    Raises:
        Unreadable: one occurs twice, is null, or is not UTF-8.
    """
    texts: dict[str, str] = {}
    for key, value in headers:
        if key == CONTENT_TYPE:
            name = key
        elif key.startswith(HEADER_PREFIX):
            name = key[len(HEADER_PREFIX) :]
        else:
            continue
        if name in texts or value is None:
            _refuse(RejectionReason.HEADER_INVALID, _shown(name, HEADER_PREFIX))
        try:
            texts[name] = value.decode()
        except UnicodeDecodeError:
            _refuse(RejectionReason.HEADER_INVALID, _shown(name, HEADER_PREFIX))
    return texts


def attributes_from_headers(texts: Mapping[str, str]) -> EventAttributes:
    """Judge the attributes of binary mode.

    Args:
        texts: as `header_texts` returns them.

    Raises:
        Unreadable: one is missing or invalid, or the content type is not Avro's.
    """
    if CONTENT_TYPE in texts and media_type(texts[CONTENT_TYPE]) not in AVRO_CONTENT_TYPES:
        _refuse(RejectionReason.HEADER_CONTRADICTION, CONTENT_TYPE)
    return _judge(texts, HEADER_PREFIX)


def attributes_from_json(envelope: Mapping[str, object], texts: Mapping[str, str]) -> EventAttributes:
    """Judge the attributes of structured mode.

    Args:
        envelope: the JSON object, `data` and all.
        texts: as `header_texts` returns them; a header may repeat an attribute, not contradict it. A retry
            may add `ce_retryof`, since it sends the same value again.

    Raises:
        Unreadable: an attribute is missing or invalid, or a header says otherwise.
    """
    if CONTENT_TYPE in texts and media_type(texts[CONTENT_TYPE]) != STRUCTURED_JSON:
        _refuse(RejectionReason.HEADER_CONTRADICTION, CONTENT_TYPE)
    stated: dict[str, str] = {}
    for name in _ATTRIBUTES:
        value = envelope.get(name)
        if value is not None and not isinstance(value, str):
            _refuse(RejectionReason.HEADER_INVALID, name)
        header = texts.get(name)
        if value is not None and header is not None and value != header:
            _refuse(RejectionReason.HEADER_CONTRADICTION, HEADER_PREFIX + name)
        if value is not None:
            stated[name] = value
    if "retryof" in texts:
        stated["retryof"] = texts["retryof"]
    if media_type(stated.get("datacontenttype", "application/json")) != "application/json":
        _refuse(RejectionReason.HEADER_CONTRADICTION, "datacontenttype")
    return _judge(stated, "")


def media_type(content_type: str) -> str:
    """Return the media type of a content type, without parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def _judge(texts: Mapping[str, str], prefix: str) -> EventAttributes:
    for name in _ATTRIBUTES:
        text = texts.get(name)
        if text is None:
            if name in _REQUIRED:
                _refuse(RejectionReason.HEADER_MISSING, prefix + name)
        elif not text.strip() or "\x00" in text:
            _refuse(RejectionReason.HEADER_INVALID, prefix + name)
        elif len(text) > ATTRIBUTE_BYTES_MAX or (
            not text.isascii() and len(text.encode()) > ATTRIBUTE_BYTES_MAX
        ):
            _refuse(RejectionReason.TOO_LARGE, prefix + name)
    if texts["specversion"] != "1.0":
        _refuse(RejectionReason.HEADER_INVALID, f"{prefix}specversion")
    try:
        time = parse_time(texts["time"])
    except ValueError:
        _refuse(RejectionReason.HEADER_INVALID, f"{prefix}time")
    retry_of = texts.get("retryof")
    if retry_of is not None and not _RETRY_OF.fullmatch(retry_of):
        _refuse(RejectionReason.HEADER_INVALID, f"{prefix}retryof")
    return EventAttributes(
        id=texts["id"],
        source=texts["source"],
        type=texts["type"],
        time=time,
        schema=_schema_named(texts.get("dataschema"), prefix),
        retry_of=retry_of,
    )


def _schema_named(urn: str | None, prefix: str) -> tuple[str, int] | None:
    if urn is None:
        return None
    match = _SCHEMA_URN.fullmatch(urn)
    if match is None:
        _refuse(RejectionReason.HEADER_INVALID, f"{prefix}dataschema")
    return match[1], int(match[2])


def _shown(name: str, prefix: str) -> str:
    """Name a header only when we know it: a publisher may put anything into an extension's name."""
    if name == CONTENT_TYPE:
        return name
    return prefix + name if name in _ATTRIBUTES else f"a {prefix} extension header"


def _refuse(reason: RejectionReason, detail: str) -> NoReturn:
    """Refuse with no exception attached: the cause would quote the text."""
    raise Unreadable(reason, detail) from None
