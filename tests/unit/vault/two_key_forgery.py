"""A two-key forgery: one ciphertext that AES-GCM opens to two texts under two keys, because GCM commits to neither.

Source: NIST SP 800-38D sections 6.3 and 6.4; Albertini et al., "How to Abuse and Fix Authenticated Encryption Without
Key Commitment" (USENIX Security 2022).
"""

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class UnderKey(NamedTuple):
    """How one of the two readers opens it."""

    key: bytes
    nonce: bytes
    aad: bytes


def opens_under_both(first: UnderKey, second: UnderKey) -> bytes:
    """A one-block ciphertext and tag that AES-GCM accepts either way.

    The tag is linear in the ciphertext block x: tag = x·H² + rest, for each key with its own H and rest.
    Equal tags are one linear equation in x, over GF(2^128).
    """
    (square_1, rest_1), (square_2, rest_2) = _tag_terms(first), _tag_terms(second)
    block = _multiply(rest_1 ^ rest_2, _inverse(square_1 ^ square_2))
    tag = _multiply(block, square_1) ^ rest_1
    return block.to_bytes(16, "big") + tag.to_bytes(16, "big")


def _tag_terms(under: UnderKey) -> tuple[int, int]:
    """H² and the rest of the tag of a one-block ciphertext: tag = x·H² + rest."""
    aes = Cipher(algorithms.AES(under.key), modes.ECB()).encryptor()
    h = int.from_bytes(aes.update(b"\0" * 16), "big")
    mask = int.from_bytes(aes.update(under.nonce + b"\0\0\0\1"), "big")
    state = 0
    for start in range(0, len(under.aad), 16):
        state = _multiply(state ^ int.from_bytes(under.aad[start : start + 16].ljust(16, b"\0"), "big"), h)
    lengths = (len(under.aad) * 8) << 64 | 128
    h_squared = _multiply(h, h)
    return h_squared, _multiply(state, h_squared) ^ _multiply(lengths, h) ^ mask


def _multiply(x: int, y: int) -> int:
    """GF(2^128) with GCM's bit order: the leftmost bit is the coefficient of 1."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _inverse(x: int) -> int:
    """x^(2^128 - 2)."""
    result, power = 1 << 127, x
    for _ in range(127):
        power = _multiply(power, power)
        result = _multiply(result, power)
    return result
