"""The page of a gamma: pass rate without a verdict, the place where most fails, structures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.report.gamma_page import GammaPage, _view, gamma_chart, gamma_headline, gamma_page
from RegSuite.report.result import Result

GRID = Grid.make((30, 26, 16), (2.0, 2.0, 3.0), (-10.0, 5.0, 100.0))


def summary(**changes):
    return {
        "pass_rate_percent": 91.234, "judged_voxels": 1000, "not_reached_voxels": 3, "mean": 0.4,
        "median": 0.3, "p95": 1.2, "max": 2.0,
        "structures": {"PTV": {"pass_rate_percent": 99.0, "judged_cc": 12.0},
        "Cord": {"pass_rate_percent": 70.5, "judged_cc": 3.0}}, "reference": "the reference is judged",
        "percent": 3.0, "percent_is": "global", "normalisation_gy": 60.0, "distance_mm": 2.0,
        "cutoff_percent": 10.0, "max_gamma": 2.0, "interpolation": "linear", "search_step_mm": 0.2,
    } | changes  # fmt: skip


def found(failing=()):
    values = np.full(GRID.shape, 0.5, np.float32)
    values[:, :, :4] = np.nan
    for z, y, x in failing:
        values[z, y, x] = 1.7
    dose = torch.linspace(0, 60, GRID.voxels).reshape(1, *GRID.shape)
    return GammaPage(Image(dose, GRID), Image(torch.from_numpy(values)[None], GRID))


def test_the_headline_gives_the_rate_and_its_criteria_and_no_verdict():
    head = gamma_headline(summary(), 2)
    assert head.title == "91.23 % of the voxels pass"
    assert "3 % (global) / 2 mm" in head.sentence
    assert "No limit is applied" in head.sentence
    assert "2 warnings" in head.sentence


def test_the_planes_go_through_where_most_voxels_fail_together():
    lone = [(2, 3, 25)]
    crowd = [(z, y, x) for z in (10, 11) for y in (15, 16, 17) for x in (12, 13, 14)]
    assert np.abs(np.array(_view(found(lone + crowd)).place.index) - (13, 16, 10)).max() <= 1
    assert "failing" in _view(found(lone)).place.why
    assert "maximum" in _view(found()).place.why


def test_the_histogram_holds_every_judged_voxel_and_colours_those_over_one():
    axes = gamma_chart(np.array([0.1, 0.9, 1.3, 2.0, np.nan])).axes[0]
    heights = np.array([bar.get_height() for bar in axes.patches])
    assert heights.sum() == pytest.approx(100)
    over = [bar.get_facecolor() for bar in axes.patches if bar.get_x() >= 1]
    under = [bar.get_facecolor() for bar in axes.patches if bar.get_x() + bar.get_width() <= 1]
    assert not set(over) & set(under)


def test_the_page_puts_the_lowest_structure_first_and_escapes_words():
    record = Result(
        workflow="gamma", status="completed", gamma=summary(), warnings=["<i>edge</i> not reached"]
    )
    text = gamma_page(found([(5, 5, 9)]), record)
    assert text.index("Cord") < text.index("PTV")
    assert "&lt;i&gt;edge&lt;/i&gt;" in text
    assert "70.50 %" in text
