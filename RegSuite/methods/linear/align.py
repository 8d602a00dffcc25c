"""Linear registration from coarse to fine: search, then refinement level by level."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed
from RegSuite.geometry import Image
from RegSuite.methods.base import ConvergencePoint, Progress
from RegSuite.methods.linear.judge import Alignment, check_pair, judge
from RegSuite.methods.linear.levels import describe, samples_of, steps_mm
from RegSuite.methods.linear.measures import Measure, MeasureName
from RegSuite.methods.linear.moments import Moments, moments
from RegSuite.methods.linear.optimise import Descent, Optimum, maximise
from RegSuite.methods.linear.parameters import LinearParameters
from RegSuite.methods.linear.points import Points, stratified_points
from RegSuite.methods.linear.poses import Frame, Model, Poses
from RegSuite.methods.linear.pyramid import Level, pyramid
from RegSuite.methods.linear.search import Extent, Found, score, search, starts

FloatArray = NDArray[np.float64]

FEW_POINTS = 1500
"""Points of the first rounds of the multi-start."""
SEARCH_SHARE = 0.5
"""Share of the progress bar that the search takes."""
ONE_MODALITY = 0.6
"""Agreement in sign of local correlations (-1..1) from which `auto` takes two images for one modality."""
CUT_OUT = 0.7
"""Fraction of voxels unlike the smallest value below which the rest is background set by a program."""
PROPORTIONAL = 0.97
"""Correlation of two aligned images from which `auto` trusts their intensities everywhere."""
PATCH_POINTS = 6
"""Points a neighbourhood of lncc takes for one sample of another measure: its 27 are not independent."""
SMALLER = 0.75
"""Foreground volume of moving over fixed below which the points are taken in the moving image."""


@dataclass
class _Run:
    """What all stages of one registration share."""

    model: Model
    fixed: list[Level]
    moving: list[Level]
    parameters: LinearParameters
    frame: Frame
    device: str
    progress: Progress
    least_overlap: float
    out: Alignment

    def points(self, level: int, count: int, *, patches: bool = False) -> Points:
        """Sample points of a fixed level."""
        return stratified_points(
            self.fixed[level],
            count,
            self.frame.centre,
            self.frame.radius,
            self.parameters.seed,
            patches=patches,
        )


def align(
    fixed: Image,
    moving: Image,
    model: Model,
    parameters: LinearParameters,
    progress: Progress,
    initial: FloatArray | None = None,
) -> Alignment:
    """The linear map of `model` that aligns two images of one dimension.

    The points are taken in the image that shows less (a stripped brain against a whole head, a
    slice against a volume); where that is the moving one, the map found is inverted.
    initial: homogeneous [d+1, d+1], fixed to moving LPS mm. Raises InputError for inputs that
    cannot work, MethodFailed where the images share too little.
    """
    check_pair(fixed, moving)
    begun = time.perf_counter()
    progress(0.0, "prepare", {})
    steps = steps_mm(fixed, moving, parameters.finest_mm)
    levels = [pyramid(image, steps) for image in (fixed, moving)]
    swap = _shows_less(fixed, moving, levels)
    if swap:
        fixed, moving, levels = moving, fixed, levels[::-1]
        initial = None if initial is None else np.asarray(np.linalg.inv(initial), dtype=np.float64)
    stripped = _without_constant_background(fixed, levels)
    if stripped is not fixed:
        levels[0] = pyramid(stripped, steps)
    run = _prepared(fixed, moving, levels, model, parameters, progress)
    run.out.notes.append(f"levels {describe(steps)}")
    if stripped is not fixed:
        run.out.notes.append(f"{fixed.name} shows only a part, cut out: its constant background was left out")
    if swap:
        run.out.notes.append("the moving image shows less: points were taken there, and the map was inverted")
    run.out.seconds["prepare"] = time.perf_counter() - begun
    pose = _searched(run, fixed, moving, None if initial is None else _in_space(initial))
    pose = _descended(run, pose)
    keep = [*range(fixed.ndim), 3]
    run.out.matrix = pose.matrix(run.frame)[0][np.ix_(keep, keep)]
    judge(run.out, run.least_overlap)
    if swap:
        run.out.matrix = np.asarray(np.linalg.inv(run.out.matrix))
    progress(1.0, "done", {run.out.measure: run.out.value})
    return run.out


def _shows_less(fixed: Image, moving: Image, levels: list[list[Level]]) -> bool:
    """Whether the moving image's foreground is so much smaller that the points belong there."""
    thin = [1 in image.grid.size for image in (fixed, moving)]
    if any(thin):
        return thin[1] and not thin[0]
    own, other = (moments(level[-1]).volume_mm3 for level in levels)
    return other < SMALLER * own


def _without_constant_background(fixed: Image, levels: list[list[Level]]) -> Image:
    """The fixed image with its cut-out part as mask, where the moving image shows more than that part.

    The edge of a stripped brain is no anatomy: against a whole head it would be drawn to the skull.
    """
    own, other = (moments(level[-1]).volume_mm3 for level in levels)
    values = fixed.data[0]
    inside = values != values.min()
    if fixed.mask is not None or own > SMALLER * other or float(inside.float().mean()) > CUT_OUT:
        return fixed
    return fixed.with_mask(inside)


def _prepared(
    fixed: Image,
    moving: Image,
    levels: list[list[Level]],
    model: Model,
    parameters: LinearParameters,
    progress: Progress,
) -> _Run:
    """The frame of the parameters and the least overlap."""
    out = Alignment(np.eye(4), "", 0.0, 0.0, 0.0)
    for image in (fixed, moving):
        if image.channels > 1:
            out.notes.append(f"{image.name}: the first of {image.channels} channels was used")
    own = moments(levels[0][-1])
    axes = _axes(fixed, moving, out)
    # twice the mean standard deviation is the radius of a ball of the same inertia, about
    radius = 2 * float(own.sigmas_mm[: axes.shape[1]].mean())
    frame = Frame(own.centre, max(radius, levels[0][0].step_mm), axes)
    device = str(fixed.data.device)
    few = stratified_points(levels[0][-1], FEW_POINTS, frame.centre, frame.radius, parameters.seed)
    cover = min(1.0, _volume(levels[1][-1]) / max(few.volume_mm3, 1e-30))
    return _Run(
        model,
        levels[0],
        levels[1],
        parameters,
        frame,
        device,
        progress,
        parameters.least_overlap_fraction * cover,
        out,
    )


def _axes(fixed: Image, moving: Image, out: Alignment) -> FloatArray:
    """[3, k] axes along which the pose is sought; a plane onto a plane is moved within itself."""
    if fixed.ndim == 2:
        return np.eye(3)[:, :2]
    thin = [a for a in range(3) if fixed.grid.size[a] == 1]
    if thin and 1 in moving.grid.size:
        out.warnings.append(
            "both images are one voxel thick: only motion within the plane was sought, "
            "and the header's position across it was kept"
        )
        return np.delete(np.asarray(fixed.grid.direction), thin, axis=1)[:, :2]
    return np.eye(3)


def _volume(level: Level) -> float:
    """Volume (2D: area) of a level in mm^3, of its mask where it has one."""
    extended = [a for a in range(3) if level.volume.shape[2 - a] > 1]
    voxel = float(np.prod(np.linalg.norm(level.matrix[:3, extended], axis=0)))
    return voxel * float(level.valid.sum() if level.valid.size else level.volume.size)


def _in_space(matrix: FloatArray) -> FloatArray:
    """[4, 4] of a [d+1, d+1] homogeneous matrix."""
    d = len(matrix) - 1
    out = np.eye(4)
    out[:d, :d], out[:d, 3] = matrix[:d, :d], matrix[:d, d]
    return out


def _searched(run: _Run, fixed: Image, moving: Image, given: FloatArray | None) -> Poses:
    """The start of the refinement: the best pose of the multi-start."""
    begun = time.perf_counter()
    extent = run.parameters.search
    if extent == "auto":
        extent = "full" if given is None else "none"
    if extent == "none":
        place = "the header's geometry" if given is None else "the initial transform"
        run.out.notes.append(f"started from {place}")
        return Poses.of_matrix(np.eye(4) if given is None else given, run.frame)
    found = _search(run, fixed, moving, cast("Extent", extent), given)
    run.out.seconds["search"] = time.perf_counter() - begun
    if found.overlap[0] < run.least_overlap or found.scores[0] <= 0:
        raise MethodFailed(
            f"no pose was found in which the images share structure (best overlap {100 * found.overlap[0]:.0f} %)",
            where="search",
            mend="give an initial transform, a mask, or a smaller least_overlap_fraction",
        )
    _told(run, found)
    return found.poses[[0]]


def _search(run: _Run, fixed: Image, moving: Image, extent: Extent, given: FloatArray | None) -> Found:
    """The multi-start on the coarsest level and the one below it."""
    asked = run.parameters.measure
    name: MeasureName = "ncc" if asked == "ncc" else "mi"
    last = len(run.fixed) - 1
    finer = max(0, last - 1)
    coarse = tuple(
        Measure(name, run.points(last, count), run.moving[last], run.device) for count in (FEW_POINTS, 4000)
    )
    fine = Measure(name, run.points(finer, 8000), run.moving[finer], run.device)
    middles = tuple(_in3(i.grid.centre) for i in (fixed, moving))
    masses: list[Moments] = [moments(run.fixed[last]), moments(run.moving[last])]
    begin = starts(extent, given, masses[0], masses[1], (middles[0], middles[1]), run.frame)

    def tick(fraction: float, value: float) -> None:
        run.progress(SEARCH_SHARE * fraction, "search", {name: value})

    tick(0.0, 0.0)
    step = run.fixed[last].step_mm
    return search(begin, (coarse[0], coarse[1]), fine, run.frame, run.least_overlap, step, tick)


def _in3(point: FloatArray) -> FloatArray:
    """A 2D or 3D point as [3]."""
    return np.concatenate([point, np.zeros(3 - len(point))])


def _told(run: _Run, found: Found) -> None:
    """Say which start won, and warn where another pose is nearly as good."""
    run.out.notes.append(f"{found.names[0]} gave the best start (score {found.scores[0]:.4g})")
    if len(found.scores) > 1:
        run.out.notes.append(
            f"the next different pose came from {found.names[1]} (score {found.scores[1]:.4g})"
        )
        if found.scores[1] > AMBIGUOUS * found.scores[0]:
            run.out.warnings.append(
                f"another, different pose matches nearly as well ({found.scores[1]:.4g} against "
                f"{found.scores[0]:.4g}): look at the result, the object may be symmetric"
            )


AMBIGUOUS = 0.97
"""Score of another pose, relative to the best, from which the result is called ambiguous."""


def _chosen_measure(run: _Run, pose: Poses) -> MeasureName:
    """The measure of the refinement; `auto` asks whether intensities rise together at the start."""
    if run.parameters.measure != "auto":
        return run.parameters.measure
    level = max(0, len(run.fixed) - 2)
    local = Measure("lncc", run.points(level, 20_000, patches=True), run.moving[level], run.device)
    agreement = float(local.sign_agreement(pose.maps(run.frame, run.moving[level].inverse))[0])
    name: MeasureName = "lncc" if agreement >= ONE_MODALITY else "mi"
    why = "as in one modality" if name == "lncc" else "as in two modalities"
    run.out.notes.append(
        f"measure {name}: at the start local intensities agree in sign by {agreement:.2f}, {why}"
    )
    return name


def _descended(run: _Run, pose: Poses) -> Poses:
    """The pose after all levels; an affine map comes by two ways, and the better one goes on.

    One way is affine from the coarsest level on (large differences in size), the other stays
    rigid there (a stripped brain would be stretched over a whole head's skull).
    """
    measure = _chosen_measure(run, pose)
    levels = list(reversed(range(len(run.fixed))))
    ways: list[Optimum] = []
    both: list[list[Model]] = [[run.model, run.model], ["rigid", run.model]]
    split = levels[:2] if run.model != "rigid" and len(levels) > 1 else levels[:0]
    for kinds in both if split else ():
        best = None
        for level, kind in zip(split, kinds, strict=True):
            best = _refined(run, pose if best is None else best.poses, measure, level, kind)
        ways += [best] if best is not None else []
    if ways:
        chosen = max(ways, key=lambda way: float(score(way)[0]))
        pose = chosen.poses
    for level in levels[len(split) :]:
        pose = _refined(run, pose, measure, level, run.model).poses
    return _polished(run, pose) if run.parameters.measure == "auto" and measure == "lncc" else pose


def _polished(run: _Run, pose: Poses) -> Poses:
    """The pose, once more by ncc where intensities are proportional everywhere: the more exact there."""
    ncc = Measure("ncc", run.points(0, samples_of(0, run.parameters.samples)), run.moving[0], run.device)
    r = float(ncc.at(pose.maps(run.frame, run.moving[0].inverse)).value[0])
    if r < PROPORTIONAL:
        return pose
    run.out.notes.append(f"measure ncc at the end: intensities are proportional (correlation {r:.3f})")
    return _refined(run, pose, "ncc", 0, run.model).poses


def _refined(run: _Run, pose: Poses, name: MeasureName, level: int, model: Model) -> Optimum:
    """The optimum of one level; where the model is affine, a similarity goes before."""
    begun = time.perf_counter()
    step = run.moving[level].step_mm
    stage = f"level {step:.3g} mm"
    count = samples_of(level, run.parameters.samples) * (PATCH_POINTS if name == "lncc" else 1)
    points = run.points(level, count, patches=name == "lncc")
    measure = Measure(name, points, run.moving[level], run.device)
    share = (1 - SEARCH_SHARE) / len(run.fixed)
    done = len(run.fixed) - 1 - level

    def tick(iteration: int, value: float) -> None:
        fraction = SEARCH_SHARE + share * (done + min(1.0, iteration / run.parameters.iterations))
        run.progress(fraction, stage, {name: value})

    tick(0, run.out.value)
    descent = Descent(run.parameters.iterations, 2 * step, 0.004 * step, run.least_overlap)
    if model == "affine" and level > 0:
        pose = maximise(measure, "similarity", pose, run.frame, descent, tick).poses
    best = maximise(measure, model, pose, run.frame, descent, tick)
    run.out.convergence += [ConvergencePoint(stage, i, -v) for i, v in enumerate(best.history)]
    run.out.seconds[stage] = run.out.seconds.get(stage, 0.0) + time.perf_counter() - begun
    _kept(run, name, best)
    return best


def _kept(run: _Run, name: MeasureName, best: Optimum) -> None:
    """Remember how the level ended."""
    run.out.measure, run.out.value = name, float(best.value[0])
    run.out.overlap, run.out.determined = float(best.overlap[0]), float(best.determined[0])
