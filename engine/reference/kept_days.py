"""A kept day on disk: the tables of its populations, and its words."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.sealing import seal, unseal
from gauger.engine.common.secret import Secret
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.keeping import KeptDay
from gauger.engine.state.links import ADDRESS, NETWORK, ORGANISATION, PAYMENT
from gauger.engine.state.rows import Field
from gauger.engine.state.storage import columns_of, read_table, unpack, write_table
from gauger.engine.statistics.background import Background, background_of, folds_of
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import own_text
from gauger.kernels.text.features import FEATURES

DAY_BYTES = 450 << 20  # of memory, while a day of 16,000 accounts is read
# Parts of a day, by the prefix of their tables.
REFERENCE = ""  # what later days are compared with
LONE = "lone_"  # flagged, but part of no finding: a held-out day must hold them, or it would measure zero by design
FOUND = "found_"  # part of a finding: reference only where a person decides that it is honest
THIN = "thin_"  # too few calls for a day's evidence, but perhaps not for a week's
# What "not seen on an earlier clean day" is asked of; and who openly is one customer, for a week's verdicts.
_KEPT_CHANNELS = (ADDRESS, NETWORK, PAYMENT, ORGANISATION)
_LINK_FIELDS: dict[str, Field] = {
    "link_owner": (np.int64, ()),
    "link_channel": (np.uint8, ()),
    "link_value": (np.uint64, ()),
}
_ACCOUNT_FIELDS: dict[str, Field] = {"calls": (np.int64, ()), "sums": (np.int32, (FEATURES,))}
_SAMPLE_FIELDS: dict[str, Field] = {
    "owner": (np.int64, ()),
    "identity": (np.uint64, ()),
    "features": (np.int8, (FEATURES,)),
    "senders": (np.int32, ()),  # of ``shared_text.Senders.of``
}
_SAMPLE_DEFAULTS = {"senders": 0}  # not known, in days kept by earlier versions
_BACKGROUND_FIELDS: dict[str, Field] = {"count": (np.int64, ()), "total": (np.int64, (FEATURES,))}


def write_day(folder: Path, kept: KeptDay, words: WordSketch, secret: Secret) -> dict[str, Any]:
    """Write the tables of a day and return what its manifest says."""
    for part, population in ((REFERENCE, kept.reference), (THIN, kept.thin), (LONE, kept.lone)):
        write_population(folder, part, population, secret)
    if len(kept.found):
        write_found(folder, kept.found, kept.finding, secret)
    write_table(folder, "word_counts", {"count": words.counts.reshape(-1)})
    return {"kind": "day", "accounts": len(kept.reference), "words": words.total}


def without_account(
    source: Path, target: Path, manifest: dict[str, Any], account: str, secret: Secret
) -> dict[str, Any]:
    """Write the tables of a kept day again without an account, and return what the manifest says then.

    Of the background its calls are taken away where it is among the accounts kept by row.
    """
    accounts = 0
    for part in parts_of(source):
        people = read_population(source, part, secret)
        stays = np.asarray([name != account for name in people.account_ids], bool)
        gone, background = own_text(people.select(~stays)), people.background
        if background is not None and len(gone):
            folds = folds_of(gone.account_ids, secret.key)[gone.sample_owner]
            less = background_of(gone.sample_features, gone.sample_row, folds)
            background = background.minus(less)
        if part == FOUND:
            write_found(target, people.select(stays), read_findings_of(source)[stays], secret)
            continue
        write_population(target, part, replace(people.select(stays), background=background), secret)
        accounts += int(stays.sum()) if part == REFERENCE else 0
    write_table(target, "word_counts", {"count": read_words(source, manifest).counts.reshape(-1)})
    return {"kind": "day", "accounts": accounts, "words": manifest["words"]}


def parts_of(folder: Path) -> list[str]:
    """The parts that a day was kept with."""
    return [part for part in (REFERENCE, LONE, THIN, FOUND) if has_population(folder, part)]


def account_ids(folder: Path, part: str, secret: Secret) -> set[str]:
    """The accounts of a part of a day."""
    return set(_names(read_table(folder, f"{part}accounts"), secret))


def _names(accounts: pa.Table, secret: Secret) -> list[str]:
    """The ids of a table of accounts. Format 1, of earlier versions, has them in clear."""
    column = accounts.column("account_id")
    return unseal(column.to_pylist(), secret) if pa.types.is_binary(column.type) else column.to_pylist()


def read_words(folder: Path, manifest: dict[str, Any]) -> WordSketch:
    """The words of a kept day."""
    words = WordSketch(total=int(manifest["words"]))
    counts = unpack(read_table(folder, "word_counts").column("count"), np.uint32)
    words.counts[:] = counts.reshape(words.counts.shape)
    return words


def write_population(folder: Path, part: str, kept: Population, secret: Secret) -> None:
    """Write the tables of a part, its account ids sealed."""
    linked = np.isin(kept.link_channel, _KEPT_CHANNELS)
    accounts: dict[str, pa.Array | np.ndarray] = {
        "account_id": seal(kept.account_ids, secret),
        "calls": kept.calls,
        "sums": kept.sums,
    }
    write_table(folder, f"{part}accounts", accounts)
    write_table(folder, f"{part}statistics", kept.statistics)
    sample = {
        "owner": kept.sample_owner,
        "identity": kept.sample_identity,
        "features": kept.sample_features[kept.sample_row],
        "senders": np.zeros(len(kept.sample_owner), np.int32) if kept.sample_senders is None else kept.sample_senders,
    }
    write_table(folder, f"{part}sample", sample)
    write_table(folder, f"{part}links", {name: getattr(kept, name)[linked] for name in _LINK_FIELDS})
    if kept.background is not None:
        write_table(folder, f"{part}background", {"count": kept.background.count, "total": kept.background.total})


def write_found(folder: Path, found: Population, finding: np.ndarray, secret: Secret) -> None:
    """Write the accounts of findings; finding : int64[n], the number of each account's."""
    write_population(folder, FOUND, found, secret)
    write_table(folder, f"{FOUND}campaigns", {"campaign_id": finding})


def read_findings_of(folder: Path) -> np.ndarray:
    """The finding's number of each account of ``FOUND``, int64[n]."""
    return columns_of(read_table(folder, f"{FOUND}campaigns"), {"campaign_id": (np.int64, ())})["campaign_id"]


def read_honest(folder: Path, numbers: Collection[int], secret: Secret) -> Population | None:
    """The accounts of some findings of a day, or None where it has none of them."""
    if not numbers or not has_population(folder, FOUND):
        return None
    wanted = np.isin(read_findings_of(folder), list(numbers))
    return read_population(folder, FOUND, secret).select(wanted) if wanted.any() else None


def has_population(folder: Path, part: str) -> bool:
    """Whether a day has this part at all: those kept by earlier versions have the reference alone."""
    return (folder / f"{part}accounts.arrow").is_file()


def read_population(folder: Path, part: str, secret: Secret) -> Population:
    """Read the tables of a part. Raises StateError when one is missing or damaged, or of another key."""
    accounts = read_table(folder, f"{part}accounts")
    statistics = read_table(folder, f"{part}statistics")
    sample = columns_of(read_table(folder, f"{part}sample"), _SAMPLE_FIELDS, _SAMPLE_DEFAULTS)
    background = None
    if (folder / f"{part}background.arrow").is_file():  # not in days kept by earlier versions
        background = Background(**columns_of(read_table(folder, f"{part}background"), _BACKGROUND_FIELDS))
    return Population(
        account_ids=_names(accounts, secret),
        # A statistic that this day has not is left out of what is compared (``joining.concatenate``).
        statistics={name: unpack(statistics.column(name), np.float64) for name in statistics.column_names},
        sample_owner=sample["owner"],
        sample_identity=sample["identity"],
        sample_row=np.arange(len(sample["owner"])),
        sample_features=sample["features"],
        sample_senders=sample["senders"],
        background=background,
        **columns_of(accounts, _ACCOUNT_FIELDS),
        **columns_of(read_table(folder, f"{part}links"), _LINK_FIELDS),
    )
