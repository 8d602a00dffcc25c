"""sample_course: the accumulated dose of a course in n samples of its deformations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.mapping.mapped import map_dose, workers_or_default
from RegSuite.dose.mapping.prepared import OVERSAMPLING
from RegSuite.dose.mapping.prepared import Mapping as Mapped
from RegSuite.dose.planes import EndSlices
from RegSuite.dose.sampling.fraction import Between, Drawn, SampledFraction, drawn_fractions
from RegSuite.dose.sampling.points import Points
from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
from RegSuite.dose.sampling.quadrature import Quadrature, structure_quadrature
from RegSuite.dose.sampling.tally import Tally
from RegSuite.dose.sampling.team import Team
from RegSuite.dose.sampling.words import assumptions, warnings_of
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import Structure

Progress = Callable[[float, str, Mapping[str, float]], None]

SLAB_MB = 256
"""Memory of the samples of a slab's dose; how high a slab is changes no bit of the result."""
SAY_EVERY_S = 0.5
STAGE = "sampling"
BEFORE = 0.05
"""Share of the progress that the structures' points take."""


def sample_course(
    fractions: Sequence[SampledFraction],
    grid: Grid,
    structures: Sequence[Structure],
    *,
    n: int = 100,
    seed: int = 0,
    correlation: Between = "independent",
    mapping: Mapped = "ddm",
    oversampling: int = OVERSAMPLING,
    alpha_beta: Mapping[str, float] | None = None,
    end_slices: EndSlices = "half",
    bin_width_gy: float = 0.1,
    workers: int | None = None,
    slab_mb: float = SLAB_MB,
    device: str = "cpu",
    progress: Progress | None = None,
) -> ProbabilisticDose:
    """The dose summed over fractions for n draws of their deformations, and what the draws have in common.

    grid: the planning (accumulation) grid, on which each fraction's uncertainty lies. correlation: of
    the errors between fractions: "independent", each has its own noise; "same", all have one noise, each
    times its own SD. mapping, oversampling: as `map_dose`. alpha_beta: {structure: Gy, "default": Gy};
    EQD2 is formed per fraction and voxel (d = D / count, times count), then summed; structures not named
    have the default, none where there is none.
    Maps are of every voxel; DVHs of points that stand for each structure as finely as its nominal DVH
    needs (quadrature.py): under "ddm" the dose is read where the point's own u leads, under "emt" it is
    trilinear between the voxels' doses. A point or voxel without a dose in a sample (outside of a
    dose grid, folded, undefined) is left out of that sample.
    All samples of some planes are held at once (`slab_mb`), never of the volume; the same seed gives the
    same bits for any workers and slab_mb on the CPU. device: "cuda" computes with torch (equal to
    float32's rounding). progress: called at least once a second; what it raises ends the run.
    Raises InputError, GeometryError and DoseError for what cannot be sampled, OutOfMemory on a GPU.
    """
    alpha_beta = dict(alpha_beta or {})
    say = _Saying(progress)
    of_each = [alpha_beta.get(s.name, alpha_beta.get("default", 0.0)) for s in structures]
    distinct = tuple(dict.fromkeys(v for v in (alpha_beta.get("default", 0.0), *of_each) if v > 0))
    say(0.0)
    drawn = drawn_fractions(
        fractions, grid, n=n, seed=seed, correlation=correlation, mapping=mapping,
        oversampling=oversampling, effective=bool(distinct),
    )  # fmt: skip
    found = _quadratures(drawn, grid, structures, end_slices, workers, say)
    points = Points.of(found, grid.shape[0], of_each, distinct)
    tally = Tally.empty(drawn, len(found), distinct, bin_width_gy)
    slabs = _slabs(points, grid, n, 1 + len(distinct), slab_mb)
    if device == "cpu":
        _on_cpu(drawn, points, distinct, tally, slabs, workers_or_default(workers), say)
    else:
        from RegSuite.dose.sampling.on_device import run_on_device

        run_on_device(drawn, points, distinct, tally, slabs, device, say.share)
    say(1.0)
    dvhs = tally.dvhs(found, of_each)
    folded = tally.folded / (len(drawn) * grid.voxels)
    return ProbabilisticDose(
        grid, n, seed, correlation, mapping, tally.maps[0], dict(zip(distinct, tally.maps[1:], strict=True)),
        dvhs, folded, assumptions(fractions, correlation), warnings_of(dvhs, tally.maps[0], folded, n),
    )  # fmt: skip


class _Saying:
    """Progress at most twice a second (and at the ends); share(part) is of the sampling alone."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._last, self._at = progress, 0.0, 0.0

    def __call__(self, part: float | None = None) -> None:
        """Say how far it is; without a part the same as before, for a look whether to stop."""
        self._at = self._at if part is None else part
        now = time.monotonic()
        if self._progress and (now - self._last >= SAY_EVERY_S or part in (0.0, 1.0)):
            self._last = now
            self._progress(self._at, STAGE, {})

    def reached(self, part: float) -> None:
        """How far it is, to be said at the next look."""
        self._at = part

    def share(self, part: float) -> None:
        """Part 0..1 of the sampling is done."""
        self(BEFORE + (0.999 - BEFORE) * part)


def _quadratures(
    drawn: Sequence[Drawn], grid: Grid, structures: Sequence[Structure], end_slices: EndSlices,
    workers: int | None, say: _Saying,
) -> list[Quadrature]:  # fmt: skip
    """Points of every structure, judged on the dose of the mean deformations (direct mapping)."""
    nominal: NDArray[np.float32] = np.zeros(grid.shape, np.float32)
    for fraction in drawn if structures else ():
        job = fraction.job
        nominal += map_dose(job.dose_gy, job.dose_grid, fraction.mean, grid, workers=workers).dose_gy
        say()
    out: list[Quadrature] = []

    def one(number: int) -> None:
        out.append(structure_quadrature(structures[number], nominal, grid, end_slices=end_slices))
        say.reached(BEFORE * (number + 1) / len(structures))

    with Team(1, say) as team:  # one at a time: its kernels have threads of their own
        team.each(one, len(structures))
    return out


def _slabs(points: Points, grid: Grid, n: int, doses: int, slab_mb: float) -> list[tuple[int, int]]:
    """The planes of each slab, whose samples at voxels and points fit slab_mb; one plane at least."""
    planes, rows, columns = grid.shape
    each = np.bincount(points.upper, minlength=planes) * min(doses, 2) * 4 + rows * columns * doses
    edges, held = [0], 0.0
    for plane, values in enumerate(each):
        held += 4 * n * float(values)
        if held > slab_mb * 1e6 and plane > edges[-1]:
            edges.append(plane)
            held = 4 * n * float(values)
    return list(pairwise([*edges, planes]))


def _on_cpu(
    drawn: Sequence[Drawn], points: Points, distinct: Sequence[float], tally: Tally,
    slabs: Sequence[tuple[int, int]], workers: int, say: _Saying,
) -> None:  # fmt: skip
    from RegSuite.dose.sampling.on_cpu import SlabWork

    with Team(workers, say) as team:
        work = SlabWork(drawn, points, distinct, tally, team)
        for number, (z0, z1) in enumerate(slabs):
            work.slab(z0, z1, partial(_said, say, number * len(drawn) + 1, len(slabs) * len(drawn)))


def _said(say: _Saying, done: int, steps: int, fraction: int) -> None:
    say.share((done + fraction) / steps)
