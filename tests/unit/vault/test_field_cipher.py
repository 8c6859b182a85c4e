"""A sealed field opens in its place, under both its keys, and nowhere else."""

import hashlib
import hmac
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CallerError, IntegrityError
from ledger.vault.field_cipher import (
    COMMITMENT_BYTES,
    SECRET_BYTES,
    CannotOpen,
    FieldContext,
    content_mac,
    derive_secret,
    open_field,
    open_with_secret,
    seal_field,
)
from tests.unit.vault.two_key_forgery import UnderKey, opens_under_both

SK, EK, SALT = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
OTHER = bytes(range(100, 132))
CONTEXT = FieldContext(
    controller="acme",
    subject=UUID("11111111-2222-4333-8444-555555555555"),
    retention_class="content",
    day=20500,
    event_type="call.completed",
    field="caller",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
CONTEXTS = st.builds(
    FieldContext,
    controller=TEXT,
    subject=st.uuids(),
    retention_class=TEXT,
    day=st.integers(-(2**31), 2**31 - 1),
    event_type=TEXT,
    field=TEXT,
)
KEYS = st.binary(min_size=32, max_size=32)
ELSEWHERE = [
    msgspec.structs.replace(CONTEXT, **change)
    for change in (
        {"controller": "acm"},
        {"subject": UUID("11111111-2222-4333-8444-555555555556")},
        {"retention_class": "contenu"},
        {"day": 20501},
        {"event_type": "call.recorded"},
        {"field": "called"},
    )
]
"""The context with each of its parts changed, one at a time."""


@given(CONTEXTS, CONTEXTS)
def test_other_contexts_have_other_encodings(one: FieldContext, two: FieldContext) -> None:
    """The encoding is injective: it is both HKDF's info and the AAD."""
    assert (one.encode() == two.encode()) == (one == two)


@given(KEYS, KEYS, KEYS, CONTEXTS, st.binary(max_size=200))
def test_sealed_field_opens_again(
    sk: bytes, ek: bytes, salt: bytes, context: FieldContext, plaintext: bytes
) -> None:
    """Whatever is sealed comes back, 16 bytes longer in between."""
    commitment, ciphertext = seal_field(sk, ek, salt, context, plaintext)
    assert len(commitment) == COMMITMENT_BYTES
    assert len(ciphertext) == len(plaintext) + 16
    assert open_field(sk, ek, salt, context, commitment, ciphertext) == plaintext


@pytest.mark.parametrize(
    ("sk", "ek"), [(OTHER, EK), (SK, OTHER), (OTHER, OTHER), (EK, SK)], ids=["sk", "ek", "both", "swapped"]
)
def test_another_key_is_a_commitment_mismatch(sk: bytes, ek: bytes) -> None:
    """Neither key alone opens anything, and the error says that the keys are others."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"value")
    with pytest.raises(CannotOpen) as refused:
        open_field(sk, ek, SALT, CONTEXT, commitment, ciphertext)
    assert refused.value.mismatch == "commitment"
    assert isinstance(refused.value, IntegrityError)


@pytest.mark.parametrize("context", ELSEWHERE, ids=["controller", "subject", "class", "day", "type", "field"])
def test_ciphertext_moved_to_another_place_is_refused(context: FieldContext) -> None:
    """The same keys and salt in another controller, subject, class, day, event type or field open nothing."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"value")
    with pytest.raises(CannotOpen):
        open_field(SK, EK, SALT, context, commitment, ciphertext)


def test_ciphertext_moved_to_another_record_is_refused() -> None:
    """Another record has another salt."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"value")
    with pytest.raises(CannotOpen):
        open_field(SK, EK, OTHER, CONTEXT, commitment, ciphertext)


@pytest.mark.parametrize("context", ELSEWHERE, ids=["controller", "subject", "class", "day", "type", "field"])
def test_ciphertext_under_the_commitment_of_its_new_place_is_refused(context: FieldContext) -> None:
    """Moving the ciphertext and keeping the commitment of what was there before does not help."""
    _, moved = seal_field(SK, EK, SALT, CONTEXT, b"value")
    commitment, _ = seal_field(SK, EK, SALT, context, b"other")
    with pytest.raises(CannotOpen) as refused:
        open_field(SK, EK, SALT, context, commitment, moved)
    assert refused.value.mismatch == "ciphertext"


def test_every_altered_byte_is_noticed() -> None:
    """One flipped bit in commitment, ciphertext or tag refuses the field."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"value")
    for position in range(len(commitment) + len(ciphertext)):
        altered = bytearray(commitment + ciphertext)
        altered[position] ^= 1
        with pytest.raises(CannotOpen):
            open_field(SK, EK, SALT, CONTEXT, bytes(altered[:32]), bytes(altered[32:]))


@pytest.mark.parametrize("commitment", [b"", b"\0" * 32, b"\0" * 31, b"\0" * 33])
@pytest.mark.parametrize("ciphertext", [b"", b"\0" * 15, b"\0" * 16])
def test_malformed_bytes_are_refused(commitment: bytes, ciphertext: bytes) -> None:
    """Bytes of any length are refused with the same error, never another exception."""
    with pytest.raises(CannotOpen):
        open_field(SK, EK, SALT, CONTEXT, commitment, ciphertext)


@pytest.mark.parametrize("ciphertext", [b"", b"\0" * 15, b"\0" * 16])
def test_short_ciphertext_under_its_true_commitment_is_refused(ciphertext: bytes) -> None:
    """A cut ciphertext is an altered one."""
    commitment, _ = seal_field(SK, EK, SALT, CONTEXT, b"value")
    with pytest.raises(CannotOpen) as refused:
        open_field(SK, EK, SALT, CONTEXT, commitment, ciphertext)
    assert refused.value.mismatch == "ciphertext"


@pytest.mark.parametrize(
    ("sk", "ek", "salt"),
    [(SK[:31], EK, SALT), (SK, EK + b"\0", SALT), (SK, EK, SALT[:16]), (b"", SK + EK, SALT)],
)
def test_wrong_lengths_are_the_callers_error(sk: bytes, ek: bytes, salt: bytes) -> None:
    """Fixed lengths keep SK ‖ EK from being cut elsewhere."""
    with pytest.raises(CallerError):
        seal_field(sk, ek, salt, CONTEXT, b"value")


def test_derivation_and_format_are_frozen() -> None:
    """The bytes of a known field, the derivation done again by RFC 5869 as written: old records must open."""
    info = CONTEXT.encode()
    pseudorandom_key = hmac.digest(SALT, SK + EK, "sha256")
    blocks = [b""]
    for counter in (1, 2, 3):
        blocks.append(hmac.digest(pseudorandom_key, blocks[-1] + info + bytes([counter]), "sha256"))
    derived = b"".join(blocks)[:76]
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"example")
    assert info == (
        b"\x00\x00\x00\x0eledger/field/1\x00\x00\x00\x04acme\x00\x00\x00\x10"
        + CONTEXT.subject.bytes
        + b"\x00\x00\x00\x07content\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x50\x14"
        + b"\x00\x00\x00\x0ecall.completed\x00\x00\x00\x06caller"
    )
    assert commitment == derived[44:]
    assert ciphertext == AESGCM(derived[:32]).encrypt(derived[32:44], b"example", info)
    assert commitment.hex() == "325c4009920bdb3101b3806938c7dc30b99147f1412151684ea0cdc171afcfb1"
    assert ciphertext.hex() == "85633efeec7cb5c41edb9807834f430fc89af51ce799fd"


def test_two_key_forgery_is_refused() -> None:
    """One ciphertext that GCM opens under two subjects' keys: the commitment lets one of them open it."""
    info = CONTEXT.encode()
    derived = {sk: _hkdf(SALT, sk + EK, info) for sk in (SK, OTHER)}
    forged = opens_under_both(*(UnderKey(secret[:32], secret[32:44], info) for secret in derived.values()))
    plaintexts = {AESGCM(secret[:32]).decrypt(secret[32:44], forged, info) for secret in derived.values()}
    assert len(plaintexts) == 2, "the forgery works against GCM alone"

    commitment = derived[SK][44:]
    assert open_field(SK, EK, SALT, CONTEXT, commitment, forged) in plaintexts
    with pytest.raises(CannotOpen) as refused:
        open_field(OTHER, EK, SALT, CONTEXT, commitment, forged)
    assert refused.value.mismatch == "commitment"


@given(KEYS, KEYS, KEYS, CONTEXTS, st.binary(max_size=40))
def test_derived_secret_opens_the_field_like_its_keys(
    sk: bytes, ek: bytes, salt: bytes, context: FieldContext, plaintext: bytes
) -> None:
    """What a hold keeps is enough once the keys are gone, and says nothing of another record's field."""
    commitment, ciphertext = seal_field(sk, ek, salt, context, plaintext)
    secret = derive_secret(sk, ek, salt, context)
    assert len(secret) == SECRET_BYTES
    assert open_with_secret(secret, context, commitment, ciphertext) == plaintext
    assert sk not in secret
    assert ek not in secret


@pytest.mark.parametrize("context", ELSEWHERE)
def test_derived_secret_opens_its_own_field_only(context: FieldContext) -> None:
    """Another place's secret fails on the commitment; its own secret in another place fails on the context."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"example")
    with pytest.raises(CannotOpen) as refused:
        open_with_secret(derive_secret(SK, EK, SALT, context), CONTEXT, commitment, ciphertext)
    assert refused.value.mismatch == "commitment"
    with pytest.raises(CannotOpen) as moved:
        open_with_secret(derive_secret(SK, EK, SALT, CONTEXT), context, commitment, ciphertext)
    assert moved.value.mismatch == "ciphertext"


def test_derived_secret_keeps_the_commitment_check() -> None:
    """The mutant: opening with key and nonce alone, under which a two-key forgery opens."""
    info = CONTEXT.encode()
    secrets = [derive_secret(sk, EK, SALT, CONTEXT) for sk in (SK, OTHER)]
    forged = opens_under_both(*(UnderKey(secret[:32], secret[32:44], info) for secret in secrets))
    assert open_with_secret(secrets[0], CONTEXT, secrets[0][44:], forged)
    with pytest.raises(CannotOpen) as refused:
        open_with_secret(secrets[1], CONTEXT, secrets[0][44:], forged)
    assert refused.value.mismatch == "commitment"


@pytest.mark.parametrize("length", [0, 32, 75, 77])
def test_secret_of_another_length_is_the_callers_error(length: int) -> None:
    """A key handed over in its place is not tried."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"example")
    with pytest.raises(CallerError):
        open_with_secret(bytes(length), CONTEXT, commitment, ciphertext)


def test_content_mac_is_repeatable_and_bound_to_keys_and_place() -> None:
    """The same content gives the same MAC; another content, key or context another; no salt enters."""
    macs = {
        content_mac(SK, EK, CONTEXT, b"content"),
        content_mac(SK, EK, CONTEXT, b"content"),
        content_mac(SK, EK, CONTEXT, b"content."),
        content_mac(OTHER, EK, CONTEXT, b"content"),
        content_mac(SK, OTHER, CONTEXT, b"content"),
        *(content_mac(SK, EK, context, b"content") for context in ELSEWHERE),
    }
    assert len(macs) == 4 + len(ELSEWHERE)
    assert {len(mac) for mac in macs} == {32}


def test_content_mac_is_frozen() -> None:
    """Repeats are recognised by it years later."""
    expected = "16efe02b424b47083013efb0f6c7500327ffd43b77979e56845849728ef4408a"
    assert content_mac(SK, EK, CONTEXT, b"example").hex() == expected


def test_errors_carry_no_value() -> None:
    """Neither keys nor plaintext stand in the error."""
    commitment, ciphertext = seal_field(SK, EK, SALT, CONTEXT, b"+3197010200001")
    with pytest.raises(CannotOpen) as refused:
        open_field(OTHER, EK, SALT, CONTEXT, commitment, ciphertext)
    shown = repr(refused.value) + str(refused.value)
    assert not any(secret in shown for secret in ("+3197010200001", SK.hex(), OTHER.hex(), repr(OTHER)))


def _hkdf(salt: bytes, secret: bytes, info: bytes) -> bytes:
    pseudorandom_key = hmac.new(salt, secret, hashlib.sha256).digest()
    derived = block = b""
    for counter in (1, 2, 3):
        block = hmac.digest(pseudorandom_key, block + info + bytes([counter]), "sha256")
        derived += block
    return derived[:76]
