"""A brain with a tumour: the map between template and target is the truth, and the tumour looks like one."""

from __future__ import annotations

import csv
from itertools import pairwise

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import read_image, read_labels
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.phantoms.brain import brain_image
from RegSuite.phantoms.tumor import TumorPhantom, toy_phantom, tumor_phantom
from Testing.data import data_folder

TURNED = ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
OBLIQUE = Grid.make((40, 48, 28), (3.4, 3.6, 5.0), (3.1, -123.4, -67.5), TURNED)
"""Around the drawn brain, anisotropic."""


@pytest.fixture(scope="module")
def flat() -> TumorPhantom:
    return tumor_phantom(4, ndim=2, growth_times=6)


@pytest.fixture(scope="module")
def solid() -> TumorPhantom:
    scan, labels = brain_image(OBLIQUE)
    return tumor_phantom(1, scan=scan, labels=labels)


@pytest.fixture(scope="module", params=["flat", "solid"])
def phantom(request: pytest.FixtureRequest) -> TumorPhantom:
    made = request.getfixturevalue(request.param)
    assert isinstance(made, TumorPhantom)
    return made


def pulled(image: Image, field: Image, *, nearest: bool = False) -> np.ndarray:
    """SimpleITK's image at x + u(x)."""
    vectors = array_to_sitk(field.data.double().numpy(), field.grid, vector=True)
    return sitk.GetArrayFromImage(
        sitk.Resample(
            image_to_sitk(image),
            image_to_sitk(field),
            sitk.DisplacementFieldTransform(vectors),
            sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear,
        )
    )


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def in_ventricles(phantom: TumorPhantom, labels: Tensor) -> np.ndarray:
    return np.isin(labels[0].numpy(), phantom.ventricles)


def test_the_templates_labels_under_the_truth_are_the_targets_outside_the_core(phantom: TumorPhantom) -> None:
    warped = pulled(phantom.template_labels, phantom.displacement, nearest=True)
    wanted, there = phantom.target_labels.data[0].numpy(), phantom.corresponds.data[0].numpy() > 0
    for inside in (np.isin(warped, phantom.ventricles), warped == 2, warped == 42):
        number = warped[inside].flat[0]
        same = np.isin(wanted, phantom.ventricles if number in phantom.ventricles else [number])
        assert dice(inside & there, same) > 0.995
    assert (warped == wanted)[there].mean() > 0.998
    assert (wanted[~there] == 0).all()


def test_the_displacement_and_its_inverse_undo_each_other(phantom: TumorPhantom) -> None:
    there, back = phantom.displacement, phantom.inverse_displacement
    vectors = array_to_sitk(back.data.double().numpy(), back.grid, vector=True)
    transform = sitk.DisplacementFieldTransform(vectors)
    mask = phantom.corresponds.data[0].numpy() > 0
    points = there.grid.all_points()[mask][::37]
    seen = points + there.data[:, torch.from_numpy(mask)].T.double().numpy()[::37]
    inside = there.grid.contains(seen)
    again = np.array([transform.TransformPoint(p.tolist()) for p in seen[inside]])
    residual = np.linalg.norm(again - points[inside], axis=-1) / max(there.grid.spacing)
    # what is left is the linear interpolation of the stored field
    assert np.percentile(residual, 99) < 0.1
    assert residual.mean() < 0.02


def test_nothing_folds(phantom: TumorPhantom) -> None:
    outside = phantom.corresponds.data[0] > 0
    assert (
        float(jacobian_determinant(phantom.displacement.data, phantom.displacement.grid)[outside].min()) > 0.2
    )
    elsewhere = phantom.template_corresponds.data[0] > 0
    inverse = jacobian_determinant(phantom.inverse_displacement.data, phantom.inverse_displacement.grid)
    assert float(inverse[elsewhere].min()) > 0.2


def test_the_ventricles_are_pushed_away_from_the_tumour_and_left_whole(flat: TumorPhantom) -> None:
    plain = tumor_phantom(4, ndim=2, push=0.05)
    points = torch.from_numpy(flat.target.grid.all_points())
    centre = torch.tensor(flat.parameters["centre_mm"])
    near = {}
    for name, one in (("pushed", flat), ("hardly", plain)):
        inside = torch.from_numpy(in_ventricles(one, one.target_labels.data))
        near[name] = float((points[inside] - centre).norm(dim=-1).min())
    assert near["pushed"] > near["hardly"] + 2.0
    template = in_ventricles(flat, flat.template_labels.data)
    target = in_ventricles(flat, flat.target_labels.data)
    assert 0.3 < dice(template, target) < 0.8
    assert target.sum() > 0.6 * template.sum()


def test_the_mass_effect_does_not_cross_the_skull() -> None:
    made = tumor_phantom(4, ndim=2, variation_mm=0.1)
    brain = made.template_labels.data[0].numpy() > 0
    hull = ndimage.binary_fill_holes(ndimage.binary_closing(brain, iterations=8))
    length = made.displacement.data.norm(dim=0).numpy()
    assert length[brain].max() > 8.0
    assert length[~ndimage.binary_dilation(hull)].max() < 0.3
    core = made.tumor.data[0].numpy() > 0
    assert not core[~ndimage.binary_erosion(hull, iterations=2)].any()


def test_core_and_oedema_are_apart_and_of_the_size_told(phantom: TumorPhantom) -> None:
    core, oedema = phantom.tumor.data[0] > 0, phantom.oedema.data[0] > 0
    assert not bool((core & oedema).any())
    assert int(oedema.sum()) > 0
    d, r = phantom.target.ndim, phantom.parameters["radius_mm"]
    ball = np.pi * r**2 if d == 2 else 4 / 3 * np.pi * r**3
    assert float(core.sum()) * phantom.tumor.grid.voxel_volume == pytest.approx(ball, rel=0.08)
    labels = phantom.target_labels.data[0]
    white = {n for n, name in phantom.label_names.items() if "White" in name}
    share = np.isin(labels[oedema].numpy(), list(white)).mean()
    assert share > 0.9


def test_oedema_is_darker_than_white_matter_necrosis_darker_still_and_moves_nothing(
    flat: TumorPhantom,
) -> None:
    dry = tumor_phantom(4, ndim=2, oedema=False)
    # torch's FFT rounds otherwise on another number of threads
    np.testing.assert_allclose(dry.displacement.data.numpy(), flat.displacement.data.numpy(), atol=1e-4)
    assert float((dry.target_labels.data == flat.target_labels.data).float().mean()) > 0.9999
    assert not bool(dry.oedema.data.any())
    values, oedema, core = flat.target.data[0], flat.oedema.data[0] > 0, flat.tumor.data[0] > 0
    points = torch.from_numpy(flat.target.grid.all_points())
    deep = (points - torch.tensor(flat.parameters["centre_mm"])).norm(dim=-1) < 5
    labels = flat.target_labels.data[0]
    white = torch.isin(labels, torch.tensor([2, 41], dtype=labels.dtype)) & ~oedema
    level = {
        n: float(values[where].median())
        for n, where in (("white", white), ("oedema", oedema), ("deep", deep & core))
    }
    assert level["deep"] < 0.8 * level["oedema"] < 0.8 * 0.85 * level["white"]


def test_the_target_is_the_template_as_another_scanner_shows_it(flat: TumorPhantom) -> None:
    healthy = (flat.corresponds.data[0] > 0) & (flat.oedema.data[0] == 0) & (flat.target_labels.data[0] > 0)
    warped = pulled(flat.template, flat.displacement)[healthy.numpy()]
    target = flat.target.data[0][healthy].numpy()
    assert np.corrcoef(warped, target)[0, 1] > 0.95
    assert abs(np.median(target) / np.median(warped) - 1) > 0.05


def test_the_core_grows_to_the_mask(flat: TumorPhantom) -> None:
    assert flat.growth is not None
    masks = flat.growth.data.bool()
    assert masks.shape == (6, *flat.target.grid.shape)
    assert torch.equal(masks[-1], flat.tumor.data[0].bool())
    for earlier, later in pairwise(masks):
        assert not bool((earlier & ~later).any())
        assert int(later.sum()) > int(earlier.sum()) > 0


def test_seeds_differ_in_side_size_and_place_and_the_same_seed_gives_the_same_bits() -> None:
    made = [tumor_phantom(seed, ndim=2, spacing_mm=3.0) for seed in range(6)]
    assert {p.parameters["side"] for p in made} == {"left", "right"}
    assert len({p.parameters["region"] for p in made}) > 1
    radii = [p.parameters["radius_mm"] for p in made]
    assert max(radii) > 1.3 * min(radii)
    for p in made:
        x = p.parameters["centre_mm"][0]
        assert (x > 0) == (p.parameters["side"] == "left")
    again = tumor_phantom(3, ndim=2, spacing_mm=3.0)
    assert torch.equal(again.target.data, made[3].target.data)
    assert torch.equal(again.displacement.data, made[3].displacement.data)


def test_the_share_that_is_pushed_can_be_told_and_is_kept() -> None:
    for push in (0.3, 0.7):
        made = tumor_phantom(2, ndim=2, push=push, radius_mm=14.0, variation_mm=0.1)
        assert made.parameters["push"] == pytest.approx(push, abs=0.04)
        replaced = float((made.template_corresponds.data == 0).sum())
        core = float(made.tumor.data.sum())
        assert replaced / core == pytest.approx(1 - made.parameters["push"], abs=0.02)


def test_a_slice_of_a_volume_on_an_oblique_grid_is_the_plane_with_most_ventricle() -> None:
    scan, labels = brain_image(OBLIQUE)
    made = tumor_phantom(0, ndim=2, scan=scan, labels=labels, spacing_mm=2.0)
    assert made.target.ndim == 2
    counts = int(np.isin(made.template_labels.data.numpy(), (4, 43)).sum()) * made.target.grid.voxel_volume
    assert counts > 1000
    assert made.label_names[4] == "Left-Lateral-Ventricle"


def test_ventricles_and_white_matter_without_names_are_found_by_their_grey_values() -> None:
    grid = Grid.make((72, 90, 72), 2.0, (-71.0, -89.0, -71.0))
    scan, labels = brain_image(grid)
    cortex_only = Image(
        torch.where(torch.isin(labels.data, torch.tensor([3, 42, 8, 47])), labels.data, 0), grid, name="atlas"
    )
    made = tumor_phantom(
        0,
        ndim=2,
        scan=scan,
        labels=cortex_only,
        label_names={3: "left", 42: "right", 8: "a", 47: "b"},
        spacing_mm=2.0,
    )
    assert [made.label_names[n] for n in made.ventricles] == ["Ventricles (found by their grey value)"]
    found = in_ventricles(made, made.template_labels.data)
    known = tumor_phantom(0, ndim=2, scan=scan, labels=labels, grid=made.template.grid)
    assert dice(found, in_ventricles(known, known.template_labels.data)) > 0.6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ndim": 4}, "mend: ask for 2 or 3"),
        ({"push": 0.95}, "push of 0.95(.|\n)*mend: give 0.05 to 0.8"),
        ({"radius_mm": 100.0}, "mend: give 6 to 40"),
        ({"scan": brain_image(Grid.make((20, 20, 20), 8.0))[0]}, "no labels(.|\n)*mend: give a label map"),
    ],
)
def test_what_cannot_be_is_refused_with_a_mend(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        tumor_phantom(0, **options)  # type: ignore[arg-type]


def test_a_brain_without_ventricles_is_refused() -> None:
    grid = Grid.make((30, 30, 30), 5.0)
    ball = torch.from_numpy(np.linalg.norm(grid.all_points() - grid.centre, axis=-1) < 60)[None]
    scan = Image(ball.float(), grid, name="ball")
    with pytest.raises(InputError, match="no ventricle(.|\n)*mend: give labels"):
        tumor_phantom(
            0, scan=scan, labels=Image(ball.int(), grid, name="ball"), label_names={1: "white matter"}
        )


def test_the_toys_triangle_has_pushed_ovals_that_lay_where_it_is_now() -> None:
    toy = toy_phantom(200)
    core = toy.tumor.data[0].bool()
    names = {name: n for n, name in toy.label_names.items()}
    source, target = toy.template_labels.data[0], toy.target_labels.data[0]
    for name in ("bottom oval", "left oval"):
        assert int((core & (source == names[name])).sum()) > 20
    for name in ("top oval", "left oval", "bottom oval", "right oval"):
        assert not bool((core & (target == names[name])).any())
        before, after = (
            torch.from_numpy(toy.target.grid.all_points())[labels == names[name]].norm(dim=-1).mean()
            for labels in (source, target)
        )
        assert float(after) > float(before) + 4.0
    assert set(toy.template.data.unique()[[0, -1]].tolist()) == {0.0, 1.0}


def test_the_toys_source_under_its_map_is_the_target_but_for_the_triangle() -> None:
    toy = toy_phantom(200)
    there = toy.corresponds.data[0].numpy() > 0
    warped = pulled(toy.template, toy.displacement)
    # a voxel beside the triangle is part triangle
    away = (
        sitk.GetArrayFromImage(sitk.BinaryErode(sitk.GetImageFromArray(there.astype(np.uint8)), (2, 2))) > 0
    )
    assert np.abs(warped - toy.target.data[0].numpy())[away].mean() < 2e-3
    labels = pulled(toy.template_labels, toy.displacement, nearest=True)
    # the formula's labels are not rounded to the source's voxels first
    for number in toy.ventricles:
        assert dice(labels == number, toy.target_labels.data[0].numpy() == number) > 0.95
    assert (
        float(
            jacobian_determinant(toy.displacement.data, toy.displacement.grid)[torch.from_numpy(there)].min()
        )
        > 0.2
    )


def test_a_toy_with_a_seed_has_a_small_triangle_that_the_map_grows() -> None:
    toy, plain = toy_phantom(200, seed_triangle=True), toy_phantom(200)
    changed = (toy.template.data - plain.template.data).abs() > 0.2
    assert 0.05 < int(changed.sum()) / int(toy.tumor.data.sum()) < 0.25
    assert np.abs(pulled(toy.template, toy.displacement) - toy.target.data[0].numpy()).mean() < 4e-3
    with pytest.raises(InputError, match="mend: use 32"):
        toy_phantom(16)


@pytest.mark.slow
def test_real_brains_with_and_without_ventricle_labels_get_a_tumour() -> None:
    folder = data_folder("brain_t1")
    with (folder / "aal_labels.csv").open() as stream:
        names = {int(row["value"]): row["name"] for row in csv.DictReader(stream)}
    for scan, labels, known in (("vxm_scan", "vxm_scan_seg", None), ("ch2_brain", "ch2_aal", names)):
        made = tumor_phantom(
            2,
            ndim=2,
            scan=read_image(folder / f"{scan}.nii.gz"),
            labels=read_labels(folder / f"{labels}.nii.gz"),
            label_names=known,
        )
        assert made.target.grid.size == (240, 240)
        ventricle = in_ventricles(made, made.template_labels.data)
        assert 400 < ventricle.sum() < 4000
        warped = pulled(made.template_labels, made.displacement, nearest=True)
        there = made.corresponds.data[0].numpy() > 0
        assert (
            dice(np.isin(warped, made.ventricles) & there, in_ventricles(made, made.target_labels.data))
            > 0.95
        )
