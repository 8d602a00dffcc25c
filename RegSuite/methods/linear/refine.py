"""From the start down the levels: the choice of measure and the descent on each."""

from __future__ import annotations

import time

from RegSuite.methods.base import ConvergencePoint
from RegSuite.methods.linear.levels import samples_of
from RegSuite.methods.linear.measures import Measure, MeasureName
from RegSuite.methods.linear.optimise import Descent, Optimum, maximise
from RegSuite.methods.linear.poses import Model, Poses
from RegSuite.methods.linear.run import SEARCH_SHARE, Run
from RegSuite.methods.linear.search import score

ONE_MODALITY = 0.6
"""Agreement in sign of local correlations (-1..1) from which `auto` takes two images for one modality."""
PROPORTIONAL = 0.985
"""Correlation of two aligned images from which `auto` trusts their intensities everywhere."""
PATCH_POINTS = 6
"""Points a neighbourhood of lncc takes for one sample of another measure: its 27 are not independent."""


def descended(run: Run, pose: Poses) -> Poses:
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


def _chosen_measure(run: Run, pose: Poses) -> MeasureName:
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


def _refined(run: Run, pose: Poses, name: MeasureName, level: int, model: Model) -> Optimum:
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


def _polished(run: Run, pose: Poses) -> Poses:
    """The pose, once more by ncc where intensities are proportional everywhere: the more exact there."""
    ncc = Measure("ncc", run.points(0, samples_of(0, run.parameters.samples)), run.moving[0], run.device)
    r = float(ncc.at(pose.maps(run.frame, run.moving[0].inverse)).value[0])
    if r < PROPORTIONAL:
        return pose
    run.out.notes.append(f"measure ncc at the end: intensities are proportional (correlation {r:.3f})")
    return _refined(run, pose, "ncc", 0, run.model).poses


def _kept(run: Run, name: MeasureName, best: Optimum) -> None:
    """Remember how the level ended."""
    run.out.measure, run.out.value = name, float(best.value[0])
    run.out.overlap, run.out.determined = float(best.overlap[0]), float(best.determined[0])
