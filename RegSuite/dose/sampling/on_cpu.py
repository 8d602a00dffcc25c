"""The samples on the processor: slab by slab, a thread a sample."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.mapping.marks import FOLDED
from RegSuite.dose.mapping.prepared import between, with_halo
from RegSuite.dose.sampling import kernels, kernels_points, kernels_statistics
from RegSuite.dose.sampling.fraction import Drawn
from RegSuite.dose.sampling.maps import LOW_SHARE, least_known
from RegSuite.dose.sampling.points import Points
from RegSuite.dose.sampling.tally import Tally
from RegSuite.dose.sampling.team import Team

Values = NDArray[np.float32]

ROWS = 8
"""Rows of a slab's plane whose statistics are one piece of work."""


class SlabWork:
    """One run over the planning grid. alpha_betas: the distinct ones, whose EQD2 is summed too."""

    def __init__(
        self, drawn: Sequence[Drawn], points: Points, alpha_betas: Sequence[float], tally: Tally, team: Team
    ) -> None:
        self.drawn, self.points, self.tally, self.team = drawn, points, tally, team
        self.alpha_betas = np.asarray(list(alpha_betas), float)
        self.n, self.shape = drawn[0].n, drawn[0].job.grid.shape
        self.kinds = len(tally.limits)
        self.emt = drawn[0].job.mapping == "emt"
        self.below = np.zeros((1 + len(self.alpha_betas), self.n, *self.shape[1:]), np.float32)
        self._own = threading.local()

    def slab(self, z0: int, z1: int, said: Callable[[int], None]) -> None:
        """The planes z0 to before z1; said(f): fraction f is done."""
        total = np.zeros((1 + len(self.alpha_betas), self.n, z1 - z0, *self.shape[1:]), np.float32)
        part = self.points.between(z0, z1)
        at_points = np.zeros((self.n, self.kinds, 4, part.stop - part.start), np.float32)
        for number, fraction in enumerate(self.drawn):
            self._add_fraction(fraction, z0, z1, part, total, at_points)
            said(number)
        self._count(z0, part, total, at_points)
        self._statistics(z0, total)
        if self.emt:
            self.below = total[:, :, -1].copy()

    def _add_fraction(
        self, fraction: Drawn, z0: int, z1: int, part: slice, total: Values, at_points: Values
    ) -> None:
        first, last = with_halo(z0, z1, self.shape[0])
        mean, sigma = (
            np.ascontiguousarray(field[:, first:last], np.float32)
            for field in (fraction.mean, fraction.sigma)
        )
        c, job, points = fraction.correlation, fraction.job, self.points
        weights, across = c.z[first:last], np.ascontiguousarray(c.x.T)
        place, per_mm = between(job.grid, job.dose_grid)
        matrix = np.ascontiguousarray(job.grid.matrix[:3, :3])

        def sample(k: int) -> None:
            field = self._field(mean.shape)
            kernels.displaced(fraction.noise(k), weights, c.y, across, mean, sigma, field)
            found = job.slab(field, z0, z1, first=first)
            self.tally.folded[k] += np.count_nonzero(found.marks & FOLDED)
            kernels.add(found.dose_gy, fraction.count, self.alpha_betas, total, k)
            if not self.emt:
                kernels_points.at_points(
                    points.place[part], points.alpha_beta[part], field, first, job.dose_gy, place, per_mm,
                    matrix, fraction.count, at_points[k],
                )  # fmt: skip

        self.team.each(sample, self.n)

    def _field(self, shape: tuple[int, ...]) -> Values:
        """A place of the thread's own for a displacement."""
        if getattr(self._own, "field", np.empty(0)).shape != shape:
            self._own.field = np.empty(shape, np.float32)
        field: Values = self._own.field
        return field

    def _count(self, z0: int, part: slice, total: Values, at_points: Values) -> None:
        points, tally = self.points, self.tally
        if part.stop == part.start:
            return

        def sample(k: int) -> None:
            dose = at_points[k]
            if self.emt:
                kernels_points.between_voxels(
                    points.place[part], points.which[part], self.below[:, k], total[:, k], z0, dose
                )
            kernels_points.count_volume(
                dose, points.volume_cc[part], points.variance[part], points.structure[part],
                points.alpha_beta[part] > 0, tally.limits, tally.first, tally.width, k, tally.ramps,
                tally.sums,
            )  # fmt: skip

        self.team.each(sample, self.n)

    def _statistics(self, z0: int, total: Values) -> None:
        least = least_known(self.n)
        blocks = -(-self.shape[1] // ROWS)

        def block(number: int) -> None:
            plane, rows = divmod(number, blocks)
            y = slice(rows * ROWS, (rows + 1) * ROWS)
            for kind, maps in enumerate(self.tally.maps):
                out = (m[z0 + plane, y] for m in (maps.mean, maps.sd, maps.p05, maps.p95, maps.known))
                kernels_statistics.statistics(total[kind, :, plane, y], least, LOW_SHARE, *out)

        self.team.each(block, total.shape[2] * blocks)
