"""Signatures as bytes: what goes in comes out, and whatever is not one is refused in a true sentence."""

import struct
from dataclasses import replace
from datetime import date
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.exchange import encoding
from gauger.engine.exchange.encoding import BYTES_MAX, MAGIC, from_bytes, to_bytes
from gauger.engine.exchange.signature import CENTROIDS_MAX, FRAMES_MAX, FindingSignature
from gauger.kernels.text.features import FEATURES

CONSORTIUM = Secret(b"the consortium's")
MEMBER, ANOTHER = (Secret(bytes([number]) * 16).joined(CONSORTIUM) for number in (1, 2))


def made(centroids: int = 3, frames: int = 5) -> FindingSignature:
    random = np.random.default_rng(centroids)
    values = random.integers(-100, 100, (centroids, FEATURES)).astype(np.int8)
    values[:, 0] = 127
    behind = random.integers(10, 50, centroids)
    return FindingSignature(
        name="",
        consortium_id=MEMBER.consortium_id or "",
        k=10,
        centroids=values,
        centroid_accounts=behind,
        frames=np.sort(random.choice(2**60, frames, replace=False).astype(np.uint64)),
        accounts=int(behind.sum()),
        calls=9_000_000_000,
        days=(date(2026, 11, 24), date(2026, 11, 30)),
        hours=random.integers(0, 256, 24).astype(np.uint8),
    )


def signed(body: bytes) -> bytes:
    """What a member who means harm would send: any body, with the code that belongs to it."""
    return body + blake2b(body, key=MEMBER.shared(b"signature"), digest_size=32).digest()


def with_head(**changes: int) -> bytes:
    """A signature with other numbers in its head."""
    names = ["magic", "version", "features", "consortium", "k", "centroids", "frames", "reserved", "accounts", "calls"]
    body = to_bytes(made(), MEMBER)[:-32]
    form = struct.Struct("<8sHH8sHHHHIQii24s")
    fields = dict(zip([*names, "first", "last", "hours"], form.unpack_from(body), strict=True)) | changes
    return signed(form.pack(*fields.values()) + body[form.size :])


def with_content(**changes: np.ndarray) -> bytes:
    return to_bytes(replace(made(), **changes), MEMBER)


@pytest.mark.parametrize(("centroids", "frames"), [(1, 0), (3, 5), (CENTROIDS_MAX, FRAMES_MAX)])
def test_what_goes_in_comes_out_at_another_member(centroids: int, frames: int) -> None:
    one = made(centroids, frames)
    content = to_bytes(one, MEMBER)
    assert len(content) <= BYTES_MAX < 8_000
    found = from_bytes(content, ANOTHER)
    for name in ("centroids", "centroid_accounts", "frames", "hours"):
        np.testing.assert_array_equal(getattr(found, name), getattr(one, name))
    assert (found.k, found.accounts, found.calls, found.days) == (one.k, one.accounts, one.calls, one.days)
    assert to_bytes(found, ANOTHER) == content
    assert found.name == encoding.name_of(content)
    np.testing.assert_allclose(np.linalg.norm(found.finding.centroids, axis=1), 1.0, rtol=1e-5)


def test_the_bytes_are_those_of_all_later_versions() -> None:
    """A format that is read for ever: other bytes for the same signature would be another version."""
    centroids = (np.arange(2 * FEATURES) * 37 % 201 - 100).reshape(2, FEATURES).astype(np.int8)
    centroids[:, 0] = 127
    fixed = FindingSignature(
        name="",
        consortium_id=MEMBER.consortium_id or "",
        k=12,
        centroids=centroids,
        centroid_accounts=np.array([12, 300]),
        frames=np.array([5, 2**63], np.uint64),
        accounts=400,
        calls=10_400,
        days=(date(2026, 11, 24), date(2026, 11, 30)),
        hours=np.arange(24, dtype=np.uint8),
    )
    content = to_bytes(fixed, MEMBER)
    assert len(content) == 72 + 2 * (4 + 656) + 2 * 8 + 32
    assert content[:28].hex() == "676175676572736701009002963f9429bbdf6f0d0c00020002000000"
    assert encoding.name_of(content) == "05d41cd8a39cecc6"


TWICE = made().centroids.copy()
TWICE[1] = TWICE[0]
EMPTY = made().centroids.copy()
EMPTY[2] = 0
LARGE = made().centroids.copy()
LARGE[0, 5] = -128


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no shared signature"),
        (b"PK\3\4" + bytes(500), "no shared signature"),
        (MAGIC, "no shared signature"),
        (to_bytes(made(), MEMBER) + bytes(BYTES_MAX), "none has more than"),
        (with_head(version=2), "of version 2; this gauger reads version 1"),
        (with_head(features=655), "features that this version does not know"),
        (with_head(reserved=1), "features that this version does not know"),
        (with_head(k=9), "of fewer than 10 none is read"),
        (with_head(k=0), "of fewer than 10 none is read"),
        (with_head(centroids=0), "has 0 centroids"),
        (with_head(centroids=CENTROIDS_MAX + 1), "has 11 centroids"),
        (with_head(frames=FRAMES_MAX + 1), "65 hashes of frames"),
        (with_head(centroids=2), "longer or shorter than it says"),
        (with_head(frames=6), "longer or shorter than it says"),
        (with_head(k=50), "fewer than the 50 it promises"),
        (with_head(accounts=3), "more accounts behind its centroids than in its finding"),
        (with_head(first=30_000), "the last is before the first"),
        (with_head(first=-5), "days are no days"),
        (with_head(last=2_000_000_000), "days are no days"),
        (with_content(centroids=TWICE), "a centroid twice"),
        (with_content(centroids=EMPTY), "a centroid that is empty"),
        (with_content(centroids=LARGE), "greatest value is not 127"),
        (with_content(frames=np.array([5, 5], np.uint64)), "not ascending"),
        (with_content(frames=np.array([6, 5], np.uint64)), "not ascending"),
        (with_content(centroid_accounts=np.array([10, 9, 10])), "a centroid of 9 accounts"),
    ],
)
def test_what_is_none_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        from_bytes(content, ANOTHER)
    assert "\n" not in str(caught.value)


def test_a_changed_byte_anywhere_is_noticed() -> None:
    content = to_bytes(made(), MEMBER)
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(InputError):
            from_bytes(bytes(changed), MEMBER)


@given(st.integers(0, 2_200), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_nothing_but_a_sentence_comes_of_any_bytes_that_are_well_signed(place: int, noise: bytes) -> None:
    body = to_bytes(made(), MEMBER)[:-32]
    damaged = signed(body[:place] + noise + body[place + len(noise) :])
    try:
        found = from_bytes(damaged, ANOTHER)
    except InputError:
        return
    assert to_bytes(found, ANOTHER) == damaged


def test_it_is_of_one_consortium() -> None:
    content = to_bytes(made(), MEMBER)
    stranger = Secret(b"\1" * 16).joined(Secret(b"another's secret"))
    with pytest.raises(InputError, match=f"of consortium {MEMBER.consortium_id}, this provider of"):
        from_bytes(content, stranger)
    with pytest.raises(StateError, match="of no consortium"):
        from_bytes(content, Secret(b"\1" * 16))
