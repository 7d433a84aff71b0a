"""A finding from one provider to another, through files: what is found, what is handed over, and what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.batch.score import score
from gauger.engine.common.errors import GaugerError, InputError, StateError
from gauger.engine.exchange.encoding import BYTES_MAX
from gauger.engine.reference.directory import StateDirectory
from gauger.exchange.sharing import answers, export, join, read_signature, read_signatures, weighing
from gauger.exchange.stix import bundle
from gauger.package.contents import pack
from gauger.package.recompute import Again, recompute
from gauger.results.run import read_run
from gauger.text import words
from tests.bindings.exchange.providers import FEW, Provider, campaign, few_of_it, key_file, provider
from tests.engine import worlds

SETTINGS = worlds.ENGINE_SETTINGS


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return key_file(tmp_path_factory.mktemp("consortium") / "key", "c")


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Provider:
    return provider(tmp_path_factory.mktemp("sender") / "one", key, 1, campaign())


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Provider:
    return provider(tmp_path_factory.mktemp("receiver") / "two", key, 11, few_of_it())


@pytest.fixture(scope="module")
def signature(sender: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sent") / "finding.sig"
    path.write_bytes(export(sender.out, 1, sender.state)[1])
    return path


def test_a_few_accounts_are_found_by_what_another_provider_found(receiver: Provider, signature: Path) -> None:
    found, (told,) = answers([signature], receiver.state, receiver.out, SETTINGS)
    alike = {one.account_id for one in told.alike}
    assert {f"few-{number}" for number in range(FEW)} <= alike
    assert len(alike) <= FEW + 2
    assert found.day.isoformat() == "2026-11-20"
    assert told.signature.accounts == worlds.CAMPAIGN_ACCOUNTS


def test_a_run_weighs_it_with_all_other_evidence_and_says_so(
    receiver: Provider, signature: Path, tmp_path: Path
) -> None:
    state = Path(shutil.copytree(receiver.state, tmp_path / "state"))
    directory = weighing(StateDirectory(state, replace_days=True), [signature])
    done = score([receiver.day], tmp_path / "again", state=directory, settings=SETTINGS)
    assert done.manifest["signatures"] == [directory.shared[0].name]
    before = {row["account_id"]: row for row in read_run(receiver.out).accounts.to_pylist()}
    rows = {row["account_id"]: row for row in read_run(tmp_path / "again").accounts.to_pylist()}
    few = [f"few-{number}" for number in range(FEW)]
    assert sum(rows[name]["flagged"] for name in few) > sum(before[name]["flagged"] for name in few)
    assert all(rows[name]["evidence"] > before[name]["evidence"] for name in few)
    named = [reason["statistic"] for reason in rows["few-0"]["reasons"]]
    assert "known_elsewhere" in named
    assert "known from another provider" in words.statistic("known_elsewhere")
    assert np.mean([row["flagged"] for name, row in rows.items() if name not in few]) <= 0.03


def test_a_package_is_computed_again_with_the_signatures_of_its_run(
    sender: Provider, signature: Path, tmp_path: Path
) -> None:
    state = Path(shutil.copytree(sender.state, tmp_path / "state"))
    directory = weighing(StateDirectory(state, replace_days=True), [signature])
    score([sender.day], tmp_path / "out", state=directory, settings=SETTINGS)
    pack(tmp_path / "out", 1, tmp_path / "package", None)
    with pytest.raises(InputError, match=f"scored with other signatures .* {directory.shared[0].name}"):
        recompute(tmp_path / "package", Again([sender.day], state))
    found = recompute(tmp_path / "package", Again([sender.day], state, workers=1, signatures=[signature]))
    assert (found.different, found.values > 1_000) == (0, True)


def test_what_is_sent_is_small_and_holds_no_prompt_and_no_id(sender: Provider, signature: Path) -> None:
    content = signature.read_bytes()
    assert len(content) <= BYTES_MAX
    for one in (worlds.CANARY.encode(), b"campaign", b"172.16", b"model-x"):
        assert one not in content
    found = read_signature(signature, StateDirectory(sender.state).secret)
    assert len(found.frames) > 0
    assert found.hours.max() == 255
    assert found.centroid_accounts.min() >= 10
    assert export(sender.out, 1, sender.state)[1] == content  # the same finding, the same bytes


def test_families_of_its_frames_are_named(sender: Provider, signature: Path) -> None:
    """At the sender itself, whose families have templates that enough owners share."""
    run = read_run(sender.out)
    framed = [row["family_id"] for row in run.families.to_pylist() if worlds.CANARY in (row["template"] or "")]
    (told,) = answers([signature], sender.state, sender.out, SETTINGS)[1]
    assert [number for number, _ in told.families] == framed
    assert framed


def test_a_bundle_is_read_as_the_bytes_are(signature: Path, sender: Provider, tmp_path: Path) -> None:
    secret = StateDirectory(sender.state).secret
    found = read_signature(signature, secret)
    path = tmp_path / "finding.json"
    path.write_text(json.dumps(bundle(found, signature.read_bytes())))
    assert read_signature(path, secret).name == found.name
    with pytest.raises(InputError, match="given twice"):
        read_signatures([path, signature], secret)
    with pytest.raises(InputError, match="17 signatures; at most 16"):
        read_signatures([path] * 17, secret)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"hello", "neither a shared signature"), (bytes(1 << 19), "larger than"), (None, "No such")],
)
def test_a_file_that_is_none_is_named(content: bytes | None, sentence: str, sender: Provider, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        read_signature(path, StateDirectory(sender.state).secret)
    assert str(caught.value).startswith(f"{path}: ")


def test_joining_is_for_new_directories_and_with_the_consortiums_own_key(
    sender: Provider, key: Path, tmp_path: Path
) -> None:
    with pytest.raises(StateError, match="is there already"):
        join(sender.state, key)
    with pytest.raises(StateError, match="a member's key, which no other may see"):
        join(tmp_path / "new", sender.state / "key")
    left, right = (join(tmp_path / name, key).secret for name in ("left", "right"))
    assert left.consortium_id == right.consortium_id
    assert left.key_id != right.key_id


def test_what_cannot_be_exported_is_refused(sender: Provider, receiver: Provider, key: Path, tmp_path: Path) -> None:
    alone = StateDirectory(tmp_path / "alone").path
    another = key_file(tmp_path / "another", "d")
    cases = (
        (sender.out, 7, sender.state, None, "no finding 7"),
        (sender.out, 1, receiver.state, None, "not scored with this state"),
        (sender.out, 1, sender.state, another, "not joined with the key"),
        (sender.out, 1, sender.state, tmp_path / "missing", "no such key file"),
        (sender.out, 1, alone, None, "not scored with this state"),
    )
    for out, finding, state, given, sentence in cases:
        with pytest.raises(GaugerError, match=sentence):
            export(out, finding, state, given)
    assert export(sender.out, 1, sender.state, key)[0].k == 10
    with pytest.raises(InputError, match="a signature needs 50"):
        export(sender.out, 1, sender.state, k=50)
    with pytest.raises(InputError, match="at least 10 accounts have to be behind"):
        export(sender.out, 1, sender.state, k=9)


def test_only_a_campaign_is_handed_over(sender: Provider, tmp_path: Path) -> None:
    out = Path(shutil.copytree(sender.out, tmp_path / "day"))
    table = pq.read_table(out / "campaigns.parquet", partitioning=None)
    place = table.column_names.index("assessment")
    changed = pa.array(["shared tool"] * len(table))
    pq.write_table(table.set_column(place, "assessment", changed), out / "campaigns.parquet")
    with pytest.raises(InputError, match="assessed as shared tool; what is handed to others has to be a campaign"):
        export(out, 1, sender.state)


def test_a_day_without_a_reference_is_refused(signature: Path, receiver: Provider, key: Path, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no day is kept"):
        answers([signature], join(tmp_path / "empty", key).path, None, SETTINGS)
    with pytest.raises(StateError, match="5,000 are needed"):
        answers([signature], receiver.state, None, replace(SETTINGS, reference_accounts_min=5_000))
