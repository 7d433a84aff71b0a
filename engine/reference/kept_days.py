"""A population on disk: the tables of one part of a kept day."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.state.links import ADDRESS, NETWORK, ORGANISATION, PAYMENT
from gauger.engine.state.storage import read_table, unpack, write_table
from gauger.engine.statistics.background import Background
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

# Parts of a day, by the prefix of their tables.
REFERENCE = ""  # what later days are compared with
LONE = "lone_"  # flagged, but part of no finding: a held-out day must hold them, or it would measure zero by design
THIN = "thin_"  # too few calls for a day's evidence, but perhaps not for a week's
# What "not seen on an earlier clean day" is asked of; and who openly is one customer, for a week's verdicts.
_KEPT_CHANNELS = (ADDRESS, NETWORK, PAYMENT, ORGANISATION)
_LINK_FIELDS = {"link_owner": np.int64, "link_channel": np.uint8, "link_value": np.uint64}


def write_population(folder: Path, part: str, kept: Population) -> None:
    """Write the tables of a part."""
    linked = np.isin(kept.link_channel, _KEPT_CHANNELS)
    accounts: dict[str, pa.Array | np.ndarray] = {
        "account_id": pa.array(kept.account_ids, pa.string()),
        "calls": kept.calls,
        "sums": kept.sums,
    }
    write_table(folder, f"{part}accounts", accounts)
    write_table(folder, f"{part}statistics", kept.statistics)
    sample = {
        "owner": kept.sample_owner,
        "identity": kept.sample_identity,
        "features": kept.sample_features[kept.sample_row],
    }
    write_table(folder, f"{part}sample", sample)
    write_table(folder, f"{part}links", {name: getattr(kept, name)[linked] for name in _LINK_FIELDS})
    if kept.background is not None:
        write_table(folder, f"{part}background", {"count": kept.background.count, "total": kept.background.total})


def has_population(folder: Path, part: str) -> bool:
    """Whether a day has this part at all: those kept by earlier versions have the reference alone."""
    return (folder / f"{part}accounts.arrow").is_file()


def read_population(folder: Path, part: str) -> Population:
    """Read the tables of a part. Raises StateError when one is missing or damaged."""
    accounts, sample, links = (read_table(folder, f"{part}{name}") for name in ("accounts", "sample", "links"))
    statistics = read_table(folder, f"{part}statistics")
    background = None
    if (folder / f"{part}background.arrow").is_file():  # not in days kept by earlier versions
        table = read_table(folder, f"{part}background")
        total = unpack(table.column("total"), np.int64, (FEATURES,))
        background = Background(unpack(table.column("count"), np.int64), total)
    return Population(
        account_ids=accounts.column("account_id").to_pylist(),
        calls=unpack(accounts.column("calls"), np.int64),
        sums=unpack(accounts.column("sums"), np.int32, (FEATURES,)),
        statistics={name: unpack(statistics.column(name), np.float64) for name in statistics.column_names},
        sample_owner=unpack(sample.column("owner"), np.int64),
        sample_identity=unpack(sample.column("identity"), np.uint64),
        sample_row=np.arange(sample.num_rows),
        sample_features=unpack(sample.column("features"), np.int8, (FEATURES,)),
        background=background,
        **{name: unpack(links.column(name), dtype) for name, dtype in _LINK_FIELDS.items()},
    )
