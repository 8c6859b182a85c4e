"""The key-encryption key (KEK): outside PostgreSQL, it wraps every key that is stored there.

Whoever holds the vault's database, its WAL and its back-ups, but not the KEK, holds nothing: that is why a
key deleted from the table is gone although its bytes stay in the heap for a while (TRAPS, PostgreSQL).

Owns: reading, making and naming KEKs, wrapping and unwrapping. Leaves to others: which keys exist
(`ledger.vault.keys`), changing a KEK file (`ledger.vault.kek_file`), and changing KEKs (`ledger.vault.rotation`).
Source: NIST SP 800-38D (GCM).
"""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes
from typing import NamedTuple, NewType, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import CallerError, IntegrityError, NotFound, NotPermitted
from ledger.vault.encoding import encode_tuple

KEY_BYTES = 32
KEK_ID_BYTES = 8
NONCE_BYTES = 12
"""Random: a KEK wraps one key per (subject, class) and per (controller, class, day), far below the 2^32
messages NIST SP 800-38D section 8.3 allows random nonces under one key; the rotation of the KEK starts the
count again."""
KEK_FILE_BYTES_MAX = 4096
"""A KEK file is 65 bytes for each key in it, and there are seldom two; more than this is some other file."""
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
_GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO

KekId = NewType("KekId", bytes)
"""8 bytes that name a KEK and say nothing about it."""


class Wrapped(NamedTuple):
    """A key as it is stored: which KEK opens it, and nonce ‖ ciphertext ‖ tag."""

    kek_id: KekId
    wrapped: bytes


class Kek:
    """One key-encryption key. Its repr shows the id only.

    Args:
        key: 32 random bytes.

    Raises:
        CallerError: it is not 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise CallerError("not a key-encryption key", expected="32 bytes", found=f"{len(key)} bytes")
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(b"ledger-kek-id")
        self.kek_id = KekId(mac.finalize()[:KEK_ID_BYTES])
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return f"Kek({self.kek_id.hex()})"

    @classmethod
    def from_hex(cls, digits: str) -> "Kek":
        """A KEK from 64 hexadecimal digits, as in LEDGER_KEK; white space around them is ignored.

        Raises:
            CallerError: it is anything else.
        """
        if not _HEX_KEY.fullmatch(digits.strip()):
            raise CallerError(
                "cannot read the key-encryption key",
                expected="64 hexadecimal digits",
                found=f"{len(digits.strip())} characters",  # never the text: a typo leaves most of a key
                do="Make one with `openssl rand -hex 32`, or let the program write a KEK file.",
            )
        return cls(bytes.fromhex(digits.strip()))

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """Encrypts a key for storage.

        Args:
            key: the key to wrap.
            aad: what row it belongs to, from `subject_key_place` and its like; unwrapping needs the same.

        Returns:
            nonce ‖ ciphertext ‖ tag.
        """
        nonce = token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, self.kek_id + aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypts a stored key.

        Raises:
            IntegrityError: the bytes were altered, or belong to another row or KEK.
        """
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self.kek_id + aad)
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                "a wrapped key does not open",
                expected=f"a key wrapped for this row under KEK {self.kek_id.hex()}",
                found="other bytes: altered, or moved from another row",
                do="Stop, and compare the vault with its back-up.",
            ) from error


class KeyEncryption:
    """The KEK that wraps now, and the older ones that rows may still be wrapped under.

    Args:
        current: wraps every new key.
        older: opened with, never wrapped with; lets a KEK be replaced row by row.
    """

    def __init__(self, current: Kek, older: Sequence[Kek] = ()) -> None:
        self.current = current
        self._by_id = {kek.kek_id: kek for kek in (*older, current)}

    def __repr__(self) -> str:
        return f"KeyEncryption(current={self.current!r}, known={len(self._by_id)})"

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """What a KEK file says: the first line wraps, the others only open.

        Raises:
            NotFound, NotPermitted, CallerError: as `read_kek_lines`.
        """
        current, *older = (Kek.from_hex(line) for line in read_kek_lines(path))
        return cls(current, older)

    def wrap(self, key: bytes, aad: bytes) -> Wrapped:
        """Encrypts a key for storage under the current KEK."""
        return Wrapped(self.current.kek_id, self.current.wrap(key, aad))

    def unwrap(self, kek_id: bytes, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypts a stored key.

        Raises:
            NotPermitted: it is wrapped under a KEK we were not given.
            IntegrityError: it was altered or moved.
        """
        kek = self._by_id.get(KekId(kek_id))
        if kek is None:
            raise NotPermitted(
                "a key in the vault is wrapped under a key-encryption key this process does not have",
                expected=" or ".join(known.hex() for known in self._by_id),
                found=kek_id.hex(),
                do="Was the KEK rotated meanwhile? Then start this process again with the KEK file as it is now. "
                "Was the vault restored from a back-up older than a rotation? See docs/keys.md. Otherwise point "
                "LEDGER_KEK_FILE at this vault's own key.",
            )
        return kek.unwrap(wrapped, aad)


def read_kek_lines(path: Path) -> list[str]:
    """The keys of a KEK file, 64 hexadecimal digits each, the current one first.

    A file has one key on each line, and only its owner can open it. Usually it has one line; while the KEK is
    being rotated it has the new one and below it the old one.

    Raises:
        NotFound: no such file.
        NotPermitted: we cannot read it, or its group or others have any access to it.
        CallerError: it holds something else.
    """
    try:
        # The open file is examined, not the path: nobody can swap it between check and read.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(KEK_FILE_BYTES_MAX)
    except FileNotFoundError as error:
        raise NotFound(
            f"no key-encryption key in {path}",
            do="Point LEDGER_KEK_FILE at the file, or restore it: without it the vault cannot be read.",
        ) from error
    except OSError as error:
        raise NotPermitted(
            f"cannot read the key-encryption key in {path}",
            found=type(error).__name__,
            do="Make the file readable for the user this program runs as, and for nobody else.",
        ) from error
    if os.name == "posix" and mode & _GROUP_OR_OTHERS:
        raise NotPermitted(
            f"the key-encryption key in {path} is open to others",
            expected="mode 0600 or 0400",
            found=f"{stat.S_IMODE(mode):04o}",
            do=f"Run `chmod 600 {path}`, and consider who may have read it.",
        )
    lines = [line.strip() for line in content.decode("ascii", "replace").split("\n")]
    keys = [line for line in lines if line]
    for line in keys or [""]:
        Kek.from_hex(line)  # refuses what is no key
    return keys


def generate_kek_file(path: Path) -> Kek:
    """Writes a new KEK to a file that only its owner can open, safely on disk before this returns.

    Raises:
        CallerError: something is there already; a KEK is never overwritten.
    """
    key = token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CallerError(
            f"cannot make a key-encryption key in {path}",
            found="a file that is there already",
            do="Use that one, or name another file: overwriting a KEK loses every key wrapped under it.",
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Kek(key)


def subject_key_place(subject: UUID, retention_class: str) -> bytes:
    """AAD of a subject key: the row it belongs to."""
    return encode_tuple(b"ledger/vault/subject-key/1", subject.bytes, retention_class)


def epoch_key_place(controller: str, retention_class: str, day: int) -> bytes:
    """AAD of an epoch key: the row it belongs to."""
    return encode_tuple(b"ledger/vault/epoch-key/1", controller, retention_class, day)


def held_field_place(salt: bytes, field: str, subject: UUID, retention_class: str) -> bytes:
    """AAD of a held field's secret: the row it belongs to."""
    return encode_tuple(b"ledger/vault/held-field/1", salt, field, subject.bytes, retention_class)


def secret_place(name: str) -> bytes:
    """AAD of a secret of the vault itself: the row it belongs to."""
    return encode_tuple(b"ledger/vault/secret/1", name)
