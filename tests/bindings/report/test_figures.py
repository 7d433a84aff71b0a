"""Figures: few labels, every bar, findings first."""

import datetime as dt
import re

import numpy as np
import pytest

from gauger.report import figures

START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


@pytest.mark.parametrize("hours", [1, 24, 49, 24 * 14, 24 * 15, 24 * 400])
def test_volume_has_few_labels_and_a_bar_for_each_hour_or_day(hours: int) -> None:
    svg = figures.volume(START, [10] * hours, [1] * hours)
    assert 1 <= svg.count('text-anchor="middle"') <= 14
    bars = re.findall(r'class="plain" d="([^"]*)"', svg)[0].count("M")
    assert bars == (hours if hours <= 24 * 14 else hours // 24)


def test_evidence_stands_on_its_side_of_the_line() -> None:
    scores = np.array([0.1, 2.99, 3.0, 4.0])
    svg = figures.evidence(scores, scores >= 3, 3.0)
    line = float(re.findall(r'class="line" d="M([\d.]+)', svg)[0])
    alarmed = [float(x) for x in re.findall(r"M([\d.]+)", re.findall(r'class="alarm" d="([^"]*)"', svg)[0])]
    kept = [float(x) for x in re.findall(r"M([\d.]+)", re.findall(r'class="plain" d="([^"]*)"', svg)[0])]
    assert min(alarmed) >= line - 0.1 > max(kept)


def test_map_keeps_accounts_of_findings_when_it_thins() -> None:
    kind = np.zeros(50_000, np.int64)
    kind[::5_000] = 1
    shown = figures._sample(kind)
    assert len(shown) == len(set(shown.tolist())) == figures.points_shown(50_000)
    assert (kind[shown] == 1).sum() == 10
    places = np.linspace(0, 1, 50_000)
    assert (
        re.findall(r'class="points alarm" d="([^"]*)"', figures.neighbourhood(places, places, kind))[0].count("M") == 10
    )


@pytest.mark.parametrize("values", [np.array([5.0]), np.array([1.0, 1.0])])
def test_map_of_one_place_is_drawn(values: np.ndarray) -> None:
    assert "nan" not in figures.neighbourhood(values, values, np.zeros(len(values), np.int64))
