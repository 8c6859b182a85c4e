"""Sealing one personal field under two keys, either of which can be destroyed.

    HKDF-SHA256(ikm = SK ‖ EK, salt = the record's salt, info = context) → key ‖ nonce ‖ commitment
    ciphertext = AES-256-GCM(key, nonce, plaintext, aad = context)

**The nonce is derived, not stored.** A key serves one message only: the salt is fresh per record and the
context names the field, so no two messages share a key, and with a key used once any nonce is safe. A derived
one saves 12 bytes per field and cannot be chosen wrongly. What the caller owes for it: a new random salt per
record, and each field of a record sealed once.

**The commitment** is stored because GCM does not commit to a key: one ciphertext can be made that opens to
two texts under two keys. The commitment is 256 bits from the same derivation, so another SK, EK, salt or
context gives another one, and finding two inputs with the same one means a collision of SHA-256's strength.

**What is derived can be kept.** `derive_secret` gives all that opens one field of one record and nothing else: a hold
keeps it beyond the epoch key (`ledger.vault.held`).

Pure. Owns: the derivation, the cipher, the content MAC. Leaves to others: keys, salts, the encoding of
values.
Source: RFC 5869 (HKDF); NIST SP 800-38D (GCM); Albertini et al., "How to Abuse and Fix Authenticated
Encryption Without Key Commitment" (USENIX Security 2022).
"""

import hmac
from functools import lru_cache
from typing import Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.errors import CallerError, IntegrityError
from ledger.vault.encoding import encode_part, encode_tuple

KEY_BYTES = 32
SALT_BYTES = 32
NONCE_BYTES = 12
COMMITMENT_BYTES = 32
MAC_BYTES = 32
SECRET_BYTES = KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES
_SHA256 = SHA256()
_FIELD_LABEL = b"ledger/field/1"
_CONTENT_LABEL = b"ledger/content-mac/1"
_CONTENT_SALT = b"ledger content mac, version one.."
"""No secret: RFC 5869 section 3.1 allows a fixed salt when the input key is uniformly random, and a repeat of
the same content must give the same MAC. 33 bytes, so it is never a record's salt."""

PLACES_CACHED = 256
"""Contexts repeat within a record and among the records about one person in a batch; they hold no secret."""

Mismatch = Literal["commitment", "ciphertext"]


class CannotOpen(IntegrityError):
    """The keys exist, yet the field does not open: it was altered, moved, or sealed under other keys.

    Args:
        mismatch: `commitment`: other keys, record, field or context; `ciphertext`: altered after sealing.
    """

    def __init__(self, mismatch: Mismatch) -> None:
        self.mismatch = mismatch
        super().__init__(
            "a sealed field does not open",
            expected="the commitment and ciphertext sealed for this field under these keys",
            found=f"another {mismatch}",
            do="Compare the ledger record with the log, and its leaf with the tree.",
        )


class FieldContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a ciphertext belongs to; opening it anywhere else fails.

    Args:
        controller: the controller's id.
        subject: the stream: a data subject's pseudonym, or the stream of facts about nobody.
        retention_class: names the keys, with subject and day.
        day: days since 1970-01-01, local time; negative before.
        event_type: as in the ledger record.
        field: the payload field's name.
    """

    controller: str
    subject: UUID
    retention_class: str
    day: int
    event_type: str
    field: str

    def encode(self, label: bytes = _FIELD_LABEL) -> bytes:
        """The context as bytes, unlike those of any other context: HKDF's info, and the AAD."""
        place = _encoded_place(
            label, self.controller, self.subject.bytes, self.retention_class, self.day, self.event_type
        )
        return place + encode_part(self.field)


@lru_cache(maxsize=PLACES_CACHED)
def _encoded_place(  # noqa: PLR0917 -- a cached function takes what its key is made of, in order
    label: bytes, controller: str, subject: bytes, retention_class: str, day: int, event_type: str
) -> bytes:
    """All of a context but the field: the same for the fields of one record and class."""
    return encode_tuple(label, controller, subject, retention_class, day, event_type)


def seal_field(
    subject_key: bytes, epoch_key: bytes, salt: bytes, context: FieldContext, plaintext: bytes
) -> tuple[bytes, bytes]:
    """Seals one field.

    Args:
        subject_key: SK, 32 bytes.
        epoch_key: EK, 32 bytes.
        salt: 32 random bytes, new for each record; one record's fields share it.
        context: where the field belongs; sealed once per salt.
        plaintext: the encoded value. Its length shows in the ciphertext's.

    Returns:
        Commitment (32 bytes) and ciphertext (16 bytes longer than the plaintext).

    Raises:
        CallerError: a key or the salt is not 32 bytes.
    """
    info = context.encode()
    key, nonce, commitment = _split(_derive(subject_key, epoch_key, salt, info))
    return commitment, AESGCM(key).encrypt(nonce, plaintext, info)


def open_field(  # noqa: PLR0917 -- those of seal_field, then its two results: an order hard to get wrong
    subject_key: bytes,
    epoch_key: bytes,
    salt: bytes,
    context: FieldContext,
    commitment: bytes,
    ciphertext: bytes,
) -> bytes:
    """Opens one field; the arguments are those of `seal_field` and what it returned.

    Raises:
        CannotOpen: other keys, another place, or altered bytes.
        CallerError: a key or the salt is not 32 bytes.
    """
    secret = derive_secret(subject_key, epoch_key, salt, context)
    return open_with_secret(secret, context, commitment, ciphertext)


def derive_secret(subject_key: bytes, epoch_key: bytes, salt: bytes, context: FieldContext) -> bytes:
    """What opens one field, without its keys: key ‖ nonce ‖ commitment, 76 bytes; a key, to be stored wrapped.

    Raises:
        CallerError: a key or the salt is not 32 bytes.
    """
    return _derive(subject_key, epoch_key, salt, context.encode())


def open_with_secret(secret: bytes, context: FieldContext, commitment: bytes, ciphertext: bytes) -> bytes:
    """Opens one field with what `derive_secret` gave for it; the checks are those of `open_field`.

    Raises:
        CannotOpen: another field's secret, another place, or altered bytes.
        CallerError: the secret is not 76 bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise CallerError("cannot open", expected=f"a secret of {SECRET_BYTES} bytes", found=str(len(secret)))
    key, nonce, expected = _split(secret)
    # Before decrypting: without this check a ciphertext made for two keys would open under both.
    if not hmac.compare_digest(expected, commitment):
        raise CannotOpen("commitment")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
    except (InvalidTag, ValueError):
        raise CannotOpen("ciphertext") from None


def content_mac(subject_key: bytes, epoch_key: bytes, context: FieldContext, content: bytes) -> bytes:
    """A MAC that tells a publisher's repeat from another content under the same id, as long as the keys live.

    Deterministic: the same content, context and keys give the same 32 bytes; once a key is destroyed they say
    nothing, not even to someone who guesses the content.

    Args:
        subject_key: SK, 32 bytes.
        epoch_key: EK, 32 bytes.
        context: what it is for; `field` may be empty.
        content: what the publisher stated, canonically encoded.

    Raises:
        CallerError: a key is not 32 bytes.
    """
    _check_keys(subject_key, epoch_key)
    # HKDF's last step is HMAC-SHA256 over its info, under a key extracted from ours: with the content in the info
    # it is the MAC.
    info = context.encode(_CONTENT_LABEL) + encode_part(content)
    return HKDF(_SHA256, MAC_BYTES, _CONTENT_SALT, info).derive(subject_key + epoch_key)


def _derive(subject_key: bytes, epoch_key: bytes, salt: bytes, info: bytes) -> bytes:
    _check_keys(subject_key, epoch_key)
    if len(salt) != SALT_BYTES:
        raise CallerError("cannot seal or open", expected="a salt of 32 bytes", found=f"{len(salt)} bytes")
    return HKDF(_SHA256, SECRET_BYTES, salt, info).derive(subject_key + epoch_key)


def _split(secret: bytes) -> tuple[bytes, bytes, bytes]:
    """Key, nonce, commitment."""
    return secret[:32], secret[32:44], secret[44:]


def _check_keys(subject_key: bytes, epoch_key: bytes) -> None:
    # Fixed lengths keep SK ‖ EK injective.
    if len(subject_key) != KEY_BYTES or len(epoch_key) != KEY_BYTES:
        raise CallerError("cannot seal or open", expected="two keys of 32 bytes")
