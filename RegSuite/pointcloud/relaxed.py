"""Steps beyond what an iteration asks for: adaptive over-relaxation, which the bound holds in check.

Variational iterations crawl where what is hidden (which point belongs to which) leaves much open. A step of
beta times the plain one is tried, beta growing while the bound gains; where it does not, the plain step is
taken, whose gain is certain. (Salakhutdinov and Roweis, ICML 2003, Adaptive overrelaxed bound optimization.)
"""

from __future__ import annotations

import math
from dataclasses import replace

from RegSuite.pointcloud.belief import Belief, Scene
from RegSuite.pointcloud.linear_part import mean_scale, nearest_rotation

GROWTH = 1.6
LARGEST = 8.0
"""Steps at most: longer ones gain little and miss more often."""


def beyond(scene: Scene, before: Belief, after: Belief, beta: float) -> Belief:
    """`after`, and beta - 1 times the way from `before` to it once more; covariances as in `after`."""
    more = beta - 1
    if more <= 0 or (after.weights is None) != (before.weights is None):
        return after
    matrix = after.matrix + more * (after.matrix - before.matrix)
    if scene.linear != "affine":
        scale = after.scale * (after.scale / before.scale) ** more
        matrix = scale * nearest_rotation(matrix)
    elif not 0.5 < mean_scale(matrix) / after.scale < 2:
        return after
    weights = after.weights
    if after.weights is not None and before.weights is not None:
        weights = after.weights + more * (after.weights - before.weights)
    return replace(
        after,
        matrix=matrix,
        shift=after.shift + more * (after.shift - before.shift),
        sigma2=max(after.sigma2 * math.pow(after.sigma2 / before.sigma2, more), scene.smallest**2),
        v=after.v + more * (after.v - before.v),
        weights=weights,
    )
