"""What a reader of bands must know: what was assumed, and what must not be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.sampling.fraction import SampledFraction
from RegSuite.dose.sampling.maps import DoseMaps, least_known
from RegSuite.dose.sampling.quadrature import TOLERANCE
from RegSuite.dose.sampling.sampled_dvh import SampledDvh

COVERED = 0.9995
FOLDED = 1e-3
FEW_SAMPLES = 40


def assumptions(fractions: Sequence[SampledFraction], correlation: str) -> tuple[str, ...]:
    """Each assumption in a sentence."""
    lengths = sorted({f.uncertainty.correlation_mm for f in fractions})
    length = " and ".join(f"{v:g}" for v in lengths)
    out = [
        f"errors of a deformation are Gaussian and correlate over space as a Gaussian of SD "
        f"sqrt(2) times {length} mm, its three components apart"
    ]
    if len(fractions) > 1:
        out.append(
            "the deformations of different fractions err independently of each other"
            if correlation == "independent"
            else "all deformations have the same error, each times its own standard deviation"
        )
    several = [f.name for f in fractions if f.count != 1]
    if several:
        out.append(
            f"the fractions that share a dose ({', '.join(several)}) share one deformation and its error"
        )
    return tuple(out)


def warnings_of(
    dvhs: Sequence[SampledDvh], maps: DoseMaps, folded: NDArray[np.float64], n: int
) -> tuple[str, ...]:
    """Each warning in a sentence with its numbers."""
    out = []
    if n < FEW_SAMPLES:
        out.append(f"5th and 95th percentiles of {n} samples are coarse; 100 are usual")
    for dvh in dvhs:
        least = float(dvh.coverage.min())
        if least < COVERED:
            out.append(
                f"{dvh.name}: in {int((dvh.coverage < COVERED).sum())} of {n} samples the dose of a part is "
                f"not known (down to {100 * least:.1f} % of the volume); bands are of what is known in each"
            )
        if dvh.apart is not None and dvh.apart > TOLERANCE:
            out.append(
                f"{dvh.name}: the {dvh.points} points that stand for it give the nominal DVH to "
                f"{100 * dvh.apart:.1f} %, so that its bands are no finer than that"
            )
    partly = int(np.count_nonzero((maps.known < n) & (maps.known > 0)))
    if partly:
        blank = int(np.count_nonzero((maps.known < least_known(n)) & (maps.known > 0)))
        out.append(
            f"{partly} voxels have a known dose in some samples alone; maps are blank in {blank} of them, "
            f"which are known in fewer than 95 % of the samples"
        )
    if folded.mean() > FOLDED:
        out.append(
            f"sampled deformations fold in {100 * folded.mean():.2g} % of the voxels (at most "
            f"{100 * folded.max():.2g} %): their standard deviation changes faster than tissue can; doses "
            "there are left out"
        )
    return tuple(out)
