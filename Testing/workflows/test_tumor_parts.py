"""The parts of a tumour's registration, each against what is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.base import Registration
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.methods.shooting.shot import EnergyPoint
from RegSuite.transforms import AffineTransform
from RegSuite.workflows.outputs import warp_image
from RegSuite.workflows.tumor import TumorParameters
from RegSuite.workflows.tumor_content import content, uncovered, without
from RegSuite.workflows.tumor_doubts import doubts
from RegSuite.workflows.tumor_inputs import read_inputs
from RegSuite.workflows.tumor_intensity import matched
from RegSuite.workflows.tumor_likeness import likeness
from RegSuite.workflows.tumor_measures import (
    change_metrics,
    label_shares,
    motion_metrics,
    range_of,
    shell_of,
)
from RegSuite.workflows.tumor_method import film, with_straight_path
from RegSuite.workflows.tumor_weight import Scene, weight_of
from Testing.workflows import small_tumor
from Testing.workflows.small import oblique

GRID = Grid.make((20, 16), (1.0, 2.0), (-9.0, -15.0), oblique(2))


class ARun:
    """What of a run the parts touch."""

    def __init__(self):
        self.warnings, self.notes, self.inputs = [], [], {}

    def warn(self, sentence):
        self.warnings.append(sentence)


def image(values, grid=GRID, name="image"):
    return Image(torch.as_tensor(values, dtype=torch.float32).reshape(1, *grid.shape), grid, name=name)


def ramp(grid=GRID):
    return torch.linspace(0, 100, grid.voxels)


def test_intensities_of_another_scale_are_brought_back_however_bright_the_tumour_is():
    template = image(ramp() ** 1.0)
    region = torch.zeros(GRID.shape, dtype=torch.bool)
    region[4:8, 5:12] = True
    values = 3.0 * template.data + 40
    values[0][region] = 5000
    found = matched(image(values), template, ~region, "linear")
    assert torch.allclose(found.target.data[0][~region], template.data[0][~region], atol=1e-3)
    assert found.gain == pytest.approx(1 / 3, rel=1e-5)
    assert "linear" in found.words


def test_a_tenth_of_the_voxels_out_of_place_hardly_moves_the_line():
    generator = torch.Generator().manual_seed(2)
    y = 100 * torch.rand(GRID.voxels, generator=generator)
    x = 2 * y - 30
    x[: GRID.voxels // 10] = 170 * torch.rand(GRID.voxels // 10, generator=generator)
    everywhere = torch.ones(GRID.shape, dtype=torch.bool)
    found = matched(image(x), image(y), everywhere, "linear")
    assert found.gain == pytest.approx(0.5, rel=0.02)


def test_the_monotone_curve_undoes_a_bent_scale_and_never_falls():
    y = ramp()
    x = 200 * (y / 100) ** 2
    everywhere = torch.ones(GRID.shape, dtype=torch.bool)
    found = matched(image(x), image(y), everywhere, "monotone").target.data.flatten()
    assert float((found - y).abs()[30:].max()) < 5
    assert float(found.diff().min()) >= 0
    line = matched(image(x), image(y), everywhere, "linear").target.data.flatten()
    assert float((found - y).abs().mean()) < 0.5 * float((line - y).abs().mean())


def test_none_leaves_the_target_and_a_constant_one_is_refused():
    flat, everywhere = image(torch.full((GRID.voxels,), 3.0)), torch.ones(GRID.shape, dtype=torch.bool)
    assert matched(flat, image(ramp()), everywhere, "none").target is flat
    with pytest.raises(InputError, match="constant"):
        matched(flat, image(ramp()), everywhere, "linear")


def test_shares_and_misfits_are_those_of_the_formula():
    """Template 0 deforms to 1 and gains 2 in four voxels; the target is 3 there and 1 elsewhere."""
    region = torch.zeros(GRID.shape, dtype=torch.bool)
    region[3:5, 6:8] = True
    before, deformed = image(torch.zeros(GRID.voxels)), image(torch.ones(GRID.voxels))
    final = image(1 + 2 * region.float())
    images = {"target": final, "before": before, "deformed": deformed, "final": final}
    every = torch.ones_like(region)
    found = change_metrics(images, region, every, scale=2.0)
    n = GRID.voxels
    assert found["shape_share"] == pytest.approx(n / (n + 16))
    assert found["appearance_share"] == pytest.approx(16 / (n + 16))
    assert (found["shape_share_inside"], found["shape_share_outside"]) == (pytest.approx(0.2), 1.0)
    assert found["ssd_final"] == 0
    assert found["ssd_deformed"] == pytest.approx(4 * 4 / 4)
    assert found["ssd_before_outside"] == pytest.approx((n - 4) / 4)
    assert found["appearance_outside_share"] == 0


def test_shares_of_what_did_not_change_are_absent():
    same = image(ramp())
    images = dict.fromkeys(("target", "before", "deformed", "final"), same)
    found = change_metrics(images, None, torch.ones(GRID.shape, dtype=torch.bool), 1.0)
    assert "shape_share" not in found
    assert found["ssd_before"] == 0


def test_the_range_leaves_a_few_odd_voxels_out():
    values = torch.linspace(0, 10, 100_000)
    values[:20] = 1e6
    grid = Grid.make((1000, 100))
    assert range_of(image(values, grid)) == pytest.approx(10, rel=0.01)


def test_motion_is_measured_in_the_tumour_and_in_the_shell_about_it_in_mm():
    """u = 0.1 (x - c) on an oblique grid: its length is a tenth of the distance."""
    grid = Grid.make((60, 40), (1.0, 1.5), (-30.0, -30.0), oblique(2))
    away = grid.all_points() - grid.centre
    r = np.linalg.norm(away, axis=-1)
    region = torch.from_numpy(r <= 8)
    moved = torch.from_numpy(np.moveaxis(0.1 * away, -1, 0)).float()
    shell = shell_of(region, grid)
    reached = r[shell.numpy()]
    assert 8 < reached.min() < 9.5
    assert 16.5 < reached.max() <= 18.5
    found = motion_metrics(moved, grid, region, torch.ones_like(region))
    assert found["tumor_displacement_mm"]["max"] == pytest.approx(0.1 * r[r <= 8].max(), rel=1e-5)
    assert found["surrounding_displacement_mm"]["mean"] == pytest.approx(0.1 * reached.mean(), rel=1e-5)
    assert found["mask_area_mm2"] == pytest.approx(float(region.sum()) * 1.5)


def test_labels_tell_their_volume_and_what_of_it_lies_in_the_tumour():
    grid = Grid.make((10, 10, 10), (2.0, 2.0, 2.5))
    values = torch.zeros((1, *grid.shape), dtype=torch.int32)
    values[0, :5], values[0, 7:] = 4, 9
    region = torch.zeros(grid.shape, dtype=torch.bool)
    region[3:6] = True
    found = label_shares(Image(values, grid), region)
    assert found[4] == {"volume_cc": pytest.approx(5.0), "tumor_percent": pytest.approx(40.0)}
    assert found[9]["tumor_percent"] == 0


def test_likeness_is_one_of_an_image_with_itself_and_falls_as_it_moves():
    template = small_tumor.images(3)["template"]
    shift = AffineTransform(np.eye(3), np.array([9.0, -6.0, 4.0]))
    itself, moved = likeness(template, template, None), likeness(template, template, shift)
    assert itself.correlation == pytest.approx(1)
    assert itself.dice == 1
    assert moved.correlation < 0.7
    assert moved.dice < 0.9


def test_likeness_does_not_look_into_the_tumour():
    images = small_tumor.images(2)
    region = images["tumor_mask"].data[0] > 0
    other = replace(images["target"], data=images["target"].data.masked_fill(region[None], 90.0))
    found = [likeness(t, images["template"], None, region) for t in (images["target"], other)]
    assert found[0].correlation == pytest.approx(found[1].correlation, abs=1e-9)


def test_images_that_lie_apart_have_no_likeness():
    template = small_tumor.images(2)["template"]
    far = AffineTransform(np.eye(2), np.array([1000.0, 0.0]))
    assert likeness(template, template, far).correlation is None
    assert "do not overlap" in likeness(template, template, far).words


def test_content_holds_the_ventricles_and_a_dark_tumour():
    images = small_tumor.images(2)
    region = images["tumor_mask"].data[0] > 0
    dark = replace(images["target"], data=images["target"].data.masked_fill(region[None], 0.0))
    inside = content(dark).numpy()
    brain = small_tumor.labels_at(small_tumor.pulled(dark.grid.all_points())) > 0
    assert inside[brain].mean() > 0.99
    assert inside[region.numpy()].all()
    assert inside.mean() < 0.9


def test_without_its_tumour_an_image_shows_the_nearest_tissue():
    values = ramp()
    region = torch.zeros(GRID.shape, dtype=torch.bool)
    region[6, 9] = True
    given = image(values)
    found = without(given, region).data[0]
    neighbours = given.data[0][6, [8, 10]]  # a voxel is 1 mm wide and 2 mm high
    assert float(found[6, 9]) in neighbours.tolist()
    assert torch.equal(found[~region], given.data[0][~region])
    assert float(given.data[0][6, 9]) == float(values.reshape(GRID.shape)[6, 9])


def test_a_straight_path_ends_where_the_transform_does_and_its_film_with_the_warped_image():
    images = small_tumor.images(2)
    start = AffineTransform(np.eye(2), np.array([1.0, 0.5]))
    end = AffineTransform(np.eye(2), np.array([5.0, -2.5]))
    shot = with_straight_path(Registration(transform=end), images["target"].grid, start, 1)
    assert torch.allclose(shot.path.displacement_mm[5, 0], torch.tensor(3.0))
    frames = film(shot.path, images["template"])
    grid = shot.path.grid
    assert torch.allclose(frames[-1], warp_image(images["template"], grid, end.displacement(grid)).data)
    assert any("straight path" in note for note in shot.notes)


def given_inputs(**more):
    images = small_tumor.images(2)
    return read_inputs({"template": images["template"], "target": images["target"], **more}, ARun())


def test_a_weight_evolves_from_a_ball_to_the_mask_or_stays():
    mask = small_tumor.images(2)["tumor_mask"]
    given = given_inputs(tumor_mask=mask)
    scene = Scene(given, given.target, None, ShootingParameters())
    quiet = lambda fraction, stage, metrics: None  # noqa: E731
    evolving = weight_of(scene, TumorParameters(), quiet, ARun()).growth
    constant = weight_of(scene, TumorParameters(weight="constant"), quiet, ARun()).growth
    volumes = evolving.weights.flatten(1).sum(dim=1)
    assert float(volumes[0]) < 0.5 * float(volumes[-1])
    assert float(volumes.diff().min()) > -1e-3
    assert torch.allclose(evolving.at(1.0), constant.at(0.0), atol=0.2)
    assert weight_of(scene, TumorParameters(method="lddmm"), quiet, ARun()).growth is None


def test_a_tumour_that_reaches_the_border_is_said():
    images = small_tumor.images(2)
    values = images["tumor_mask"].data.clone()
    values[0, 20:26, 30:] = 1
    run = ARun()
    read_inputs({**images, "tumor_mask": replace(images["tumor_mask"], data=values)}, run)
    assert any("reaches the border" in w for w in run.warnings)


def test_a_mask_of_the_whole_tumour_will_do_for_the_oedema():
    images = small_tumor.images(2)
    given = given_inputs(tumor_mask=images["tumor_mask"], oedema_mask=images["tumor_mask"])
    assert given.oedema is None
    assert torch.equal(given.region, images["tumor_mask"].data[0] > 0)


def test_growth_and_mask_of_different_places_are_said():
    images, growth = small_tumor.images(2), small_tumor.growth(2)
    run = ARun()
    elsewhere = growth.with_data(growth.data.roll(-14, dims=-1))
    given = {**images, "growth": elsewhere}
    read_inputs(given, run)
    assert any("growth and masks disagree" in w for w in run.warnings)


def test_contrasts_must_be_as_many():
    images = small_tumor.images(2)
    both = images["template"].with_data(images["template"].data.repeat(2, 1, 1))
    with pytest.raises(InputError, match=r"1 value\(s\) a voxel and the template 2"):
        read_inputs({**images, "template": both}, ARun())


def test_a_volume_of_masks_does_not_fit_a_plane():
    images = small_tumor.images(2)
    with pytest.raises(GeometryError, match="grid"):
        read_inputs({**images, "tumor_mask": small_tumor.images(3)["tumor_mask"]}, ARun())


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({"jacobian": {"min": -0.2, "percent_nonpositive": 1.5}}, "folds in 1.5 %"),
        ({"jacobian": {"min": 0.05, "percent_nonpositive": 0.0}}, "5 % of its volume"),
        ({"tumor": {"appearance_outside_share": 0.4}}, "40 % of the intensity change"),
        ({"tumor": {"appearance_share_outside": 0.8}}, "80 % of the change is appearance"),
        ({"tumor": {"shape_share_inside": 0.7, "appearance_share": 0.1}}, "70 % of the change is shape"),
        ({"tumor": {"ssd_before_outside": 1.0, "ssd_deformed_outside": 2.0}}, "worse than at the start"),
        ({"tumor": {"labels": {5: {"tumor_percent": 60.0}}}}, "label 5 60 %"),
    ],
)
def test_what_must_not_be_trusted_is_said_with_its_number(metrics, words):
    assert any(words in sentence for sentence in doubts(metrics, (), {}))


def test_a_good_result_has_no_doubts():
    metrics = {
        "jacobian": {"min": 0.4, "percent_nonpositive": 0.0},
        "tumor": {
            "appearance_outside_share": 0.01,
            "appearance_share_outside": 0.1,
            "ssd_before_outside": 3.0,
            "ssd_deformed_outside": 1.0,
            "labels": {5: {"tumor_percent": 1.0}},
        },
    }
    energies = [EnergyPoint("fine", n, 1.0 + 0.001 * (3 - n), 0.1, 0.1) for n in range(3)]
    assert list(doubts(metrics, energies, {})) == []
    falling = [EnergyPoint("fine", 0, 2.0, 0.1, 0.1), EnergyPoint("fine", 1, 1.0, 0.1, 0.1)]
    assert any("still fell" in sentence for sentence in doubts(metrics, falling, {}))


def test_a_target_of_the_inverse_contrast_is_said_and_one_of_the_same_is_not():
    values = ramp() + 5 * torch.sin(ramp())
    everywhere = torch.ones(GRID.shape, dtype=torch.bool)
    assert matched(image(3 * values + 2), image(values), everywhere, "linear").doubts == ()
    (words,) = matched(image(-values), image(values), everywhere, "linear").doubts
    assert "correlate by -1.00" in words
    assert "contrast" in words


def test_what_the_template_does_not_reach_of_the_target_is_said_with_its_share():
    target = image(torch.ones(GRID.shape)).with_mask(torch.ones(GRID.shape, dtype=torch.bool))
    covered = torch.ones(GRID.shape, dtype=torch.bool)
    assert uncovered(target, covered) == ()
    half = GRID.shape[0] // 2
    covered[:half] = False
    (words,) = uncovered(target, covered)
    assert words.startswith(f"{100 * half / GRID.shape[0]:.0f} % of what the target shows")
