"""Keys and a cipher that are broken on purpose: each lacks one guarantee, and `test_keys` must notice."""

from collections.abc import Collection
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.vault.field_cipher import KEY_BYTES, NONCE_BYTES, CannotOpen, FieldContext, derive_secret
from ledger.vault.keys import EpochKeyName, KeyRing, SubjectKeyName
from ledger.vault.vault import Vault

SAME = bytes(range(KEY_BYTES))
"""The key of everybody, or of every day."""


class AnyKeyVault(Vault):
    """A vault whose keys are changed on their way out, to whoever seals and to whoever opens."""

    def keys_for(self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]) -> KeyRing:
        """The keys to seal with."""
        return self.changed(super().keys_for(subject_keys, epochs))

    def read_keys(
        self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]
    ) -> KeyRing:
        """The keys to open with."""
        return self.changed(super().read_keys(subject_keys, epochs))

    def changed(self, ring: KeyRing) -> KeyRing:
        """The same ring."""
        return ring


class OneKeyForEverybody(AnyKeyVault):
    """Fields are sealed under the day's key alone: destroying a person's key closes nothing."""

    def changed(self, ring: KeyRing) -> KeyRing:
        """One subject key, which nobody can destroy."""
        return KeyRing(dict.fromkeys(ring._subjects, SAME), ring._epochs, ring._asked)


class OneKeyForEveryDay(AnyKeyVault):
    """Fields are sealed under the person's key alone: the end of a day's retention closes nothing."""

    def changed(self, ring: KeyRing) -> KeyRing:
        """One epoch key, which nobody can destroy."""
        return KeyRing(ring._subjects, dict.fromkeys(ring._epochs, SAME), ring._asked)


class OneKeyForAll(AnyKeyVault):
    """Both; only what a ciphertext is bound to tells one place from another."""

    def changed(self, ring: KeyRing) -> KeyRing:
        """One key."""
        return KeyRing(dict.fromkeys(ring._subjects, SAME), dict.fromkeys(ring._epochs, SAME), ring._asked)


class RemembersKeys(AnyKeyVault):
    """A process that keeps the keys it has read: it goes on opening after their destruction."""

    subjects: ClassVar[dict[SubjectKeyName, bytes]] = {}
    epochs: ClassVar[dict[EpochKeyName, bytes]] = {}

    def changed(self, ring: KeyRing) -> KeyRing:
        """What there is, and what there was."""
        self.subjects.update({name: key for name, key in ring._subjects.items() if key})
        self.epochs.update({name: key for name, key in ring._epochs.items() if key})
        return KeyRing({**ring._subjects, **self.subjects}, {**ring._epochs, **self.epochs}, ring._asked)


def seal_unbound(
    subject_key: bytes, epoch_key: bytes, salt: bytes, context: FieldContext, plaintext: bytes
) -> tuple[bytes, bytes]:
    """Seals as `seal_field` does, but for any place: neither salt nor context enters, and nothing is committed to."""
    key, nonce = _unbound(subject_key, epoch_key)
    return bytes(32), AESGCM(key).encrypt(nonce, plaintext, None)


def open_unbound(  # noqa: PLR0917 -- those of open_field
    subject_key: bytes,
    epoch_key: bytes,
    salt: bytes,
    context: FieldContext,
    commitment: bytes,
    ciphertext: bytes,
) -> bytes:
    """Opens what `seal_unbound` sealed, wherever it is found."""
    key, nonce = _unbound(subject_key, epoch_key)
    return _decrypted(key, nonce, ciphertext, None)


def open_uncommitted(  # noqa: PLR0917 -- those of open_field
    subject_key: bytes,
    epoch_key: bytes,
    salt: bytes,
    context: FieldContext,
    commitment: bytes,
    ciphertext: bytes,
) -> bytes:
    """Opens as `open_field` does, but for the commitment: whatever GCM takes."""
    secret = derive_secret(subject_key, epoch_key, salt, context)
    nonce = secret[KEY_BYTES : KEY_BYTES + NONCE_BYTES]
    return _decrypted(secret[:KEY_BYTES], nonce, ciphertext, context.encode())


def _unbound(subject_key: bytes, epoch_key: bytes) -> tuple[bytes, bytes]:
    derived = HKDF(SHA256(), KEY_BYTES + NONCE_BYTES, salt=None, info=b"").derive(subject_key + epoch_key)
    return derived[:KEY_BYTES], derived[KEY_BYTES:]


def _decrypted(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes | None) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise CannotOpen("ciphertext") from None
