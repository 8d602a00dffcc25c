"""The page of an accumulated course: headline, tiles, tables, pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.quality.verdict import Verdict
from RegSuite.report import dose_pictures
from RegSuite.report.dose_charts import dvh_bands
from RegSuite.report.dose_content import DoseFraction, DoseLine, DoseMetric, DosePage
from RegSuite.report.dose_headline import dose_headline, dose_tiles
from RegSuite.report.dose_page import dose_page
from RegSuite.report.dose_tables import limit_rows, metric_tables
from RegSuite.report.dose_view import DoseView
from RegSuite.report.draw import png
from RegSuite.report.result import Result
from RegSuite.report.structure_looks import structure_looks

TURN = ((0.96, 0.0, 0.28), (0.0, 1.0, 0.0), (-0.28, 0.0, 0.96))
PLANNING = Grid.make((32, 28, 20), (3.0, 3.0, 4.0), (-40.0, -30.0, -20.0), np.array(TURN).ravel().tolist())
DOSE = Grid.make((24, 22, 18), (4.0, 4.0, 4.5), (-42.0, -32.0, -22.0), np.array(TURN).ravel().tolist())
HOT = np.array([5.0, 9.0, 21.0])
"""Where the dose of these tests is highest, LPS mm."""

CALIBRATED = {
    "measured_on": "100 phantoms",
    "vectors": [{"nominal": 0.9, "measured": 0.88, "low": 0.85, "high": 0.91}],
    "dvh": {
        "organs": {"nominal": 0.9, "measured": 0.91, "low": 0.88, "high": 0.93},
        "targets": {"nominal": 0.9, "measured": 0.89, "low": 0.86, "high": 0.92},
    },
}


def points(grid):
    z, y, x = np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij")
    return grid.points(np.stack([x, y, z], axis=-1).astype(float))


def image(values, grid):
    return Image(torch.as_tensor(np.asarray(values), dtype=torch.float32)[None], grid)


def blob(grid, top=60.0, sd=12.0):
    return top * np.exp(-((points(grid) - HOT) ** 2).sum(axis=-1) / (2 * sd**2))


def page(**changes):
    axis = np.linspace(0, 60, 61)
    curve = np.clip(100 - axis * 1.7, 0, 100)
    marks = np.zeros(DOSE.shape, np.uint8)
    values = {
        "planning": image(200 * (np.linalg.norm(points(PLANNING), axis=-1) < 45), PLANNING),
        "structures": {"GTV": (200, 30, 30), "Cord": None},
        "share": lambda _name: (np.linalg.norm(points(DOSE) - HOT, axis=-1) < 10).astype(np.float32),
        "dose": image(blob(DOSE), DOSE),
        "eqd2": {},
        "marks": Image(torch.as_tensor(marks)[None], DOSE),
        "spread": {"dose_sd": image(blob(DOSE, 2.0), DOSE)},
        "lines": [
            DoseLine("GTV", "physical", axis, curve, np.clip(curve - 4, 0, 100), np.clip(curve + 4, 0, 100)),
            DoseLine("Cord", "physical", axis, curve / 2),
        ],
        "metrics": [
            DoseMetric("GTV", "D95", "Gy", 57.1, 55.9, 57.0, 58.2),
            DoseMetric("Cord", "D95", "Gy", 0.1234),
            DoseMetric("GTV", "EQD2", "Gy", 61.0, 60.0, 61.0, 62.0),
        ],
        "fractions": [
            DoseFraction(
                "day1", 5, {}, image(np.zeros(DOSE.shape), DOSE), image(blob(DOSE), DOSE), warped=None
            )
        ],
    }
    return DosePage(**(values | changes))


def dose_section(**changes):
    out = {
        "mapping": "ddm",
        "assumptions": ["one"],
        "sampling": {"source": "laplace", "samples": 100, "correlation": "same"},
        "calibration": CALIBRATED,
        "fractions": [
            {
                "name": "day1",
                "fractions": 5,
                "registered": "deformable",
                "marks": {"outside": 0, "folded": 0, "undefined": 0},
                "jacobian": {"min": 0.71, "max": 1.4},
                "uncertainty_mm": {"mean": 1.34, "p95": 2.2, "max": 3.0},
            }
        ],
        "structures": {
            "GTV": {"covered_percent": 100.0, "rule": "closed surface"},
            "Cord": {"covered_percent": 100.0, "rule": "closed surface"},
        },
    }
    return {k: v for k, v in (out | changes).items() if v is not None}


def record(*verdicts, warnings=(), **dose):
    return Result(
        workflow="dose",
        status="completed",
        verdicts=list(verdicts),
        warnings=list(warnings),
        dose=dose_section(**dose),
    )


def verdict(word, value=44.0, p05=43.0, p95=46.0, structure="Cord"):
    return Verdict(
        measure=f"dose.{structure}.D0.03cc", value=value, limit=45.0, verdict=word, p05=p05, p95=p95,
        unit="Gy", bound="max", source="QUANTEC",
    )  # fmt: skip


def test_green_is_for_limits_that_are_met_with_calibrated_bands_and_no_warning():
    head = dose_headline(page(), record(verdict("pass", 40, 39, 41)))
    assert (head.tone, head.title) == ("pass", "Within the dose limits, bands included")
    assert "Cord D0.03cc 40 Gy (39 to 41; at most 45 Gy)" in head.sentence


@pytest.mark.parametrize(
    ("found", "dose", "warnings", "words"),
    [
        ({"spread": {}}, {}, (), "Nothing is said of the deformation's uncertainty"),
        ({}, {"calibration": None}, (), "was not measured"),
        ({}, {}, ("the deformation folds",), "Mind the 1 warning below"),
    ],
)
def test_what_stands_against_trusting_it_takes_the_green_away(found, dose, warnings, words):
    head = dose_headline(page(**found), record(verdict("pass", 40, 39, 41), warnings=warnings, **dose))
    assert head.tone == "unsure"
    assert words in head.sentence


def test_a_band_over_the_limit_is_not_certain_and_a_failure_leads():
    head = dose_headline(page(), record(verdict("not certain"), verdict("pass", 10, 9, 11)))
    assert (head.tone, head.title) == ("unsure", "1 dose limit of 2 not certain")
    head = dose_headline(page(), record(verdict("not certain"), verdict("fail", 50, 49, 51)))
    assert (head.tone, head.title) == ("fail", "1 dose limit of 2 not met")


def test_without_limits_nothing_is_judged():
    head = dose_headline(page(), record())
    assert (head.tone, head.title) == ("unsure", "Dose accumulated, not judged")
    silent = verdict("not measured", None, None, None)
    assert "None of the limits could be measured" in dose_headline(page(), record(silent)).sentence


def test_the_tiles_say_what_was_not_measured():
    tiles = {t.name: t for t in dose_tiles(page(), record(sampling=None, calibration=None))}
    assert tiles["Largest dose"].value == f"{float(blob(DOSE).max()):.2f} Gy"
    assert tiles["Deformation's SD"].value == "not measured"
    assert tiles["Bands held the truth"].value == "not measured"
    tiles = {t.name: t for t in dose_tiles(page(), record())}
    assert tiles["Deformation's SD"].value == "1.3 mm"
    assert (tiles["Bands held the truth"].value, tiles["Bands held the truth"].tone) == ("91 / 89 %", None)


def test_a_calibration_of_other_conditions_is_not_shown_as_this_courses_own():
    tiles = {t.name: t for t in dose_tiles(page(), record(calibration_doubts=["registered otherwise"]))}
    assert tiles["Bands held the truth"].tone == "unsure"
    assert "not under this course's conditions" in tiles["Bands held the truth"].below


def test_the_structure_whose_dose_is_least_known_has_a_tile():
    structures = {"GTV": {"covered_percent": 100.0}, "Cord": {"covered_percent": 93.2}}
    tile = next(t for t in dose_tiles(page(), record(structures=structures)) if t.name == "Dose not known")
    assert (tile.value, tile.tone) == ("6.8 %", "unsure")
    assert "Cord" in tile.below


def test_limits_that_fail_stand_first_with_their_band():
    rows = limit_rows(record(verdict("pass", 40, 39, 41), verdict("fail", 50, 49, 51, "Lung")))
    assert [(r["structure"], r["metric"], r["verdict"]) for r in rows] == [
        ("Lung", "D0.03cc", "fail"),
        ("Cord", "D0.03cc", "pass"),
    ]
    assert (rows[0]["value"], rows[0]["band"], rows[0]["limit"]) == (
        "50.00 Gy",
        "49.00 to 51.00",
        "at most 45 Gy",
    )


def test_a_structure_may_have_dots_in_its_name():
    there = {"structures": {name: {"covered_percent": 100.0} for name in ("PTV_50", "PTV_50.4")}}
    found = record(verdict("fail", structure="PTV_50.4"), verdict("fail", structure="Not there"), **there)
    assert [(r["structure"], r["metric"]) for r in limit_rows(found)] == [
        ("PTV_50.4", "D0.03cc"),
        ("Not there", "D0.03cc"),
    ]
    assert "PTV_50.4 D0.03cc 44 Gy" in dose_headline(page(), found).sentence


def test_physical_and_effective_metrics_have_tables_of_their_own():
    physical, effective = metric_tables(page())
    assert physical.columns == [("D95", "Gy")]
    assert effective.columns == [("EQD2", "Gy")]
    assert (physical.cells["GTV"][0].value, physical.cells["GTV"][0].band) == ("57.10", "55.90 – 58.20")
    assert (physical.cells["Cord"][0].value, physical.cells["Cord"][0].band) == ("0.123", "")
    assert effective.cells["Cord"][0].value == "–"


def test_the_pictures_are_cut_where_the_dose_is_highest_on_an_oblique_grid():
    found = page()
    view = DoseView(found.planning, found.dose)
    assert np.linalg.norm(np.array(view.place.point_mm) - HOT) < 3.5  # half a diagonal of a voxel
    for plane in view.planes:
        cut = view.sampled(blob(DOSE).astype(np.float32), DOSE, plane)
        row, column = np.unravel_index(np.nanargmax(cut), cut.shape)
        assert np.abs(np.array([row, column]) - view.position(plane, view.place)).max() <= 1


def test_a_sampled_plane_is_unknown_beyond_the_dose_and_where_it_is_unknown():
    found = page()
    view = DoseView(found.planning, found.dose)
    small = Grid.make((6, 6, 6), DOSE.spacing, tuple(HOT - 6), DOSE.direction)
    plane = view.planes[0]
    cut = view.sampled(np.ones(small.shape, np.float32), small, plane)
    assert np.isnan(cut).any()
    assert np.nanmax(np.abs(cut - 1)) == 0
    assert np.isnan(view.sampled(np.full(DOSE.shape, np.nan, np.float32), DOSE, plane)).all()


def test_marks_are_drawn_in_the_colours_that_the_caption_names():
    bits = np.zeros(DOSE.shape, np.uint8)
    bits[:] = 2
    found = page(marks=Image(torch.as_tensor(bits)[None], DOSE))
    view = DoseView(found.planning, found.dose)
    shown = dose_pictures.marked(view, found.marks, lambda _axes, _plane: None)
    drawn = shown.after.axes[0].images[-1].get_array()
    seen = np.asarray(drawn)[np.asarray(drawn)[..., 3] > 0]
    assert seen[0, :3].tolist() == pytest.approx([0xEF / 255, 0x44 / 255, 0x44 / 255])
    assert "Red: the deformation folds" in shown.caption
    nothing = Image(torch.zeros(1, *DOSE.shape, dtype=torch.uint8), DOSE)
    assert dose_pictures.marked(view, nothing, lambda _axes, _plane: None) is None


def test_the_band_of_a_dvh_is_drawn_between_its_percentiles():
    found = page()
    figure = dvh_bands(found.lines, structure_looks(found.structures))
    axes = figure.axes[0]
    assert len(axes.collections) == 1  # the cord has no band
    corners = axes.collections[0].get_paths()[0].vertices
    inside = corners[np.abs(corners[:, 0] - 30) < 0.01, 1]
    assert (inside.min(), inside.max()) == pytest.approx((45, 53), abs=0.01)


def test_fifteen_structures_look_different():
    looks = structure_looks(dict.fromkeys(f"s{i}" for i in range(15)))
    assert len(set(looks.values())) == 15
    assert len({colour for colour, _ in looks.values()}) == 15


def test_the_page_is_one_file_that_shows_bands_limits_and_doubts():
    bits = np.zeros(DOSE.shape, np.uint8)
    bits[0] = 1
    found = page(
        marks=Image(torch.as_tensor(bits)[None], DOSE),
        difference_gy=image(blob(DOSE, 1.0), DOSE),
        fractions=[
            DoseFraction(
                "day1",
                5,
                {},
                image(np.zeros(DOSE.shape), DOSE),
                image(blob(DOSE), DOSE),
                Image(torch.ones(3, *DOSE.shape), DOSE),
                page().planning,
            )
        ],
    )
    comparison = {
        "asked": "ddm", "other": "emt", "pass_rate_percent": 99.5, "percent": 2.0, "distance_mm": 2.0,
    }  # fmt: skip
    text = dose_page(
        found, record(verdict("not certain"), warnings=["<b>folds</b> in the lung"], comparison=comparison)
    )
    assert "&lt;b&gt;folds&lt;/b&gt; in the lung" in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    for words in ("Uncertainty of the dose", "Where the dose is not known", "Between the two mappings",
                  "energy/mass transfer", "not certain", "day1 on the planning image", "91.0 %"):  # fmt: skip
        assert words in text, words


def test_a_dose_of_nothing_has_a_page_too():
    nothing = image(np.zeros(DOSE.shape), DOSE)
    found = page(dose=nothing, spread={})
    shown = dose_pictures.accumulated(DoseView(found.planning, nothing), nothing, lambda _a, _p: None)
    assert png(shown.after).startswith(b"\x89PNG")
    assert "Dose accumulated" in dose_page(found, record(sampling=None, calibration=None))
