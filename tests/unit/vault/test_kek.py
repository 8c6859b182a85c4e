"""The key-encryption key: read only from a safe place, and binding each wrapped key to its row."""

import hmac
import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes
from uuid import UUID, uuid4

import pytest

from ledger.errors import CallerError, IntegrityError, NotFound, NotPermitted
from ledger.vault.kek import (
    Kek,
    KeyEncryption,
    epoch_key_place,
    generate_kek_file,
    held_field_place,
    secret_place,
    subject_key_place,
)

KEY = bytes(range(32))
SUBJECT = UUID("11111111-2222-4333-8444-555555555555")


def _file(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [KEY.hex(), KEY.hex().upper(), f" {KEY.hex()}\n"])
def test_a_private_file_of_64_digits_is_read(tmp_path: Path, content: str) -> None:
    """Case and a final newline make no difference to which KEK it is."""
    assert KeyEncryption.from_file(_file(tmp_path / "kek", content)).current.kek_id == Kek(KEY).kek_id


def test_first_line_wraps_and_the_others_only_open(tmp_path: Path) -> None:
    """While a KEK is rotated its file has the new key and below it the old one."""
    old, new = token_bytes(32), token_bytes(32)
    both = KeyEncryption.from_file(_file(tmp_path / "kek", f"{new.hex()}\n{old.hex()}\n"))
    before = KeyEncryption(Kek(old)).wrap(b"k" * 32, b"place")
    assert both.unwrap(before.kek_id, before.wrapped, b"place") == b"k" * 32
    assert both.wrap(b"k" * 32, b"place").kek_id == Kek(new).kek_id


@pytest.mark.parametrize(
    "content",
    [f"{KEY.hex()}\n00", f"# current\n{KEY.hex()}", f"{KEY.hex()} {KEY.hex()}", "\n\n", f"{KEY.hex()}," * 2],
)
def test_a_file_with_one_bad_line_is_refused_whole(tmp_path: Path, content: str) -> None:
    """Half a rotation's file must not pass for the whole: the missing key may be the one rows are under."""
    with pytest.raises(CallerError):
        KeyEncryption.from_file(_file(tmp_path / "kek", content))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o777])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any access of group or others refuses the file, and the message says how to mend it."""
    path = _file(tmp_path / "kek", KEY.hex(), mode)
    with pytest.raises(NotPermitted, match="chmod 600"):
        KeyEncryption.from_file(path)


@pytest.mark.parametrize(
    "content",
    ["", "00" * 31, "00" * 33, "0x" + "00" * 31, "g" * 64, "00" * 32 + " 00", "\x00" * 32, "é" * 64],
)
def test_a_file_of_anything_else_is_refused(tmp_path: Path, content: str) -> None:
    """A typo in a KEK is refused without repeating what is most of a key."""
    with pytest.raises(CallerError) as refused:
        KeyEncryption.from_file(_file(tmp_path / "kek", content))
    assert len(content) < 4 or content not in str(refused.value)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    """The message names the setting."""
    with pytest.raises(NotFound, match="LEDGER_KEK_FILE"):
        KeyEncryption.from_file(tmp_path / "kek")


def test_a_directory_is_not_a_kek(tmp_path: Path) -> None:
    """What cannot be read is refused as such."""
    with pytest.raises(NotPermitted):
        KeyEncryption.from_file(tmp_path)


def test_generated_file_is_private_and_read_back(tmp_path: Path) -> None:
    """A new KEK file is 0600 under any umask, and holds the KEK returned."""
    before = os.umask(0)
    try:
        kek = generate_kek_file(tmp_path / "kek")
    finally:
        os.umask(before)
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o600
    assert KeyEncryption.from_file(tmp_path / "kek").current.kek_id == kek.kek_id


def test_generating_never_overwrites(tmp_path: Path) -> None:
    """A KEK that is there stays: overwriting it would lose every key."""
    kek = generate_kek_file(tmp_path / "kek")
    with pytest.raises(CallerError, match="there already"):
        generate_kek_file(tmp_path / "kek")
    assert KeyEncryption.from_file(tmp_path / "kek").current.kek_id == kek.kek_id


def test_kek_id_is_the_mac_of_a_fixed_text() -> None:
    """The id is frozen: stored rows are found by it."""
    assert Kek(KEY).kek_id == hmac.digest(KEY, b"ledger-kek-id", "sha256")[:8]
    assert Kek(KEY).kek_id.hex() == "c0d3c81ca1dbc626"


def test_wrapped_key_opens_for_its_row_only() -> None:
    """A wrapped key moved to another row, kind of row or KEK does not open."""
    kek = Kek(KEY)
    place = subject_key_place(SUBJECT, "content")
    wrapped = kek.wrap(b"k" * 32, place)
    elsewhere = [
        subject_key_place(uuid4(), "content"),
        subject_key_place(SUBJECT, "signalling"),
        epoch_key_place("acme", "content", 1),
        epoch_key_place("acme", "content", 2),
        epoch_key_place("acmec", "ontent", 1),
        secret_place("content"),
        held_field_place(bytes(32), "text", SUBJECT, "content"),
        b"",
    ]
    assert kek.unwrap(wrapped, place) == b"k" * 32
    for other in elsewhere:
        with pytest.raises(IntegrityError):
            kek.unwrap(wrapped, other)
    with pytest.raises(IntegrityError):
        Kek(token_bytes(32)).unwrap(wrapped, place)


@pytest.mark.parametrize("damage", [lambda w: b"", lambda w: w[:11], lambda w: w[:-1], lambda w: w + b"\0"])
def test_damaged_wrapped_key_is_an_integrity_error(damage: Callable[[bytes], bytes]) -> None:
    """Cut or lengthened bytes are refused like altered ones."""
    kek = Kek(KEY)
    with pytest.raises(IntegrityError):
        kek.unwrap(damage(kek.wrap(b"k" * 32, b"place")), b"place")


def test_every_altered_byte_is_noticed() -> None:
    """One flipped bit anywhere in nonce, ciphertext or tag refuses the key."""
    kek = Kek(KEY)
    wrapped = kek.wrap(b"k" * 32, b"place")
    for position in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[position] ^= 1
        with pytest.raises(IntegrityError):
            kek.unwrap(bytes(altered), b"place")


def test_wrapping_twice_gives_other_bytes() -> None:
    """Equal keys do not show as equal rows."""
    kek = Kek(KEY)
    assert kek.wrap(b"k" * 32, b"place") != kek.wrap(b"k" * 32, b"place")


def test_older_keks_open_but_do_not_wrap() -> None:
    """After a change of KEK, rows under the old one still open, and new rows are under the new one."""
    old, new = Kek(token_bytes(32)), Kek(token_bytes(32))
    before = KeyEncryption(old).wrap(b"k" * 32, b"place")
    after = KeyEncryption(new, [old])
    assert after.unwrap(before.kek_id, before.wrapped, b"place") == b"k" * 32
    assert after.wrap(b"k" * 32, b"place").kek_id == new.kek_id


def test_a_key_under_an_unknown_kek_is_not_permitted() -> None:
    """Without the KEK the message says which one is wanted."""
    stored = KeyEncryption(Kek(KEY)).wrap(b"k" * 32, b"place")
    with pytest.raises(NotPermitted, match=stored.kek_id.hex()):
        KeyEncryption(Kek(token_bytes(32))).unwrap(stored.kek_id, stored.wrapped, b"place")


def test_reprs_show_no_key() -> None:
    """A KEK in a log line or traceback shows its id only."""
    kek = Kek(KEY)
    shown = repr(kek) + repr(KeyEncryption(kek)) + str(kek)
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_kek_is_32_bytes(length: int) -> None:
    """Any other length is refused."""
    with pytest.raises(CallerError):
        Kek(b"k" * length)
