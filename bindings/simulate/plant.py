"""Campaigns planted in a log of one's own: how would they fare in the real traffic?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake.admission import admit
from gauger.logs.columns import load_column_map
from gauger.logs.readers import discover, read
from gauger.simulate import calls as call_arrays
from gauger.simulate import campaigns as campaign_traffic
from gauger.simulate import files, people
from gauger.simulate.accounts import MICROSECONDS_PER_DAY, Network
from gauger.simulate.campaigns import DEFAULT_CAMPAIGNS, CampaignSpec
from gauger.simulate.days import SimulatedPaths
from gauger.simulate.language.prompts import grammar

_ROWS_PER_BATCH = 16_384
_ID_SAMPLE = 2_000
_PAD_STYLES = 50
# Values a campaign takes over from the log: its own would give it away at once.
_BORROWED = ("request_model", "user_agent_original", "client_ja4")


def _read_log(log: Path | Sequence[Path], column_map: str | None) -> tuple[pa.Table, str]:
    """All calls of the log that can be scored, in order of time, and a name for them."""
    paths = discover([log] if isinstance(log, str | Path) else list(log))
    mapping = load_column_map(column_map)
    admitted = [admit(chunk.batch).calls for path in paths for chunk in read(path, mapping)]
    kept = [batch for batch in admitted if batch.num_rows]
    if not kept:
        raise InputError(f"{paths[0]}: holds no call that can be scored; check the column map (--columns)")
    table = pa.concat_tables([pa.Table.from_batches([batch]) for batch in kept], promote_options="default")
    if "prompt_text" not in table.schema.names or "prompt_token_ids" in table.schema.names:
        raise InputError(f"{paths[0]}: has token ids in place of text; campaigns can be planted in text only")
    table = table.select([name for name in CALL_SCHEMA.names if name in table.schema.names])
    return table.take(pc.sort_indices(table["start_time"])), paths[0].name.split(".")[0]


def imitated_ids(rng: np.random.Generator, known: pa.StringArray, count: int) -> pa.StringArray:
    """``count`` new identifiers that look like the ``known`` ones.

    Every character is the one that another known identifier of the same length has in its place; where that
    yields nothing new (few or very regular ones), digits are appended.
    """
    everyone = set(known.to_pylist())
    sample = sorted(everyone)
    if len(sample) > _ID_SAMPLE:
        sample = [sample[i] for i in rng.choice(len(sample), _ID_SAMPLE, replace=False)]
    same_length: dict[int, list[str]] = {}
    for identifier in sample:
        same_length.setdefault(len(identifier), []).append(identifier)
    made: list[str] = []
    while len(made) < count:
        peers = same_length[len(sample[rng.integers(len(sample))])]
        draws = rng.integers(0, len(peers), len(peers[0]))
        new = "".join(peers[draw][place] for place, draw in enumerate(draws))
        while new in everyone:
            new += str(rng.integers(10))
        everyone.add(new)
        made.append(new)
    return pa.array(made, pa.string())


def _borrow(rng: np.random.Generator, column: pa.ChunkedArray, account: np.ndarray, few: int) -> pa.Array:
    """A value per call out of ``few`` that the log has, the same for all calls of an account."""
    values = pc.unique(column.drop_null())
    if not len(values):
        return pa.nulls(account.size, column.type)
    chosen = rng.integers(0, len(values), few)
    return values.take(pa.array(chosen[account % few]))


def _campaign_table(
    rng: np.random.Generator, log: pa.Table, spec: CampaignSpec, number: int, known: pa.StringArray
) -> tuple[pa.Table, pa.StringArray]:
    """One campaign's calls over the span of the log, with the log's columns, and its account ids."""
    start, end = (value.cast(pa.int64()).as_py() for value in pc.min_max(log["start_time"]).values())
    span = max(end - start, 1)
    days = max(1, round(span / MICROSECONDS_PER_DAY))
    network = Network(rng)
    accounts = campaign_traffic.campaign_accounts(rng, spec, number, network, start)
    pads = people.draw_people(rng, _PAD_STYLES)
    calls = campaign_traffic.campaign_calls(rng, spec, number, accounts, 0, pads, 0, days)
    prompt = call_arrays.prompt_texts(calls, rng)
    if spec.kind == "padded":
        padded = calls.root != grammar().symbol("brief")
        rows = rng.choice(log.num_rows, int(padded.sum()), replace=int(padded.sum()) > log.num_rows)
        pad_text = log["prompt_text"].take(pa.array(rows)).combine_chunks()
        prompt = pc.replace_with_mask(prompt, pa.array(padded), pad_text)
    batch = call_arrays.record_batch(accounts, calls, network.addresses(), network.as_numbers(), rng, prompt=prompt)
    identifiers = imitated_ids(rng, known, spec.accounts)
    time = start + (calls.time * (span / (days * MICROSECONDS_PER_DAY))).astype(np.int64)
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns["start_time"] = pa.array(time).cast(CALL_SCHEMA.field("start_time").type)
    columns["account_id"] = identifiers.take(pa.array(calls.account))
    for name in set(_BORROWED) & set(log.schema.names):
        columns[name] = _borrow(rng, log[name], calls.account, 2)
    empty = {field.name: pa.nulls(len(calls), field.type) for field in log.schema if field.name not in columns}
    columns |= empty
    return pa.table([columns[name] for name in log.schema.names], schema=log.schema), identifiers


def _slices(table: pa.Table) -> Iterator[pa.RecordBatch]:
    order = pc.sort_indices(table["start_time"])
    for start in range(0, len(order), _ROWS_PER_BATCH):
        yield table.take(order.slice(start, _ROWS_PER_BATCH)).combine_chunks().to_batches()[0]


def plant(
    log: Path | Sequence[Path],
    out: Path,
    campaigns: Sequence[CampaignSpec] = DEFAULT_CAMPAIGNS,
    seed: int = 1,
    column_map: str | None = None,
) -> SimulatedPaths:
    """Write the calls of ``log`` with ``campaigns`` among them, and who was who.

    Campaigns run over the whole span of the log with ``calls`` a day and account, fill only columns the log
    has and use identifiers like its own; ``padded`` ones pad from it. Its own accounts get kind "own"; rows
    that cannot be scored are left out. The log must fit in memory. Raises ``GaugerError``.
    """
    out = Path(out)
    table, name = _read_log(log, column_map)
    own = pc.unique(table["account_id"])
    known, tables = own, [table]
    truth: list[tuple[pa.StringArray, str | None, str]] = [(own, None, "own")]
    for number, spec in enumerate(campaigns):
        rng = np.random.default_rng([seed, 3, number])
        planted, identifiers = _campaign_table(rng, table, spec, number, known)
        known = pa.concat_arrays([known, identifiers])
        tables.append(planted)
        truth.append((identifiers, campaign_traffic.campaign_name(spec, number), spec.kind))
    day_path, truth_path = out / "day" / f"{name}.parquet", out / "truth.parquet"
    files.write_calls(day_path, table.schema, _slices(pa.concat_tables(tables)))
    files.write_truth(
        truth_path,
        known,
        pa.concat_arrays([pa.array([label] * len(ids), pa.string()) for ids, label, _ in truth]),
        pa.concat_arrays([pa.array([kind] * len(ids), pa.string()) for ids, _, kind in truth]),
    )
    return SimulatedPaths((), day_path, truth_path)
