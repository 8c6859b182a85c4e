"""A Confluent schema registry, for publishers that frame their values its way: client, cache, and judgement.

Source: Confluent "Wire format" (a zero byte, a four-byte big-endian schema id, the datum) and the registry's
`GET /schemas/ids/{id}`. The registry is optional: single-object encoding needs none. A schema it returns is
not trusted: it is checked like our own files, and `writer_schema` matches it to one of ours.
"""

import base64
import http.client
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.contract.schema_files import JsonObject
from ledger.contract.schema_rules import check_schema
from ledger.contract.unreadable import RejectionReason, Unreadable
from ledger.errors import CallerError, InfrastructureError

TIMEOUT_S = 10.0
"""A registry answers in milliseconds; after this long the sealer's own retry decides."""

RESPONSE_BYTES_MAX = 1 << 20
"""A schema is some kilobytes."""

CACHED_SCHEMAS_MAX = 1000
"""Ids are never reused, so only memory limits the cache; the oldest goes first."""

_DETAIL = "schema id"


@dataclass(frozen=True, slots=True, eq=False)
class RegisteredSchema:
    """A schema the registry knows, safe to decode with: an Avro record as parsed from JSON."""

    raw: JsonObject


class SchemaRegistry:
    """Looks schemas up by id and keeps them: what an id stands for never changes.

    MUST NOT be shared between threads.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remember where the registry is; nothing is asked yet.

        Args:
            url: its base URL, http or https; `user:password@` in it becomes basic authentication.
            timeout_s: how long one request may take, in seconds.

        Raises:
            CallerError: the URL is not one of http or https.
        """
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CallerError(
                "the schema registry's address is unusable",
                expected="http://host:port or https://host:port",
                do="Set LEDGER_SCHEMA_REGISTRY.",
            )
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if parts.username is not None:
            login = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        host = parts.netloc.rpartition("@")[2]
        self._base = urllib.parse.urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._timeout_s = timeout_s
        self._schemas: dict[int, RegisteredSchema] = {}

    def schema(self, schema_id: int) -> RegisteredSchema:
        """Return the Avro schema of an id, the same object each time.

        Raises:
            Unreadable: the registry does not know the id, or its schema is refused.
            InfrastructureError: the registry did not answer, or not as one.
        """
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        schema = RegisteredSchema(_safe_schema(self._ask(schema_id)))
        if len(self._schemas) >= CACHED_SCHEMAS_MAX:
            del self._schemas[next(iter(self._schemas))]
        self._schemas[schema_id] = schema
        return schema

    def _ask(self, schema_id: int) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked when the address was set
            f"{self._base}/schemas/ids/{schema_id}", headers=self._headers
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:  # noqa: S310 - as above
                body: bytes = response.read(RESPONSE_BYTES_MAX + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                raise Unreadable(RejectionReason.SCHEMA_ID_UNKNOWN, _DETAIL) from None
            raise _unavailable(f"HTTP status {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _unavailable(type(error).__name__) from error
        if len(body) > RESPONSE_BYTES_MAX:
            raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: too large")
        return body


def _safe_schema(body: bytes) -> JsonObject:
    """Take the schema out of the registry's answer and judge it."""
    try:
        answer: Any = msgspec.json.decode(body)
        text = answer["schema"]
        kind, references = answer.get("schemaType", "AVRO"), answer.get("references")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise _unavailable("an answer that is not a registry's") from error
    if kind != "AVRO" or references:
        raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: not self-contained Avro")
    try:
        schema: Any = msgspec.json.decode(text)
    except (ValueError, RecursionError, TypeError):
        raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: not JSON") from None
    if not isinstance(schema, dict) or schema.get("type") != "record" or check_schema(schema):
        raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: not a record that is safe to decode")
    return schema


def _unavailable(found: str) -> InfrastructureError:
    return InfrastructureError(
        "the schema registry did not answer",
        expected="200 or 404 to GET /schemas/ids/{id}",
        found=found,
        do="Check LEDGER_SCHEMA_REGISTRY and the registry itself.",
    )
