"""The deformable method: known deformations, every measure, masks, starts and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from RegSuite.errors import Cancelled, GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.numerics import kernels
from RegSuite.transforms import AffineTransform, CompositeTransform, DisplacementTransform
from RegSuite.transforms.base import Transform
from Testing.methods.deformed_pairs import GRIDS, bump_mm, error_mm, pair, register, shifted
from Testing.numerics.twins import threads

FEW = {"iterations": (6, 6, 4, 2, 1)}
MEASURES = {
    # the share of the error before that may be left, about twice what was seen; mind and ngf read edges
    # of a smooth image, and mi has a histogram of two thousand voxels
    "lncc": 0.15,
    "ssd": 0.15,
    "mind": 0.35,
    "ncc": 0.1,
    "ngf": 0.25,
    "mi": 0.6,
}


def field_of(transform: Transform, grid: Grid) -> Tensor:
    return transform.displacement(grid)


def before_mm(grid: Grid) -> float:
    return error_mm(AffineTransform.identity(grid.ndim), grid)


@pytest.mark.parametrize("where", GRIDS)
def test_a_known_bump_is_found_to_a_tenth_of_a_voxel(where: str) -> None:
    """In 2D, oblique and anisotropic 3D, and one slice thick: a smooth image without noise."""
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    kept = fixed.data.clone(), moving.data.clone()
    found = register("deformable", fixed, moving)
    assert error_mm(found.transform, grid) < 0.1 * min(grid.spacing) < 0.15 * before_mm(grid)
    assert float(found.transform.jacobian_determinant(grid).min()) > 0
    assert found.notes
    assert found.convergence[-1].value < 0.1 * found.convergence[0].value
    assert torch.equal(fixed.data, kept[0])
    assert torch.equal(moving.data, kept[1])
    if where == "one slice":
        across = np.asarray(grid.direction)[:, 2]
        out_of_plane = np.einsum("p,p...->...", across, field_of(found.transform, grid).numpy())
        assert np.abs(out_of_plane).max() < 1e-4


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_gets_better_by_its_own_value_and_nearer_to_the_truth(measure: str) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    found = register("deformable", fixed, moving, measure=measure)
    last = found.convergence[-1].stage
    finest = [p.value for p in found.convergence if p.stage == last]
    first = [p.value for p in found.convergence if p.stage == found.convergence[0].stage]
    assert first[-1] < first[0]
    assert finest[-1] <= finest[0]
    assert error_mm(found.transform, grid) < MEASURES[measure] * before_mm(grid)
    assert float(found.transform.jacobian_determinant(grid).min()) > 0


@pytest.mark.parametrize("measure", ["mind", "mi"])
def test_inverted_contrast_is_registered_by_the_measures_made_for_it(measure: str) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    plain = register("deformable", fixed, moving, measure=measure).transform
    found = register("deformable", fixed, replace(moving, data=-moving.data), measure=measure).transform
    assert error_mm(found, grid) < 1.2 * error_mm(plain, grid) + 0.05  # inverted: as good


@pytest.mark.parametrize("where", ["2D", "3D oblique"])
def test_swapped_images_give_nearly_the_inverse_where_both_are_deformed(where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    there, back = (
        register("deformable", a, b, symmetric=True).transform for a, b in ((fixed, moving), (moving, fixed))
    )
    inner = (slice(None), *(slice(n // 5, n - n // 5) for n in grid.shape))
    residual = field_of(CompositeTransform.of(there, back), grid).norm(dim=0, keepdim=True)[inner]
    # the line in a window is fitted from moving to fixed, and each deformation is smoothed for itself
    assert float(residual.mean()) < 0.1
    assert error_mm(there, grid) < 0.1 * min(grid.spacing)


def test_channels_are_registered_together() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    noise = torch.randn(fixed.data.shape, generator=torch.Generator().manual_seed(2))
    two = [replace(i, data=torch.cat([i.data, n])) for i, n in ((fixed, noise), (moving, noise.flip(1)))]
    for measure in ("lncc", "ssd", "mind"):
        found = register("deformable", *two, measure=measure).transform
        assert error_mm(found, grid) < 0.6 * before_mm(grid)


@pytest.mark.parametrize("measure", ["lncc", "mind", "mi"])
@pytest.mark.parametrize("side", ["fixed", "moving"])
def test_what_lies_outside_of_a_mask_has_no_say(side: str, measure: str) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    mask = torch.ones(grid.shape, dtype=torch.bool)
    mask[:, :11] = False
    mask[30:, 30:] = False
    image = (fixed if side == "fixed" else moving).with_mask(mask)
    data = image.data.clone()
    data[:, ~mask] = 1000.0
    data[:, 39, 47] = torch.nan
    fields = []
    for masked in (image, replace(image, data=data)):
        images = (masked, moving) if side == "fixed" else (fixed, masked)
        fields.append(field_of(register("deformable", *images, measure=measure, **FEW).transform, grid))
    assert torch.equal(*fields)


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_masked_artefact_in_the_bump_does_little_harm(symmetric: bool) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    mask = torch.ones(grid.shape, dtype=torch.bool)
    mask[14:22, 20:26] = False
    ruined = fixed.data.clone()
    ruined[:, ~mask] = 30.0
    found = register("deformable", Image(ruined, grid, "fixed", mask), moving, symmetric=symmetric)
    worse = register("deformable", Image(ruined, grid, "fixed"), moving, symmetric=symmetric)
    assert error_mm(found.transform, grid) < 0.2 * before_mm(grid)
    assert error_mm(found.transform, grid) < 0.5 * error_mm(worse.transform, grid)


def test_where_moving_does_not_reach_nothing_wild_happens() -> None:
    """moving holds the middle of fixed: its outer fifths are seen by none of its voxels."""
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    y, x = slice(8, 32), slice(10, 38)
    small = Grid.make((28, 24), grid.spacing, grid.points((10, 8)), grid.direction)
    found = register("deformable", fixed, Image(moving.data[:, y, x].contiguous(), small, "moving"))
    field = field_of(found.transform, grid)
    truth = torch.from_numpy(np.moveaxis(bump_mm(grid.all_points(), grid), -1, 0)).float()
    inside = (field - truth).norm(dim=0)[12:28, 14:34]
    assert float(inside.mean()) < 0.25 * float(truth.norm(dim=0)[12:28, 14:34].mean())
    assert float(field.norm(dim=0).max()) < 1.5 * float(truth.norm(dim=0).max())
    assert float(found.transform.jacobian_determinant(grid).min()) > 0


@pytest.mark.parametrize("where", ["2D", "3D oblique"])
def test_an_affine_start_stands_after_the_deformation(where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    by = np.array([30.0, -12.0, 8.0])[: grid.ndim]
    moved, initial = shifted(moving, by)
    found = register("deformable", fixed, moved, initial, **FEW)
    plain = register("deformable", fixed, moving, **FEW)
    shift = torch.tensor(by).float().reshape(-1, *(1,) * grid.ndim)
    difference = field_of(found.transform, grid) - shift - field_of(plain.transform, grid)
    assert float(difference.norm(dim=0).mean()) < 0.02  # the same numbers up to rounding of positions
    assert found.linear is initial
    points = torch.from_numpy(grid.points(np.full((1, grid.ndim), 9.0)))
    assert torch.allclose(found.linear.points(points), points + torch.from_numpy(by))


def test_a_dense_start_is_kept_and_gone_on_from() -> None:
    grid = GRIDS["3D oblique"]
    fixed, moving = pair(grid)
    truth = torch.from_numpy(np.moveaxis(bump_mm(grid.all_points(), grid), -1, 0)).float().contiguous()
    near = DisplacementTransform(0.9 * truth, grid)
    nothing = register("deformable", fixed, moving, near, iterations=(0,))
    assert float((field_of(nothing.transform, grid) - 0.9 * truth).norm(dim=0).max()) < 0.02
    found = register("deformable", fixed, moving, near, iterations=(0, 0, 0, 3, 2))
    assert error_mm(found.transform, grid) < 0.1 * min(grid.spacing)


def test_the_caller_hears_of_the_progress_and_can_cancel() -> None:
    fixed, moving = pair(GRIDS["2D"])
    method = get_method("deformable")
    heard: list[float] = []

    def listen(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        heard.append(fraction)
        assert stage
        assert set(metrics) == {"lncc"}

    method.register(fixed, moving, method.Parameters(**FEW), listen)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)

    def stop(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        raise Cancelled("stopped by the user")

    with pytest.raises(Cancelled, match="stopped by the user"):
        method.register(fixed, moving, method.Parameters(**FEW), stop)


@pytest.mark.parametrize("measure", ["lncc", "mi"])
def test_two_runs_give_the_same_bits_on_one_and_two_threads(measure: str) -> None:
    grid = GRIDS["3D oblique"]
    fixed, moving = pair(grid)
    options = {"measure": measure, "iterations": (2, 1, 1)}
    fields = []
    for count in (1, 2, 2):
        with threads(count):
            fields.append(field_of(register("deformable", fixed, moving, **options).transform, grid))
    assert torch.equal(fields[1], fields[2])
    assert torch.equal(fields[0], fields[1])


@pytest.mark.parametrize("where", ["2D", "one slice", pytest.param("3D oblique", marks=pytest.mark.slow)])
def test_the_plain_path_finds_the_compiled_paths_deformation(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    compiled = field_of(register("deformable", fixed, moving, **FEW).transform, grid)
    monkeypatch.setattr(kernels, "serves", lambda *tensors: False)
    plain = field_of(register("deformable", fixed, moving, **FEW).transform, grid)
    # window sums in another order, some twenty steps long; weak texture answers with hundredths of a mm
    assert float((plain - compiled).norm(dim=0).mean()) < 2e-3
    assert float((plain - compiled).norm(dim=0).max()) < 0.05


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("where", GRIDS)
def test_the_gpu_finds_the_cpus_deformation(where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    here = field_of(register("deformable", fixed, moving).transform, grid)
    there = register("deformable", *(replace(i, data=i.data.cuda()) for i in (fixed, moving)))
    assert float((field_of(there.transform, grid).cpu() - here).norm(dim=0).mean()) < 5e-3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"measure": "cc"}, "lncc"),
        ({"window_mm": 0.0}, "greater than 0"),
        ({"smoothness_mm": -1.0}, "greater than or equal to 0"),
        ({"radius_voxels": 0}, "greater than or equal to 1"),
        ({"iterations": ()}, "at least 1 item"),
        ({"steps": 3}, "Extra inputs are not permitted"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        get_method("deformable").Parameters(**given)


def spoiled(kind: str) -> tuple[Image, Image]:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    values = moving.data.clone()
    if kind == "constant":
        values[:] = 3.0
    elif kind == "not finite":
        values[0, 3, 4] = torch.inf
    elif kind == "far away":
        return fixed, shifted(moving, np.array([900.0, 0.0]))[0]
    elif kind == "empty mask":
        return fixed, moving.with_mask(torch.zeros(grid.shape, dtype=torch.bool))
    elif kind == "channels":
        values = torch.cat([values, values])
    elif kind == "dimensions":
        return fixed, pair(GRIDS["one slice"])[1]
    elif kind == "masks apart":
        left = torch.zeros(grid.shape, dtype=torch.bool)
        left[:, :10] = True
        return fixed.with_mask(left), moving.with_mask(left.flip(1))
    return fixed, replace(moving, data=values)


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("constant", InputError, "all voxels hold 3"),
        ("not finite", InputError, "not finite"),
        ("far away", GeometryError, "do not overlap"),
        ("empty mask", InputError, "mask is empty"),
        ("channels", InputError, "2"),
        ("dimensions", GeometryError, "dimensions"),
        ("masks apart", GeometryError, "no voxel of fixed"),
    ],
)
def test_images_that_cannot_be_registered_are_refused_with_words(
    kind: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        register("deformable", *spoiled(kind))


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (3, 2, 2), (5, 1, 1), (4, 4, 4)])
def test_the_smallest_images_are_registered(size: tuple[int, ...]) -> None:
    grid = Grid.make(size, 2.0)
    values = torch.randn((1, *grid.shape), generator=torch.Generator().manual_seed(0))
    found = register("deformable", Image(values, grid), Image(2 * values + 1, grid))
    # alike but for brightness and contrast: no reason to move
    assert float(field_of(found.transform, grid).abs().max()) < 1e-2
