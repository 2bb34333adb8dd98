"""Ed25519 in the stand-alone verifier: the vectors of RFC 8032, and the same judgement as `cryptography`'s."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.trust.keys import is_weak
from assistant.trust.standalone import onlabel_verify as standalone
from assistant.trust.standalone.onlabel_verify import ed25519

pytest.importorskip("cryptography", reason="cryptography is not installed (extra `trust`)")

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

#: RFC 8032, section 7.1: public key, message, signature.
VECTORS = {
    "1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "sha(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}  # fmt: skip


def judged(public: bytes, message: bytes, signature: bytes) -> bool:
    """What `cryptography` says."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return private.public_key().public_bytes_raw(), private.sign(message)


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_the_rfc(name: str) -> None:
    public, message, signature = map(bytes.fromhex, VECTORS[name])
    assert judged(public, message, signature)
    assert ed25519(public, message, signature)
    assert not ed25519(public, message + b"\0", signature)


@pytest.mark.parametrize("name", VECTORS)
def test_every_bit_of_a_vector_counts(name: str) -> None:
    public, message, signature = map(bytes.fromhex, VECTORS[name])
    for at in range(0, 512, 7):
        flipped = bytearray(signature)
        flipped[at // 8] ^= 1 << at % 8
        assert not ed25519(public, message, bytes(flipped))
    for at in range(0, 256, 7):
        flipped = bytearray(public)
        flipped[at // 8] ^= 1 << at % 8
        assert not ed25519(bytes(flipped), message, signature)


@settings(max_examples=60, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), data=st.data())
def test_it_judges_as_cryptography_does(seed: bytes, message: bytes, data: st.DataObject) -> None:
    public, signature = signed(seed, message)
    assert ed25519(public, message, signature)
    parts = [public, message, signature]
    which = data.draw(st.integers(0, 2))
    changed = bytearray(parts[which] or b"\0")
    at = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[at // 8] ^= 1 << at % 8
    parts[which] = bytes(changed)
    assert ed25519(*parts) == judged(*parts)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=9), st.binary(min_size=64, max_size=64))
def test_noise_is_no_signature(public: bytes, message: bytes, signature: bytes) -> None:
    # Of keys of small order cryptography believes some; nobody here does.
    assert ed25519(public, message, signature) == (judged(public, message, signature) and not is_weak(public.hex()))


@pytest.mark.parametrize("times", [1, 2, 15])
def test_s_beyond_the_order_is_refused(times: int) -> None:
    """Malleability: S + L is the same scalar, and another signature."""
    public, signature = signed(bytes(32), b"m")
    s = int.from_bytes(signature[32:], "little") + times * ORDER
    if s >> 256:
        pytest.skip("does not fit into 32 bytes")
    assert not ed25519(public, b"m", signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_other_lengths_are_refused(length: int) -> None:
    public, signature = signed(bytes(32), b"m")
    assert not ed25519(public, b"m", (signature * 2)[:length])
    assert not ed25519(public[:-1], b"m", signature)
    assert not ed25519(public + b"\0", b"m", signature)


SMALL_ORDER = {
    "neutral": (1).to_bytes(32, "little"),
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
}
#: The same points and others, written in a second way: y + p, or x = 0 with a sign.
NOT_CANONICAL = {
    "neutral with a sign": (1 | 1 << 255).to_bytes(32, "little"),
    "order 2 with a sign": (PRIME - 1 | 1 << 255).to_bytes(32, "little"),
    "y = p": PRIME.to_bytes(32, "little"),
    "y = p + 1": (PRIME + 1).to_bytes(32, "little"),
    "y = 2^255 - 1": (2**255 - 1).to_bytes(32, "little"),
}


@pytest.mark.parametrize("name", SMALL_ORDER)
def test_a_key_of_small_order_signs_nothing(name: str) -> None:
    """Under such a key R = [S]B verifies for one message in eight or for all."""
    public = SMALL_ORDER[name]
    assert standalone._point(public) is not None
    for number in range(16):
        message = bytes([number])
        assert not ed25519(public, message, public + bytes(32))
        assert not ed25519(public, message, (1).to_bytes(32, "little") + bytes(32))


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_encodings_that_are_not_canonical_are_refused(name: str) -> None:
    assert standalone._point(NOT_CANONICAL[name]) is None
    public, signature = signed(bytes(32), b"m")
    assert not ed25519(NOT_CANONICAL[name], b"m", signature)
    assert not ed25519(public, b"m", NOT_CANONICAL[name] + signature[32:])


def test_the_equation_has_no_cofactor() -> None:
    """R moved by a point of order 8: with the cofactor it would verify, as cryptography does not."""
    seed, message = bytes(31) + b"\1", b"m"
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public, _ = signed(seed, message)
    nonce = 12345
    torsion = standalone._point(SMALL_ORDER["order 8"])
    assert torsion is not None
    commitment = standalone._encoding(standalone._add(_times(nonce, standalone._BASE), torsion))
    h = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little")
    forged = commitment + ((nonce + h * scalar) % ORDER).to_bytes(32, "little")
    assert not judged(public, message, forged)
    assert not ed25519(public, message, forged)
    plain = standalone._encoding(_times(nonce, standalone._BASE))
    h = int.from_bytes(hashlib.sha512(plain + public + message).digest(), "little")
    made = plain + ((nonce + h * scalar) % ORDER).to_bytes(32, "little")
    assert judged(public, message, made)
    assert ed25519(public, message, made)


def _times(number: int, point: standalone.Point) -> standalone.Point:
    total = standalone._NEUTRAL
    for bit in bin(number)[2:]:
        total = standalone._add(total, total)
        total = standalone._add(total, point) if bit == "1" else total
    return total
