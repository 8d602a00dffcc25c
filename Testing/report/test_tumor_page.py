"""The page of a template brought to a brain with a tumour: headline, tiles, pictures, film, table."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.shot import EnergyPoint
from RegSuite.quality import default_limits, judge
from RegSuite.report import tumor_charts, tumor_film, tumor_pictures
from RegSuite.report.draw import png
from RegSuite.report.result import Result
from RegSuite.report.tumor_content import TumorFilm, TumorPage
from RegSuite.report.tumor_headline import tumor_doubts, tumor_headline, tumor_tiles
from RegSuite.report.tumor_measures import TumorMeasures
from RegSuite.report.tumor_page import tumor_page, write_tumor_page
from RegSuite.report.tumor_tables import tumor_label_rows
from RegSuite.report.tumor_view import FilmView, TumorView

TURN = (0.96, 0.0, 0.28, 0.0, 1.0, 0.0, -0.28, 0.0, 0.96)
OBLIQUE = Grid.make((24, 20, 14), (1.5, 2.0, 3.0), (-20.0, -15.0, 5.0), TURN)
FLAT = Grid.make((30, 26), (1.0, 1.5))
SPOT = {3: (16, 6, 8), 2: (20, 8)}
"""The tumour's middle in these tests, voxel x, y(, z)."""


def image(values, grid):
    return Image(torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)[None], grid)


def labels(values, grid):
    return Image(torch.as_tensor(np.ascontiguousarray(values), dtype=torch.int32)[None], grid)


def box(grid, low, high):
    """1 within voxels low..high (x, y, z, the upper ones left out)."""
    out = np.zeros(grid.shape, np.float32)
    out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))[::-1]] = 1
    return out


def tumor(grid):
    spot = SPOT[grid.ndim]
    return box(grid, [v - 2 for v in spot], [v + 2 for v in spot])


def page(grid=OBLIQUE, **changes):
    """A brain (a box of brightness 1) in which a tumour of brightness 0.4 is painted, moved by 2 mm."""
    brain = box(grid, [3] * grid.ndim, [n - 3 for n in grid.size])
    change = -0.6 * tumor(grid)
    moved = torch.zeros(grid.ndim, *grid.shape)
    moved[0] = 2.0
    frames = np.stack([brain + t * change for t in (0.0, 0.5, 1.0)])[:, None]
    weight = np.stack([0.6 * tumor(grid), tumor(grid), tumor(grid)])
    values = {
        "target": image(brain + change, grid),
        "before": image(np.roll(brain, 2, -1), grid),
        "deformed": image(brain, grid),
        "final": image(brain + change, grid),
        "intensity_change": image(change, grid),
        "displacement_mm": Image(moved, grid),
        "jacobian": image(np.ones(grid.shape), grid),
        "mask": image(tumor(grid), grid),
        "mask_origin": "given",
        "film": TumorFilm(
            grid,
            (0.0, 0.5, 1.0),
            torch.as_tensor(frames, dtype=torch.float32),
            torch.as_tensor(weight),
            (3.0, 3.0, 3.0),
            (1.0, 1.0, 1.0),
        ),
        "energies": [
            EnergyPoint("2 mm", 0, 90.0, 0.0, 0.0),
            EnergyPoint("2 mm", 1, 9.0, 2.0, 0.5),
            EnergyPoint("1 mm", 0, 20.0, 2.0, 0.5),
        ],
    }
    return TumorPage(**(values | changes))


def labelled(grid=OBLIQUE, **changes):
    """The page with one label, "left ventricle" (7), in both images, clear of the tumour."""
    low, high = [4] * grid.ndim, [8] * (grid.ndim - 1) + [9]
    return page(
        grid,
        before_labels=labels(7 * np.roll(box(grid, low, high), 2, -1), grid),
        warped_labels=labels(7 * box(grid, low, high), grid),
        target_labels=labels(7 * box(grid, low, high), grid),
        label_names={7: "left ventricle"},
        **changes,
    )


MEASURED = {
    "jacobian": {"min": 0.8, "max": 1.3, "percent_nonpositive": 0.0, "sd_log": 0.1},
    "tumor": {
        "ssd_before": 1391.2,
        "ssd_final": 355.0,
        "ssd_deformed": 600.0,
        "ssd_before_outside": 1269.0,
        "ssd_deformed_outside": 317.25,
        "shape_share": 0.763,
        "appearance_share": 0.237,
    },
}


def record(metrics=None, **changes):
    found = {**MEASURED, **(metrics or {})}
    values = {
        "workflow": "tumor",
        "method": "weighted-metamorphosis",
        "status": "completed",
        "inputs": {"template": {"file": "t.nii.gz", "sha256": "ab" * 32}, "target": {"file": "p.nii.gz"}},
        "parameters": {"weight": "evolving", "parameters": {"kernels_mm": [6.0, 12.0]}},
        "metrics": found,
        "verdicts": judge(found, default_limits(), 3.0),
        "versions": {"RegSuite": "0.1.0"},
        "total_seconds": 8.0,
    }
    return Result(**(values | changes))


GOOD = {"dice": {"7": 0.93}, "dice_mean": 0.93}


def said(found, result):
    return tumor_headline(found, TumorMeasures(found), result)


def tiles(found, result):
    return {t.name: t for t in tumor_tiles(found, TumorMeasures(found), result)}


def pixels(figure):
    from PIL import Image as Picture

    return np.asarray(Picture.open(io.BytesIO(png(figure))).convert("RGB")).astype(int)


def test_a_measured_pass_without_doubts_is_the_only_green_headline():
    found = said(labelled(), record(GOOD))
    assert found.tone == "pass"
    assert "1,269 to 317 by deformation alone (75 % less)" in found.sentence
    assert "76 % is shape and 24 % appearance" in found.sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask_origin": "estimated"}, "mask was estimated"),
        ({"intensity_change": image(np.ones(OBLIQUE.shape), OBLIQUE)}, "lies outside the tumour"),
        ({"mask": None, "mask_origin": "none", "appearance": "everywhere"}, "free to change everywhere"),
        (
            {"mask": None, "mask_origin": "none", "appearance": "nowhere", "intensity_change": None},
            "knew of no tumour",
        ),
        ({"appearance": "nowhere", "intensity_change": None}, "knew of no tumour"),
    ],
)
def test_what_misleads_takes_the_green_away_and_is_said(changes, words):
    found = said(labelled(**changes), record(GOOD))
    assert found.tone == "unsure"
    assert words in found.sentence


def test_without_labels_the_accuracy_is_not_measured():
    found = said(page(), record())
    assert found.tone == "unsure"
    assert "not measured" in found.title
    assert "no labels were given" in found.sentence
    assert "1 warning" in said(page(), record(warnings=("mind this",))).sentence
    assert tiles(page(), record())["Dice"].value == "not measured"
    half = page(warped_labels=labels(tumor(OBLIQUE), OBLIQUE))
    assert any("the target has no labels" in d for d in tumor_doubts(half, TumorMeasures(half), record()))


def test_a_mask_for_judging_alone_is_called_so_and_one_left_out_is_not_doubted():
    bare = {"appearance": "nowhere", "intensity_change": None}
    assert "for judging alone" in tiles(labelled(**bare), record(GOOD))["Tumour mask"].below
    left_out = labelled(**bare, left_out=True)
    assert said(left_out, record(GOOD)).tone == "pass"
    assert tiles(left_out, record(GOOD))["Tumour mask"].below == "0.576 cc"


def test_how_far_the_tumour_pushed_its_surroundings_is_a_key_number():
    pushed = {**MEASURED["tumor"], "surrounding_displacement_mm": {"mean": 3.24, "p95": 6.0, "max": 8.06}}
    shown = tiles(page(), record({"tumor": pushed}))["Tissue moved"]
    assert (shown.value, shown.below) == ("3.2 mm", "mean within 10 mm of the tumour; largest 8.1 mm")
    assert "Tissue moved" not in tiles(page(), record())


def test_folds_come_before_all_else():
    metrics = {**GOOD, "jacobian": {"min": -0.2, "max": 2.0, "percent_nonpositive": 0.31}}
    found = said(labelled(), record(metrics))
    assert found.tone == "fail"
    assert "folds" in found.title
    assert "0.31 %" in found.sentence
    assert tiles(labelled(), record(metrics))["Smallest Jacobian"].tone == "fail"


def test_a_final_image_that_was_painted_rather_than_deformed_fails():
    share = {**MEASURED["tumor"], "appearance_share_outside": 0.93, "appearance_share": 0.4}
    found = said(labelled(appearance="everywhere"), record({**GOOD, "tumor": share}))
    assert found.tone == "fail"
    assert found.title.startswith("Most of the change outside the tumour was painted, not moved")
    assert found.sentence.startswith("93 % of it is appearance.")
    bare = {"mask": None, "mask_origin": "none", "appearance": "everywhere"}
    assert said(labelled(**bare), record({**GOOD, "tumor": share})).tone == "unsure"
    share["appearance_share"] = 0.97
    assert "change everywhere was painted" in said(labelled(**bare), record({"tumor": share})).title


def test_a_deformation_that_fits_worse_outside_the_tumour_fails_however_good_the_final_image():
    worse = {**MEASURED["tumor"], "ssd_deformed_outside": 1300.0, "ssd_final": 1.0}
    found = said(labelled(), record({**GOOD, "tumor": worse}))
    assert found.tone == "fail"
    assert found.title == "Outside the tumour the template fits worse than before"
    assert "2 % more" in found.sentence


def test_without_a_mask_the_difference_is_taken_everywhere_and_called_so():
    found = page(mask=None, mask_origin="none", appearance="everywhere")
    assert "Everywhere the squared difference" in said(found, record()).sentence
    shown = tiles(found, record())
    assert shown["SSD, no mask"].value == "1,391 → 600"
    assert shown["Tumour mask"].value == "none"
    assert "SSD outside tumour" not in shown


def test_a_dice_under_the_limit_is_the_headline():
    found = said(labelled(), record({"dice": {"7": 0.41}, "dice_mean": 0.41}))
    assert found.tone == "fail"
    assert "0.41" in found.sentence


def test_the_ventricles_are_shown_before_and_after():
    shown = tiles(labelled(), record(GOOD))
    # the box of 4 voxels along x, moved by two: half of each map is shared
    assert shown["Dice, ventricles"].value == "0.50 → 0.93"
    assert shown["Dice, ventricles"].below.endswith("mean of 1 label")


def test_a_label_that_was_only_shifted_keeps_its_volume():
    (fact,) = TumorMeasures(labelled()).labels
    assert fact.before_cc == pytest.approx(fact.after_cc)
    assert fact.after_cc == pytest.approx(4 * 4 * 5 * 9.0 / 1000)


def test_large_sums_have_no_exponents():
    many = {**MEASURED["tumor"], "ssd_before_outside": 28338373.0, "ssd_deformed_outside": 301347.9}
    assert tiles(page(), record({"tumor": many}))["SSD outside tumour"].value == "28.3 M → 301,348"


@pytest.mark.parametrize("grid", [OBLIQUE, FLAT])
def test_a_label_half_under_the_tumour_is_measured_so_and_not_trusted(grid):
    spot = SPOT[grid.ndim]
    low, high = [v - 2 for v in spot], [v + 2 for v in spot]
    low[0] -= 4  # twice as long along x: half of it under the tumour
    label = box(grid, low, high)
    found = page(grid, warped_labels=labels(3 * label, grid), label_names={3: "thalamus"})
    (fact,) = TumorMeasures(found).labels
    assert fact.under_percent == pytest.approx(50.0)
    assert fact.after_cc == pytest.approx(
        label.sum() * np.prod(grid.spacing) / (1000 if grid.ndim == 3 else 100), rel=1e-6
    )
    assert fact.doubts == ("50 % of it lies under the tumour",)


def test_a_label_that_was_painted_rather_than_moved_is_not_trusted():
    found = labelled()
    label = found.warped_labels.data[0] == 7
    painted = labelled(intensity_change=image(0.25 * label.numpy(), OBLIQUE))
    (fact,) = TumorMeasures(painted).labels
    # the template's brightness runs from 0 to 1
    assert fact.painted_percent == pytest.approx(25.0, rel=1e-3)
    assert "painted, not moved" in fact.doubts[0]
    assert TumorMeasures(found).labels[0].doubts == ()
    assert TumorMeasures(painted).appearance_outside_percent == pytest.approx(100.0)
    assert TumorMeasures(found).appearance_outside_percent == pytest.approx(0.0, abs=1e-6)


def test_a_fold_counts_for_the_label_it_is_in():
    folded = np.ones(OBLIQUE.shape)
    folded[5, 5, 5] = -0.1
    (fact,) = TumorMeasures(labelled(jacobian=image(folded, OBLIQUE))).labels
    assert fact.lowest_jacobian == pytest.approx(-0.1)
    assert fact.doubts == ("the deformation folds in it",)


def test_a_label_that_the_deformation_loses_is_named():
    lost = labels(np.zeros(OBLIQUE.shape), OBLIQUE)
    found = page(before_labels=labels(5 * box(OBLIQUE, (4, 4, 4), (6, 6, 6)), OBLIQUE), warped_labels=lost)
    (fact,) = TumorMeasures(found).labels
    assert fact.doubts == ("vanished",)
    assert np.isnan(fact.lowest_jacobian)


def test_labels_may_be_numbers_of_any_size():
    box_before, box_after = box(OBLIQUE, (3, 3, 3), (6, 6, 6)), box(OBLIQUE, (4, 4, 4), (6, 6, 6))
    big = 2_000_000_000
    found = page(
        before_labels=labels(big * box_before, OBLIQUE), warped_labels=labels(big * box_after, OBLIQUE)
    )
    (fact,) = TumorMeasures(found).labels
    voxel = OBLIQUE.voxel_volume / 1000
    assert fact.label == big
    assert (fact.before_cc, fact.after_cc) == pytest.approx((27 * voxel, 8 * voxel))


def test_the_mask_has_the_volume_of_its_voxels():
    assert TumorMeasures(page()).mask_cc == pytest.approx(64 * 1.5 * 2.0 * 3.0 / 1000)
    assert TumorMeasures(page(FLAT)).mask_cc == pytest.approx(16 * 1.5 / 100)


def test_doubtful_labels_stand_first_and_unmeasured_ones_say_so():
    grid = OBLIQUE
    both = 7 * box(grid, (4, 4, 4), (8, 8, 9))
    both[tumor(grid) > 0] = 2
    found = page(warped_labels=labels(both, grid), label_names={7: "left ventricle"})
    outside = {**MEASURED["tumor"], "dice_outside": {"7": 0.951}}
    rows = tumor_label_rows(TumorMeasures(found), record({**GOOD, "tumor": outside}))
    assert [r.outside for r in rows] == ["", "0.951"]
    assert [r.name for r in rows] == ["2", "7 left ventricle"]
    assert rows[0].after == "not measured"
    assert rows[0].doubt == "100 % of it lies under the tumour"
    assert rows[0].painted == "–"  # none of it lies outside the tumour
    assert rows[1].after == "0.930"
    assert rows[1].verdict == "pass"


@pytest.mark.parametrize("grid", [OBLIQUE, FLAT])
def test_pictures_are_cut_through_the_largest_tumour_even_if_it_is_hollow(grid):
    mask = tumor(grid)
    mask[tuple(SPOT[grid.ndim][::-1])] = 0
    mask[(1,) * grid.ndim] = 1
    view = TumorView(page(grid, mask=image(mask, grid)))
    at = view.centre.index[::-1]
    assert mask[at] == 1
    assert at != (1,) * grid.ndim
    assert np.allclose(view.centre.point_mm, grid.points(np.array(view.centre.index, float)))


def test_without_a_mask_pictures_are_cut_where_intensity_changes():
    view = TumorView(page(mask=None, mask_origin="none"))
    assert tumor(OBLIQUE)[view.centre.index[::-1]] == 1
    assert view.centre.why == "the place of the strongest appearance change"


def test_all_images_share_one_brightness():
    view = TumorView(page())
    assert view.fixed_window == view.moving_window
    assert view.fixed_window[0] <= 0.0
    assert view.fixed_window[1] >= 1.0


@pytest.mark.parametrize(("sign", "brighter"), [(1.0, 0), (-1.0, 2)])
def test_what_was_made_brighter_is_orange_and_darker_is_blue(sign, brighter):
    found = page(FLAT, intensity_change=image(0.3 * sign * tumor(FLAT), FLAT))
    shown = {s.name: s for s in tumor_pictures.pairs(TumorView(found))}["appearance"]
    drawn = pixels(shown.after)
    left = drawn[:, : int(0.8 * drawn.shape[1])]  # without the bar
    other = 2 - brighter
    strong = left.max(axis=-1) > 120
    strong &= (left[..., brighter] > left[..., other] + 40) & (left[..., 1] > 80)  # not the red outline
    assert strong.sum() > 20
    opposite = (left[..., other] > left[..., brighter] + 40) & (left[..., 1] > 80)
    assert opposite.sum() < strong.sum() / 10


def test_without_an_appearance_change_the_scale_is_that_of_what_is_left_over():
    final = page(FLAT).target.data[0].numpy() + 0.8 * tumor(FLAT)
    found = page(FLAT, intensity_change=None, appearance="nowhere", final=image(final, FLAT))
    assert tumor_pictures.signed_top(TumorView(found)) == pytest.approx(0.8, rel=1e-5)


def test_the_scale_of_the_appearance_change_has_no_exponents():
    change = image(135.7 * tumor(FLAT), FLAT)
    brain = image(200 * box(FLAT, (3, 3), (27, 23)), FLAT)
    found = page(FLAT, target=brain, before=brain, deformed=brain, final=brain, intensity_change=change)
    shown = {s.name: s for s in tumor_pictures.pairs(TumorView(found))}["appearance"]
    bar = shown.after.axes[-1]
    assert [t.get_text() for t in bar.get_yticklabels()] == ["-140", "0", "+140"]


def test_the_tumour_is_outlined_in_red_on_every_picture_and_not_where_there_is_none():
    def red(figure):
        p = pixels(figure)
        return int(((p[..., 0] > 150) & (p[..., 1] < 110) & (p[..., 2] < 110)).sum())

    for shown in tumor_pictures.pairs(TumorView(page(FLAT))):
        if shown.name in ("deformed", "final", "blend"):
            assert red(shown.after) > 10, shown.name
    bare = TumorView(page(FLAT, mask=None, mask_origin="none"))
    assert red(tumor_pictures.pairs(bare)[0].after) == 0


def test_both_pictures_of_a_pair_lie_exactly_over_each_other():
    for grid in (OBLIQUE, FLAT):
        for shown in tumor_pictures.pairs(TumorView(labelled(grid))):
            boxes = [[a.get_position().bounds for a in f.axes] for f in (shown.before, shown.after)]
            planes = 3 if grid.ndim == 3 else 1
            assert np.allclose(boxes[0][:planes], boxes[1][:planes]), shown.name
            assert np.allclose(shown.before.get_size_inches(), shown.after.get_size_inches())


def test_a_method_that_changes_no_intensity_shows_no_appearance():
    found = page(intensity_change=None, appearance="nowhere")
    assert {"final", "appearance"}.isdisjoint(s.name for s in tumor_pictures.pairs(TumorView(found)))
    overview = tumor_pictures.overview(TumorView(found))
    assert "changes no intensity" in overview.caption
    nothing = overview.after.axes[2].images[0]
    assert np.allclose(nothing.cmap(nothing.norm(nothing.get_array()))[..., :3], 0, atol=0.02)  # black
    shown = tiles(found, record())
    assert shown["Shape / appearance"].value == "shape alone"
    assert "Appearance outside" not in shown


def test_a_film_on_a_coarser_grid_is_cut_at_the_same_point():
    coarse = OBLIQUE.coarser((2, 2, 2))
    film = TumorFilm(coarse, (0.0, 1.0), torch.rand(2, 1, *coarse.shape))
    view = TumorView(page(film=film))
    shown = FilmView(film, view.moving_window, view.centre.point_mm)
    apart = np.abs(np.array(coarse.index(np.array(view.centre.point_mm))) - shown.place.index)
    assert apart.max() <= 0.5 + 1e-6


def test_a_long_film_keeps_its_first_and_last_moment_and_fits_the_page(monkeypatch):
    times = tuple(np.linspace(0, 1, 24))
    film = TumorFilm(FLAT, times, torch.rand(24, 1, *FLAT.shape))
    view = TumorView(page(FLAT, film=film))
    monkeypatch.setattr(tumor_film, "MOST_FRAMES", 7)
    whole = tumor_film.film(view, film)
    assert len(whole.frames) == 7
    assert whole.frames[0][1] == "t = 0.00"
    assert whole.frames[-1][1] == "t = 1.00"
    size = sum(len(f) for f, _ in whole.frames)
    monkeypatch.setattr(tumor_film, "MOST_BYTES", size // 2)
    assert sum(len(f) for f, _ in tumor_film.film(view, film).frames) <= size // 2


def test_energies_are_drawn_with_their_sum_and_their_stages():
    figure = tumor_charts.energies(page().energies)
    (axes,) = figure.axes
    drawn = {line.get_label().split(":")[0]: line.get_ydata() for line in axes.get_lines()}
    assert np.allclose(drawn["their sum (minimised)"], [90.0, 11.5, 22.5])
    assert np.allclose(drawn["velocity"][1:], [2.0, 2.0])
    assert np.isnan(drawn["velocity"][0])  # 0 has no logarithm
    assert [t.get_text() for t in axes.texts] == ["2 mm", "1 mm"]
    assert tumor_charts.energies(()) is None


def test_the_sum_along_the_path_is_drawn_where_both_parts_are_known():
    (axes,) = tumor_charts.along_path(page().film).axes
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert np.allclose(drawn["their sum"], 4.0)
    bare = TumorFilm(FLAT, (0.0, 1.0), torch.zeros(2, 1, *FLAT.shape))
    assert tumor_charts.along_path(bare) is None


def test_a_part_that_does_not_fit_is_refused_by_name():
    with pytest.raises(GeometryError, match="mask of shape"):
        page(mask=image(np.zeros((4, 4, 4)), Grid.make((4, 4, 4))))
    with pytest.raises(GeometryError, match="3 weight at 2 times"):
        TumorFilm(FLAT, (0.0, 1.0), torch.zeros(2, 1, *FLAT.shape), torch.zeros(3, *FLAT.shape))


@pytest.mark.parametrize("grid", [OBLIQUE, FLAT])
def test_the_page_is_one_file_that_says_all_without_scripts(grid, tmp_path):
    file = tmp_path / "report.html"
    command = "regsuite tumor t.nii.gz p.nii.gz -o out"
    warned = record(GOOD, warnings=["tumor mask: 3 voxels <outside> the brain"], notes=["grown from 4 mm"])
    write_tumor_page(file, labelled(grid, command=command, start="made"), warned)
    html = file.read_text(encoding="utf-8")
    assert file.stat().st_size < 4e6
    assert not re.search(r"(src|href)=[\"'](?!data:)", html)
    assert "http" not in re.sub(r"data:image/[a-z]+;base64,[^\"]+", "", html)
    bare = re.sub(r"<script.*?</script>", "", html, flags=re.S)
    for words in (
        "Mind the 1 warning below",
        "3 voxels &lt;outside&gt; the brain",
        "0.50 → 0.93",
        "7 left ventricle",
        "grown from 4 mm",
        command,
        'class="still"',
        "deformation alone",
        "Dice before",
        "parameters: kernels_mm</td><td>6.0, 12.0",
        "The start is part of it.",
        "Along an exact geodesic",
    ):
        assert words in bare, words
    frames = json.loads(re.search(r'id="frames">(.*?)</script>', html, re.S).group(1))
    assert [words for _, words in frames] == ["t = 0.00", "t = 0.50", "t = 1.00"]
    assert all(f.startswith("data:image/jpeg;base64,") for f, _ in frames)


def test_a_page_with_nothing_but_the_images_is_written_and_says_what_is_missing():
    html = tumor_page(
        page(
            FLAT,
            film=None,
            energies=(),
            mask=None,
            mask_origin="none",
            intensity_change=None,
            appearance="nowhere",
        ),
        record({"tumor": None, "jacobian": None}),
    )
    assert "Not measured: no labels of the template were given" in html
    assert 'id="frames"' not in html
    assert "exact geodesic" not in html
    assert html.count("not measured") >= 3


def test_no_array_of_the_caller_is_changed():
    found = labelled(FLAT)
    names = ("target", "before", "deformed", "final", "intensity_change", "mask", "warped_labels")
    copies = {n: getattr(found, n).data.clone() for n in names}
    tumor_page(found, record(GOOD))
    assert all(torch.equal(getattr(found, n).data, copy) for n, copy in copies.items())
