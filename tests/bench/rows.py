"""A row of the history, made up."""

from __future__ import annotations

from typing import Any

from bench.accuracy import run as accuracy
from bench.speed.stages import STAGES_TASK, THREADS_TASK
from bench.world import texts
from gauger.benchmark.rivals.contest import HASHES, TEXT, TOKENS
from gauger.benchmark.stages import FLOOR, PASS


def rival(package: str, text: float, tokens: float, hashes: float | None = None) -> dict[str, Any]:
    """A library with its ratios."""
    row: dict[str, Any] = {"packages": [package], "note": "what to know", "tokenising": 0.25}
    for kind, ratio in ((TEXT, text), (TOKENS, tokens), (HASHES, hashes)):
        if ratio is not None:
            row[kind] = {"seconds": 1.0, "ratio": ratio}
    return row


def contest(rivals: dict[str, Any]) -> dict[str, Any]:
    """A task on a thousand prompts."""
    return {"prompts": 1_000, "bytes": 1_000_000, "rounds": 7, "ours": {TEXT: 0.002}, "rivals": rivals}


def row() -> dict[str, Any]:
    """Everything measured, each target met but that of rensa."""
    tasks = {
        STAGES_TASK: {
            "prompts": 1_000,
            "bytes": 1_000_000,
            "rounds": 7,
            "stages": [
                {"name": FLOOR, "seconds": 0.00004, "floors": 1.0},
                {"name": PASS, "seconds": 0.004, "floors": 100.0},
            ],
        },
        THREADS_TASK: {
            "prompts": 1_000,
            "bytes": 1_000_000,
            "speedup": {"1 thread": 1.0, "2 threads": 1.9},
            "control": {"1 thread": 1.0, "2 threads": 2.0},
        },
        "MinHash": contest(
            {
                "datasketch sha1": rival("datasketch", 160.0, 120.0, 90.0),
                "datasketch xxhash": rival("datasketch", 70.0, 50.0),
                "rensa R-MinHash": rival("rensa", 9.0, 1.0, 1.6),
                "rensa Rho, all tokens": rival("rensa", 9.0, 1.0, 0.8),
                "gaoya": rival("gaoya", 21.0, 20.0),
            }
        ),
        "distinct words": contest(
            {
                "datasketches": rival("datasketches", 25.0, 12.5),
                "duckdb": rival("duckdb", 25.0, 2.6),
                "polars": rival("polars", 15.0, 1.1),
            }
        ),
        "word counts": contest({"datasketches": rival("datasketches", 25.0, 13.0)}),
        "template matching": contest({"Drain3": rival("drain3", 2.0, 2.0)}),
    }
    usage = {"seconds": 10.0, "cpu_seconds": 12.0, "peak_bytes": 2**31}
    return {
        "date": "2026-03-16T00:00:00+00:00",
        "commit": "abc",
        "machine": "a machine",
        "versions": {"Python": "3.11"},
        "command": "make bench",
        "load": 0.1,
        "failed": {},
        "speed": {texts.REAL: tasks, texts.REAL_LONG: tasks},
        "accuracy": _accuracy(),
        "sections": {"cold_start": "It starts.\n"},
        "command_line": {
            "calls": 1_000, "accounts": 50, "prompt_bytes": 1_000_000, "file_bytes": 400_000, "threads": 2,
            "ratios": [5.0, 5.5, 7.0], "ratio": 5.5, "reading": usage, "scoring": usage,
            "stages": {"ingest": 10.0, "weigh": 12.0, "evidence": 8.0, "campaigns": 1.5, "write": 3.0},
            "reference_accounts": 30,
        },
    }  # fmt: skip


def _accuracy() -> dict[str, Any]:
    return {
        accuracy.MINHASH: [
            _minhash("gauger", 4, 1.05),
            _minhash("gauger", 64, 0.75),
            _minhash("datasketch", 4, 1.0),
            _minhash("datasketch", 64, 1.0),
        ],
        accuracy.DISTINCT: [
            {"who": "gauger", "cardinality": 10, "trials": 9, "rms": 0.001, "bias": 0.0, "theory": 0.008},
            {"who": "polars", "cardinality": 10, "trials": 5, "rms": 0.002, "bias": 0.0, "theory": 0.0},
        ],
        accuracy.TEMPLATES: [
            {
                "who": "gauger",
                "corpus": "a set",
                "prompts": 9,
                "templates": 2,
                "precision": 0.9,
                "recall": 0.5,
                "f1": 0.64,
            }
        ],
        accuracy.COUNTS: [
            {
                "who": "gauger",
                "width": 1024,
                "depth": 2,
                "trials": 3,
                "queries": 30,
                "under": 0,
                "over": 0.01,
                "delta": 0.1,
                "mean_over": 0.2,
            }
        ],
    }


def _minhash(who: str, size: int, over: float) -> dict[str, Any]:
    return {
        "who": who, "size": size, "similarity": 0.5, "trials": 100, "rmse": 0.04 * over, "bias": 0.001, "theory": 0.04
    }  # fmt: skip
