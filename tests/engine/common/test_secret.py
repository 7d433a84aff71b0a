"""The secret: it names itself, derives its subkeys, guards its file, and shows its material nowhere."""

import copy
import os
import pickle
import stat
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import KEY, KEY_FILE, SECRET_BYTES, Secret, default_secret, given_secret
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.state.checkpoint import load_state
from gauger.kernels.machine import keys
from tests.engine import calls

MATERIAL = bytes.fromhex("6b1f0cd2993ae7548810fe2d71c4a5b3")


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_key_id_and_subkeys_are_those_of_all_earlier_versions() -> None:
    """They are in every stored state: another derivation would orphan it."""
    secret = Secret(b"0123456789abcdef")
    assert secret.key_id == "9e5a996bcd3867d9"
    assert secret.key[0] == 0xE4A7DDD6919285D7
    assert secret.key[31] == 0xB195B77AA52F603F


def test_a_key_file_is_made_with_the_secret_given_and_an_old_one_stays(tmp_path: Path) -> None:
    given = Secret(MATERIAL)
    assert Secret.from_file(tmp_path / "key", given).key_id == Secret.from_file(tmp_path / "key").key_id == given.key_id
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert Secret.from_file(tmp_path / "key", Secret.random()).key_id == given.key_id


def test_subkeys_are_odd_distinct_and_read_only_and_of_their_key_alone() -> None:
    secret, other = Secret(MATERIAL), Secret(bytes([MATERIAL[0] ^ 1]) + MATERIAL[1:])
    assert (secret.key.dtype, secret.key.shape) == (np.uint64, (keys.KEY_WORDS,))
    assert np.all(secret.key & np.uint64(1))
    assert len({*secret.key.tolist(), *other.key.tolist()}) == 2 * keys.KEY_WORDS
    assert len({one.key_id for one in (secret, other, Secret.random(), Secret.random())}) == 4
    with pytest.raises(ValueError, match="read-only"):
        secret.key[0] = 1


def test_members_of_a_consortium_share_the_subkeys_of_features_and_no_other() -> None:
    consortium, owns = Secret(b"c" * SECRET_BYTES), (Secret(MATERIAL), Secret.random())
    left, right = (own.joined(consortium) for own in owns)
    shared = np.isin(np.arange(keys.KEY_WORDS), keys.OF_FEATURES)
    assert np.array_equal(left.key[shared], right.key[shared])
    assert not np.isin(left.key[shared], consortium.key).any()  # not those of a provider whose own secret it were
    for own, member in zip(owns, (left, right), strict=True):
        assert np.array_equal(member.key[~shared], own.key[~shared])
        assert not np.isin(member.key[shared], own.key).any()
        assert member.derived(b"purpose") == own.derived(b"purpose") != member.shared(b"purpose")
        assert member.key_id != own.key_id  # it measures otherwise
        assert own.consortium_id is None
    assert left.shared(b"purpose") == right.shared(b"purpose") != right.shared(b"another")
    assert left.consortium_id == right.consortium_id != Secret(MATERIAL).joined(Secret.random()).consortium_id
    assert not np.any(left.key[~shared] == right.key[~shared])


def test_a_key_file_holds_the_consortiums_key_behind_its_own(tmp_path: Path) -> None:
    member = Secret(MATERIAL).joined(Secret(b"c" * SECRET_BYTES))
    assert np.array_equal(Secret.from_file(tmp_path / "key", member).key, member.key)
    assert (tmp_path / "key").read_text() == MATERIAL.hex() + (b"c" * SECRET_BYTES).hex() + "\n"
    again = Secret.from_hex(member.handed_over())
    assert (again.key_id, again.consortium_id) == (member.key_id, member.consortium_id)


def test_a_member_of_no_consortium_shares_nothing_and_no_consortiums_key_is_ones_own() -> None:
    with pytest.raises(StateError, match="of no consortium"):
        Secret(MATERIAL).shared(b"purpose")
    with pytest.raises(StateError, match="members would know its secret"):
        Secret(MATERIAL).joined(Secret(MATERIAL))


def test_a_secret_is_read_from_hexadecimal_digits() -> None:
    assert Secret.from_hex(f" {MATERIAL.hex().upper()}\n").key_id == Secret(MATERIAL).key_id


@pytest.mark.parametrize(
    "text", ["", MATERIAL.hex()[:-2], MATERIAL.hex()[:-1], MATERIAL.hex() + "00", "x" + MATERIAL.hex()[1:], "not one"]
)
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    for read in (lambda: Secret.from_hex(text), lambda: Secret.from_file(key_file(tmp_path, text))):
        with pytest.raises(StateError, match=r"a key is|not a key|not a gauger key") as caught:
            read()
        shown = "".join(traceback.format_exception(caught.value)).replace(str(tmp_path), "")
        assert "\n" not in str(caught.value)
        assert not text or text not in shown
        assert MATERIAL.hex()[1:8] not in shown


@pytest.mark.parametrize("umask", [0o077, 0])
def test_a_new_key_file_is_private_whatever_the_umask_and_read_again(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        made = Secret.from_file(str(tmp_path / "key"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    before = (tmp_path / "key").read_bytes()
    assert Secret.from_file(tmp_path / "key").key_id == made.key_id
    assert (tmp_path / "key").read_bytes() == before


@pytest.mark.parametrize("size", [0, SECRET_BYTES - 1, SECRET_BYTES + 1])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(StateError, match=f"16 bytes long; this one has {size}$"):
        Secret(b"k" * size)


@pytest.mark.parametrize("mode", [0o604, 0o660, 0o620, 0o644, 0o601])
def test_a_key_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, MATERIAL.hex(), mode)
    with pytest.raises(StateError, match=f"run: chmod 600 {path}$") as caught:
        Secret.from_file(path)
    assert MATERIAL.hex() not in str(caught.value)


@pytest.mark.parametrize("mode", [0o440, 0o640])
def test_a_key_that_its_group_may_read_is_used_and_named(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As Kubernetes mounts a secret."""
    path = key_file(tmp_path, MATERIAL.hex(), mode)
    assert Secret.from_file(path).key_id == Secret(MATERIAL).key_id
    assert [record.getMessage() for record in caplog.records] == [f"{path}: the group of this key may read it"]


def test_the_environment_gives_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "ff" * SECRET_BYTES
    key_file(tmp_path, MATERIAL.hex())
    for name in (KEY, KEY_FILE):
        monkeypatch.delenv(name, raising=False)
    assert given_secret() is None
    monkeypatch.setenv(KEY, MATERIAL.hex())
    for secret in (given_secret(), default_secret()):
        assert secret is not None
        assert secret.key_id == Secret(MATERIAL).key_id
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    assert given_secret() is not None
    monkeypatch.setenv(KEY, other)
    with pytest.raises(StateError, match="GAUGER_KEY and GAUGER_KEY_FILE give different keys") as caught:
        given_secret()
    assert other not in str(caught.value)
    monkeypatch.setenv(KEY, other[1:])
    monkeypatch.delenv(KEY_FILE)
    with pytest.raises(StateError) as caught:
        default_secret()
    assert other[1:] not in str(caught.value)


def test_it_is_that_of_a_new_state_and_no_other_state_is_opened_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGER_KEY", "0a" * 16)
    made = StateDirectory(tmp_path / "state")
    assert made.secret.key_id == Secret(b"\n" * 16).key_id
    monkeypatch.setenv("GAUGER_KEY", "0b" * 16)
    with pytest.raises(StateError, match=r"leave the secret out \(GAUGER_KEY and GAUGER_KEY_FILE, too\)"):
        StateDirectory(tmp_path / "state")


def test_what_is_no_key_file_is_refused(tmp_path: Path) -> None:
    key_file(tmp_path, "").write_bytes(MATERIAL)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name, message in (("key", "not a gauger key"), ("folder", "folder"), ("nowhere/key", "cannot make a key file")):
        with pytest.raises(StateError, match=message):
            Secret.from_file(tmp_path / name)


def shown_forms(secret: Secret, material: bytes) -> list[bytes]:
    """The material and the subkeys as text or bytes might hold them."""
    words = secret.key.tolist()
    numbers = [form for word in words for form in (str(word), f"{word:x}", np.uint64(word).tobytes().hex())]
    texts = [material.hex(), material.hex().upper(), *numbers]
    return [material, *(text.encode() for text in texts), *(np.uint64(word).tobytes() for word in words)]


def test_neither_repr_nor_str_nor_format_shows_the_material() -> None:
    secret = Secret(MATERIAL)
    shown = f"{secret!r} {secret} {secret:} {[secret]}".encode()
    assert secret.key_id.encode() in shown
    assert not [form for form in shown_forms(secret, MATERIAL) if form in shown]


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_never_pickled(copier: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="never pickled") as caught:
        copier(Secret(MATERIAL))
    assert MATERIAL.hex() not in "".join(traceback.format_exception(caught.value))


def test_saved_state_and_its_errors_hold_no_part_of_the_key(tmp_path: Path) -> None:
    secret = Secret(MATERIAL)
    state = calls.new_state(secret=secret)
    calls.fold(state, calls.some_calls(30))
    calls.saved_bytes(state, tmp_path / "state")
    with pytest.raises(StateError) as caught:
        load_state(tmp_path / "state", Secret(b"0123456789abcdef"))
    shown = calls.legible_bytes(tmp_path) + "".join(traceback.format_exception(caught.value)).encode()
    assert secret.key_id.encode() in shown
    assert not [form for form in shown_forms(secret, MATERIAL) if form in shown]
