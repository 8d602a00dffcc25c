"""The search for a start: drifts of small samples from rotations all around; the likeliest is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from RegSuite.pointcloud.belief import Belief, Scene, first_belief, mixture_of, updated
from RegSuite.pointcloud.linear_part import nearest_rotation
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.progress import Progress
from RegSuite.pointcloud.stage import Clouds, scene_of

ROUNDS = ((150, 6, 60), (250, 15, 10), (800, 40, 3))
"""(points a cloud, iterations, starts that get them): many short tries, then fewer and longer ones."""

SPREAD = 0.3
"""First sigma in radii of the target: it reaches to the nearest rotation tried, and not much farther."""

APART_DEGREES = 25.0
"""Starts that end farther than this from each other are different answers."""

SAME_DEGREES = 5.0
"""Starts that have come nearer than this to each other are one."""

SURE = 3.0
"""Standard errors by which a start has to be likelier than another to be told from it."""


@dataclass(frozen=True)
class Found:
    """The likeliest start, and a warning where another one is nearly as likely."""

    matrix: Tensor
    shift: Tensor
    sigma2: float
    tried: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Try:
    """A start on its way: total [N] log-densities of the sample's targets."""

    belief: Belief
    total: Tensor

    @cached_property
    def value(self) -> float:
        return float(self.total.sum())

    @cached_property
    def rotation(self) -> Tensor:
        return nearest_rotation(self.belief.matrix)

    def degrees_from(self, other: _Try) -> float:
        """Angle between two tries' rotations."""
        return _degrees(self.rotation @ other.rotation.T)


def search(
    clouds: Clouds,
    shift: Tensor,
    model: OrganModel,
    parameters: DriftParameters,
    progress: Progress,
    *,
    shy: bool = False,
) -> Found:
    """The start from which a rigid or similarity map explains the target best.

    shift [d]: between the centres. shy: the clouds are turned only where that is likelier than not turning
    them by more than SURE standard errors. Labels take part as they do in the drift itself.
    """
    kind = "rigid" if "rigid" in (parameters.transform, parameters.linear) else "similarity"
    linear = parameters.model_copy(update={"transform": kind, "kappa": None})
    tries = _first_tries(clouds, shift, kind)
    tried = len(tries)
    for number, (points, iterations, kept) in enumerate(ROUNDS):
        few, _ = clouds.sample(points, parameters.seed + number)
        scene = scene_of(few, model, linear, None)
        tries = [_advanced(scene, t, iterations) for t in _kept(tries, kept, shy)]
        tries.sort(key=lambda t: -t.value)
        progress(0.0, "start", {"sigma_mm": math.sqrt(tries[0].belief.sigma2)})
    best = tries[0]
    plain = next((t for t in tries if turned_degrees(t.belief.matrix) < APART_DEGREES), None)
    if shy and plain is not None and _surely(best, plain) < SURE:
        best = plain
    belief = best.belief
    return Found(belief.matrix, belief.shift, belief.sigma2, tried, _ambiguous(best, tries))


def turned_degrees(matrix: Tensor) -> float:
    """Angle of the rotation in a matrix [d, d]."""
    return _degrees(nearest_rotation(matrix))


def _degrees(rotation: Tensor) -> float:
    d = len(rotation)
    cosine = (float(torch.trace(rotation)) - (d - 2)) / 2
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def rotations(ndim: int) -> list[Tensor]:
    """Rotations [d, d] evenly all around, the identity first: every rotation is within 45 degrees of one.

    3D: the 60 of the icosahedron; 2D: 12.
    """
    if ndim == 2:
        angles = np.arange(12) * math.pi / 6
        return [
            torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=torch.float64)
            for a in angles
        ]
    from scipy.spatial.transform import Rotation

    group = Rotation.create_group("I")
    order = np.argsort(group.magnitude(), kind="stable")
    return [torch.as_tensor(matrix) for matrix in group.as_matrix()[order]]


def _first_tries(clouds: Clouds, shift: Tensor, kind: str) -> list[_Try]:
    """Every rotation about the source's centre, scaled to the target's size where scales may change."""
    own = clouds.y.mean(dim=0)
    radii = [_radius(c) for c in (clouds.y, clouds.x)]
    scale = radii[1] / radii[0] if kind == "similarity" else 1.0
    unknown = clouds.x.new_zeros(1)
    made = []
    for rotation in rotations(clouds.y.shape[1]):
        matrix = scale * rotation.to(clouds.y.device)
        belief = Belief(
            matrix, own + shift - matrix @ own, (SPREAD * radii[1]) ** 2, unknown, unknown, unknown
        )
        made.append(_Try(belief, unknown))
    return made


def _radius(points: Tensor) -> float:
    """Root of the median squared distance to the median point: outliers hardly count."""
    return max(float((points - points.median(dim=0).values).square().sum(dim=1).median().sqrt()), 1e-6)


def _advanced(scene: Scene, start: _Try, iterations: int) -> _Try:
    belief = first_belief(scene, start.belief.matrix, start.belief.shift, start.belief.sigma2)
    sums = scene.pairs.sums(mixture_of(scene, belief), 1e-3)
    for _ in range(iterations):
        if float(sums.evidence.sum()) < 1e-6 * len(sums.total):
            break  # nothing near: it will be dropped
        before = belief.sigma2
        belief = updated(scene, belief, sums)
        sums = scene.pairs.sums(mixture_of(scene, belief), 1e-3)
        if abs(math.log(belief.sigma2 / before)) < 1e-3:
            break
    return _Try(belief, sums.total)


def _kept(tries: list[_Try], count: int, shy: bool) -> list[_Try]:
    """The likeliest (they are in that order), each unlike the others; the first unturned one too if shy."""
    kept: list[_Try] = []
    for one in tries:
        if len(kept) < count and all(_apart(one, k) for k in kept):
            kept.append(one)
    if shy and not any(turned_degrees(k.belief.matrix) < APART_DEGREES for k in kept):
        kept += [t for t in tries if turned_degrees(t.belief.matrix) < APART_DEGREES][:1]
    return kept


def _apart(one: _Try, other: _Try) -> bool:
    return one.degrees_from(other) > SAME_DEGREES


def _surely(best: _Try, other: _Try) -> float:
    """By how many standard errors `best` is likelier than `other` (Vuong 1989), point by point."""
    apart = best.total - other.total
    return float(apart.sum() / (apart.std() * math.sqrt(len(apart))).clamp(min=1e-12))


def _ambiguous(best: _Try, tries: list[_Try]) -> tuple[str, ...]:
    for other in tries:
        angle = other.degrees_from(best)
        if angle > APART_DEGREES and _surely(best, other) < SURE:
            return (
                f"the cloud turned by another {angle:.0f} degrees explains the target as well: its shape is "
                "nearly symmetric; give labels, or a start by hand (start 'given')",
            )
    return ()
