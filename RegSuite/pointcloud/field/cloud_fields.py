"""cloud_fields: from the drift of labelled points to the deformation of the whole volume."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.pointcloud.field.backward import backward_field
from RegSuite.pointcloud.field.checks import FieldChecks, field_checks
from RegSuite.pointcloud.field.forward import forward_field, organ_field
from RegSuite.pointcloud.field.label_map import TISSUE, organs_on
from RegSuite.pointcloud.field.moved_labels import MovedOrgans, moved_organs
from RegSuite.pointcloud.field.organ_inverse import OrganInverse, organ_inverse
from RegSuite.pointcloud.field.organ_motion import OrganMotion, organ_motions
from RegSuite.pointcloud.result import Drift
from RegSuite.transforms import DisplacementTransform

Progress = Callable[[float, str, Mapping[str, float]], None]


@dataclass(frozen=True, eq=False)
class CloudFields:
    """The volume's deformation from a drift of points.

    forward: source points to target points, on the source's grid. backward: target to source, on the
    target's grid, what warps the source image (result.json calls it `displacement`). Both jump along
    borders where organs slide.
    sd_mm: image on the target's grid, posterior standard deviation of T (root mean square of the axes); NaN
    beyond the organs' reach, for voxels that come from beyond the source's grid, and without an uncertainty.
    jacobian: det of the backward map; in organs that of the organ's own smooth motion, so that jumps along
    borders do not count.
    source_labels, target_labels: label of each voxel that moves as an organ, 0 for tissue; the target's
    are the given ones, or those that the forward motion made.
    organ_maps: the backward map of each organ about it, smooth across its borders. checks: what was
    measured of the fields. seconds by stage.
    """

    forward: DisplacementTransform
    backward: DisplacementTransform
    sd_mm: Image
    jacobian: Image
    source_labels: Image
    target_labels: Image
    organ_maps: tuple[OrganInverse, ...]
    checks: FieldChecks
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]

    @property
    def residual_mm(self) -> Mapping[str, float] | None:
        """{mean, p95, max} of |T(T^-1(y)) - y| at voxels of target organs."""
        return self.checks.residual_mm


def quiet(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
    """A progress that tells nobody."""


def cloud_fields(
    drift: Drift,
    source_grid: Grid,
    target_grid: Grid,
    source_labels: Image | None = None,
    target_labels: Image | None = None,
    progress: Progress = quiet,
) -> CloudFields:
    """Dense fields of a drift, both ways, with their uncertainty.

    Within an organ the motion is the Gaussian process regression of that organ's points (paper 13, Eq. 5
    and 6), so organs slide along each other where their labels meet. Around them the tissue follows a blend
    of the organs' motions, continuous to each organ's surface, back to the similarity transform at three
    bandwidths. Backward, each target organ is solved in its own motion alone, and elsewhere the blend is
    inverted.
    source_labels, target_labels: label maps of the organs on any grid. Without the target's it is made by
    moving the source's; without the source's no border is known, and the field is continuous.
    A drift without a model is one organ that is everywhere.
    Memory: about 20 numbers of four bytes a voxel. progress may raise Cancelled.
    Raises GeometryError for grids of other dimensions, or a target grid that the source does not reach.
    """
    grids = _checked(drift, source_grid, target_grid)
    watch = _Stages(progress)
    organs = organ_motions(drift)
    everywhere = drift.model is None
    source_at, notes = _organ_at(source_labels, source_grid, organs, everywhere, "source label map")
    fields = [organ_field(organ, source_at == k, source_grid, everywhere) for k, organ in enumerate(organs)]
    watch.done("organs", 0.15)
    forward = forward_field(fields, source_at, drift, source_grid, watch.part(0.3))
    watch.done("forward", 0.45)
    target_at, more = _organ_at(target_labels, target_grid, organs, everywhere, "target label map")
    inverses = [
        organ_inverse(one, source_at == k, target_at == k, target_grid, everywhere)
        for k, one in enumerate(fields)
    ]
    moved = _moved(inverses, (source_at, target_at), grids, target_labels is not None, everywhere)
    watch.done("inverses", 0.65)
    at = (source_at, moved.organ_at)
    backward = backward_field(inverses, at[1], forward, *grids, drift, watch.part(0.25))
    watch.done("backward", 0.9)
    checks = field_checks(fields, forward, backward, moved, at, grids)
    watch.done("checks", 1.0)
    return CloudFields(
        DisplacementTransform(forward.displacement_mm, source_grid),
        DisplacementTransform(backward.displacement_mm, target_grid, checks.residual_mm),
        Image(backward.sd_mm[None], target_grid, "uncertainty"),
        Image(backward.determinant[None], target_grid, "jacobian"),
        _label_image(at[0], organs, source_grid, "source labels"),
        _label_image(at[1], organs, target_grid, "target labels"),
        tuple(inverses),
        checks,
        (*notes, *more, *_notes(organs, checks, source_labels, target_labels, everywhere)),
        checks.warnings(),
        watch.seconds,
    )


class _Stages:
    """Seconds of each stage, and the progress told."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.reached = 0.0
        self.begun = time.perf_counter()

    def done(self, stage: str, fraction: float) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[stage], self.begun = now - self.begun, now
        self.reached = fraction
        self.progress(fraction, "field", {})

    def part(self, share: float) -> Callable[[float], None]:
        """Tells what part of the coming stage is done, which makes up a share of all."""
        begun = self.reached
        return lambda fraction: self.progress(begun + share * fraction, "field", {})


def _checked(drift: Drift, source: Grid, target: Grid) -> tuple[Grid, Grid]:
    for name, grid in (("source", source), ("target", target)):
        if grid.ndim != drift.source.ndim:
            raise GeometryError(
                f"points of {drift.source.ndim} dimensions, a grid of {grid.ndim}",
                where=f"{name} grid: {grid}",
                mend="give the grid of the image that the points are of",
            )
    return source, target


def _organ_at(
    labels: Image | None, grid: Grid, organs: Sequence[OrganMotion], everywhere: bool, where: str
) -> tuple[Tensor, tuple[str, ...]]:
    """Which organ each voxel is of (see label_map); all of the only one where there is no model."""
    if everywhere:
        place = 0 if organs else TISSUE
        return torch.full(grid.shape, place, dtype=torch.int16), ()
    return organs_on(labels, grid, organs, where)


def _moved(
    inverses: Sequence[OrganInverse],
    at: tuple[Tensor, Tensor],
    grids: tuple[Grid, Grid],
    given: bool,
    everywhere: bool,
) -> MovedOrgans:
    """The moved organs, with the organ of each target voxel: given, or where the motion brings it."""
    if everywhere or not inverses:
        return MovedOrgans(at[1], 0.0, {})
    found = moved_organs(inverses, at[0], at[1] if given else None, *grids)
    return MovedOrgans(at[1], found.overlap_cc, found.dice) if given else found


def _label_image(at: Tensor, organs: Sequence[OrganMotion], grid: Grid, name: str) -> Image:
    table = torch.tensor([0, *(organ.label for organ in organs)], dtype=torch.int32)
    return Image(table[(at + 1).long()][None], grid, name)


def _notes(
    organs: Sequence[OrganMotion],
    checks: FieldChecks,
    source_labels: Image | None,
    target_labels: Image | None,
    everywhere: bool,
) -> tuple[str, ...]:
    out = []
    if not organs:
        out.append("the map is the same for all points: nothing slides")
    elif not everywhere and source_labels is None:
        out.append("no source label map: the field is continuous, organs do not slide")
    elif not everywhere and target_labels is None:
        out.append("no target label map: borders are where the moved source organs lie")
    if checks.interpolation_mm is not None:
        out.append(
            "in organs the field differs from the exact regression by at most "
            f"{checks.interpolation_mm:.2g} mm"
        )
    return tuple(out)
