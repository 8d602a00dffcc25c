"""The page: self-contained, whole, and right in its words."""

import re

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.report.html import report_html, write_report
from RegSuite.report.view import View
from Testing.quality.grids import oblique
from Testing.report.pictures import report_images
from Testing.report.results import a_failure, a_result

METRICS = {
    "tre_mm": {"mean": 1.25, "max": 2.0, "n": 12},
    "dice": {"1": 0.91},
    "dice_mean": 0.91,
    "similarity": {"name": "ncc", "before": 0.4, "after": 0.95},
    "jacobian": {"min": 0.8, "max": 1.2, "percent_nonpositive": 0.0, "sd_log": 0.1},
    "inverse_residual_mm": {"mean": 0.01, "p95": 0.02, "max": 0.05},
    "geodesic_length": 12.5,
}


@pytest.fixture(scope="module")
def page():
    result = a_result(METRICS, warnings=["<b>the field of view is cut</b>"], notes=["auto chose NCC"])
    return report_html(result, report_images(), command="regsuite register a b -o out")


def test_the_page_is_self_contained(page):
    assert not re.search(r"https?://|<link|<script src|url\(|@import", page)
    assert set(re.findall(r'src="([^,"]{0,22})', page)) == {"data:image/png;base64"}


def test_the_page_says_what_was_measured_and_how_it_was_made(page):
    for words in (
        "Within the limits, with warnings",
        "1.25 mm",
        "0.4 → 0.95",
        "not measured",
        "geodesic_length",
        "12.5",
        "AAPM TG-132",
        "regsuite register a b -o out",
        "auto chose NCC",
        "fixed.nii.gz",
        "160 × 192 × 224",
        "ab" * 32,
        "smoothing_mm",
        "812 MB",
        "radiological convention",
        "Blink",
        "share the colour scale",
    ):
        assert words in page, words


def test_words_of_inputs_are_no_markup(page):
    assert "&lt;b&gt;the field of view" in page
    assert "<b>the field" not in page


def test_every_picture_is_there_and_shown_without_scripts(page):
    for title in ("Blend", "Checkerboard", "Difference", "Label outlines"):
        assert f'alt="{title} before registration"' in page
        assert f'alt="{title} after registration"' in page
    for title in ("Deformation", "Jacobian determinant", "Dice by label", "Convergence", "Displacement"):
        assert f'alt="{title}"' in page
    assert '<div class="controls" hidden>' in page


def test_images_of_two_modalities_have_no_difference_picture():
    page = report_html(a_result(METRICS), report_images(comparable=False))
    assert "Difference before" not in page
    assert "Look here first" not in page
    assert "Blend before" in page


@pytest.mark.parametrize(
    "grid",
    [
        Grid.make((24, 20), (1.0, 1.5), direction=oblique(2)),
        Grid.make((24, 20, 1), (1.0, 1.5, 4.0)),
        Grid.make((20, 16, 8), (0.8, 1.0, 3.0), direction=oblique(3)),
    ],
)
def test_planar_thin_and_oblique_images_have_a_page(grid):
    page = report_html(a_result(METRICS), report_images(grid))
    assert "Jacobian determinant" in page
    assert ("The grid is oblique" in page) == (grid.ndim == 3 and grid.size[2] > 1)


def test_images_alone_constant_and_not_finite_have_a_page():
    nothing = dict.fromkeys(("displacement_mm", "jacobian", "fixed_labels", "before_labels", "warped_labels"))
    images = report_images(**nothing, convergence=())
    images.warped[:] = 0
    images.before[0, 0, 0, 0] = float("nan")
    page = report_html(a_result(), images)
    assert "Accuracy not measured" in page
    assert 'id="jacobian"' not in page


def test_the_jacobian_is_cut_where_it_folds():
    jacobian = torch.ones(12, 22, 24)
    jacobian[7, 10, 12] = -0.5
    images = report_images(jacobian=jacobian)
    assert View(images).fold.index == (12, 10, 7)
    assert "the most folded voxel (J = -0.50)" in report_html(a_result(METRICS), images)
    assert View(report_images()).fold is None


def test_the_worst_place_is_where_the_images_differ_most():
    images = report_images(Grid.make((40, 40, 40), 1.0))
    images.warped[0, 8:14, 20:26, 12:18] += 1.0
    at = np.array(View(images).worst.index)
    assert np.abs(at - [14.5, 22.5, 10.5]).max() <= 4


def test_a_failed_run_has_a_page_with_what_where_and_mend(tmp_path):
    write_report(tmp_path / "report.html", a_failure())
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("The run failed", "images overlap by 0 %", "stage rigid", "pass --initial"):
        assert words in page
    assert "<img" not in page


def test_parts_that_do_not_fit_the_grid_are_refused():
    with pytest.raises(GeometryError, match="jacobian of shape .* does not fit"):
        report_images(jacobian=torch.ones(3, 3, 3))


def test_drawing_changes_nothing_of_the_callers():
    images = report_images()
    copies = [t.clone() for t in (images.fixed, images.before, images.jacobian, images.fixed_labels)]
    report_html(a_result(METRICS), images)
    now = (images.fixed, images.before, images.jacobian, images.fixed_labels)
    assert all(torch.equal(a, b) for a, b in zip(copies, now, strict=True))
