"""The tables of ``docs/performance.md``, from one row of the history."""

from collections.abc import Sequence
from typing import Any

from bench.accuracy import run as accuracy
from bench.pages.history import Row
from bench.pages.markdown import table
from bench.speed.stages import STAGES_TASK, THREADS_TASK
from bench.speed.targets import TARGETS, Target
from bench.world import texts
from bench.world.texts import REAL, REAL_LONG, SIMULATED
from gauger.benchmark.rivals.contest import HASHES, OURS, TEXT, TOKENS


def targets(row: Row) -> str:
    """Every target, what was measured, and the verdict."""
    lines = []
    for target in TARGETS:
        value = target.measured(row)
        others = [_shown(target, target.measured(row, name)) if target.is_speed else "" for name in (REAL, SIMULATED)]
        wanted = [target.wanted(target.least), target.wanted(target.aim)]
        lines.append([target.name, *wanted, _shown(target, value), target.verdict(value), *others])
    return table(["", "at least", "aim", f"measured ({REAL_LONG})", "", f"({REAL})", f"({SIMULATED})"], lines)


def _shown(target: Target, value: float | None) -> str:
    return "-" if value is None else f"{value:.3g} {target.unit}".rstrip()


def stages(row: Row) -> str:
    """One table a corpus: every step of the pass."""
    parts = []
    for corpus, tasks in _corpora(row):
        if STAGES_TASK not in tasks:
            continue
        task = tasks[STAGES_TASK]
        prompts, size = task["prompts"], task["bytes"]
        lines = [
            [
                stage["name"],
                f"{stage['seconds'] / size * 1e9:.3f}",
                f"{prompts / stage['seconds']:,.0f}" if stage["seconds"] > 0 else "-",
                f"{stage['floors']:.1f}",
            ]
            for stage in task["stages"]
        ]
        head = f"**{corpus}**: {prompts:,} prompts of {size / prompts:,.0f} bytes, {task['rounds']} rounds.\n\n"
        parts.append(head + table(["stage", "ns/byte", "prompts/s per core", "x byte scan"], lines))
    return "\n\n".join(parts)


def threads(row: Row) -> str:
    """The pass on several threads, and hashing that shares nothing, which shows what the machine had to give."""
    lines = [
        [f"{corpus}: {what}", *(f"{speedup:.2f} x" for speedup in tasks[THREADS_TASK][figure].values())]
        for corpus, tasks in _corpora(row)
        if THREADS_TASK in tasks
        for what, figure in (("the pass", "speedup"), ("hashing, shares nothing", "control"))
    ]
    names = next((list(tasks[THREADS_TASK]["speedup"]) for _, tasks in _corpora(row) if THREADS_TASK in tasks), [])
    return table(["prompts", *names], lines)


def rivals(row: Row, task: str) -> str:
    """One task: every library's speed on every corpus, and accuracy beside it."""
    errors = _errors(row, task)
    lines = []
    for corpus, tasks in _corpora(row):
        if task not in tasks:
            continue
        figures = tasks[task]
        ours = figures["ours"][TEXT]
        rate = f"{ours / figures['bytes'] * 1e9:.2f} ns/byte, {figures['prompts'] / ours:,.0f} prompts/s"
        lines.append([f"**{corpus}**: gauger, {rate}", "1 x", "", "", "", errors.get(OURS, "")])
        lines += [
            [
                name,
                *(_ratio(rival, TEXT), _share(rival), _ratio(rival, TOKENS), _ratio(rival, HASHES)),
                errors.get(name, errors.get(name.split(" ")[0], "")),
            ]
            for name, rival in figures["rivals"].items()
        ]
    head = ["", "from text", "of that, Python makes tokens", "tokens ready for it", "kernels alone", "error"]
    return table(head, lines) + "\n" + _notes(row, task)


def _ratio(rival: dict[str, Any], kind: str) -> str:
    return f"{rival[kind]['ratio']:.1f} x" if kind in rival else "-"


def _share(rival: dict[str, Any]) -> str:
    return f"{100 * rival['tokenising']:.0f} %" if "tokenising" in rival else "none"


def _notes(row: Row, task: str) -> str:
    notes = {
        name: rival["note"]
        for _, tasks in _corpora(row)
        for name, rival in tasks.get(task, {}).get("rivals", {}).items()
        if rival["note"]
    }
    return "".join(f"\n- {name}: {note}." for name, note in notes.items())


def _errors(row: Row, task: str) -> dict[str, str]:
    """The error of each estimator in one cell, largest over what was tried."""
    found = row.get("accuracy", {}).get(task, [])
    return {who: _error(task, [one for one in found if one["who"] == who]) for who in {one["who"] for one in found}}


def _error(task: str, rows: Sequence[dict[str, Any]]) -> str:
    if task == accuracy.MINHASH:
        return f"{max(one['rmse'] / one['theory'] for one in rows):.2f} of theory at worst"
    if task == accuracy.DISTINCT:
        return f"{100 * max(one['rms'] for one in rows):.2f} % at worst"
    if task == accuracy.TEMPLATES:
        return "F1 " + ", ".join(f"{one['f1']:.2f}" for one in rows)
    return f"{max(one['over'] / one['delta'] for one in rows):.3f} of delta at worst"


def minhash_errors(row: Row) -> str:
    """RMSE of every estimator over theory, by size of the sets; the largest over the similarities."""
    found = row["accuracy"][accuracy.MINHASH]
    sizes = sorted({one["size"] for one in found})
    lines = []
    for who in dict.fromkeys(one["who"] for one in found):
        mine = [one for one in found if one["who"] == who]
        worst = [max(one["rmse"] / one["theory"] for one in mine if one["size"] == size) for size in sizes]
        bias = max((one["bias"] for one in mine), key=abs)
        lines.append([who, str(mine[0]["trials"]), *(f"{value:.2f}" for value in worst), f"{bias:+.4f}"])
    return table(["", "pairs", *(f"{size} elements" for size in sizes), "largest bias"], lines)


def distinct_errors(row: Row) -> str:
    """RMS relative error in percent by cardinality."""
    found = row["accuracy"][accuracy.DISTINCT]
    names = list(dict.fromkeys(one["who"] for one in found))
    cells = {(one["who"], one["cardinality"]): f"{100 * one['rms']:.3f}" for one in found}
    cardinalities = sorted({one["cardinality"] for one in found})
    trials = {one["who"]: one["trials"] for one in found}
    lines = [[f"{number:,}", *(cells.get((who, number), "-") for who in names)] for number in cardinalities]
    return table(["distinct", *(f"{who}, {trials[who]:,} trials" for who in names)], lines)


def count_errors(row: Row) -> str:
    """Under- and over-counts."""
    lines = [
        [
            f"{one['who']}, {one['depth']} x {one['width']:,}",
            f"{one['trials']:,}",
            f"{one['queries']:,}",
            f"{one['under']:,}",
            f"{100 * one['over']:.4f} %",
            f"{100 * one['delta']:.1f} %",
            f"{one['mean_over']:.3f}",
        ]
        for one in row["accuracy"][accuracy.COUNTS]
    ]
    head = ["", "trials", "queries", "under", "over by more than eps N", "allowed", "mean over-count / eps N"]
    return table(head, lines)


def template_errors(row: Row) -> str:
    """Pairs put together rightly."""
    lines = [
        [
            f"{one['who']}, {one['corpus']}",
            f"{one['prompts']:,}",
            f"{one['templates']:,}",
            *(f"{one[figure]:.2f}" for figure in ("precision", "recall", "f1")),
        ]
        for one in row["accuracy"].get(accuracy.TEMPLATES, [])
    ]
    return table(["", "prompts", "templates", "precision", "recall", "F1"], lines)


def log(figures: Row) -> str:
    """What the whole command was measured on, and the ratio of each round."""
    lines = [
        ["simulated calls, a tenth of them campaigns", f"{figures['calls']:,}"],
        ["accounts", f"{figures['accounts']:,}"],
        ["bytes of prompt each", f"{figures['prompt_bytes'] / figures['calls']:,.0f}"],
        ["MB of Parquet (zstd)", f"{figures['file_bytes'] / 1e6:,.0f}"],
        ["accounts of three reference days", f"{figures['reference_accounts']:,}"],
        ["threads, of both", f"{figures['threads']}"],
        ["rounds", f"{len(figures['ratios'])}"],
        ["`gauger score` over reading, by round", ", ".join(f"{one:.1f} x" for one in figures["ratios"])],
        ["median", f"**{figures['ratio']:.1f} x**"],
    ]
    return table(["", ""], lines)


def command(figures: Row) -> str:
    """The whole command beside pyarrow's reading."""
    lines = [
        [
            name,
            f"{one['seconds']:.2f}",
            f"{one['cpu_seconds']:.2f}",
            f"{one['peak_bytes'] / 2**30:.2f}",
            f"{one['peak_bytes'] / figures['calls']:,.0f}",
            f"{figures['calls'] / one['seconds']:,.0f}",
        ]
        for name, one in (("pyarrow reading", figures["reading"]), ("`gauger score`", figures["scoring"]))
    ]
    return table(["", "wall s", "user + sys s", "peak GiB", "bytes a call", "calls/s"], lines)


def seconds(figures: Row) -> str:
    """The run's own account of its seconds."""
    return table(["stage", "seconds"], [[name, f"{taken:.1f}"] for name, taken in figures["stages"].items()])


def _corpora(row: Row) -> list[tuple[str, dict[str, Any]]]:
    speed = row.get("speed", {})
    return [(name, speed[name]) for name in texts.NAMES if name in speed]
