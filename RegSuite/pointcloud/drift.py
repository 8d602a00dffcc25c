"""Bayesian coherent point drift of labelled clouds (Hirose, IEEE TPAMI 43 (2021), 2269; paper 13)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from RegSuite.errors import MethodFailed
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.belief import Belief, Scene, carried, first_belief, mixture_of
from RegSuite.pointcloud.cloud import checked_pair
from RegSuite.pointcloud.features import Features
from RegSuite.pointcloud.findings import found_of
from RegSuite.pointcloud.near_pairs import near_pairs
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.prior import MotionPrior
from RegSuite.pointcloud.progress import Progress, Watch, quiet
from RegSuite.pointcloud.result import Drift, DriftPoint
from RegSuite.pointcloud.stage import ROUGH, SPACINGS, Clouds, Step, Told, first_sigma2, iterate, scene_of
from RegSuite.pointcloud.start import Start, start_after, start_of
from RegSuite.pointcloud.sums import PosteriorSums
from RegSuite.pointcloud.surface_directions import surface_directions
from RegSuite.pointcloud.uncertainty import MotionUncertainty, uncertainty_of
from RegSuite.transforms.affine import AffineTransform


def drift(
    source: PointSet,
    target: PointSet,
    model: OrganModel | None = None,
    parameters: DriftParameters | None = None,
    progress: Progress = quiet,
    *,
    device: str = "cpu",
    watch: Watch | None = None,
    before: Drift | None = None,
    uncertain: bool = True,
) -> Drift:
    """Bring `source` [M, d] onto `target` [N, d]: T(y) = rho(y + v(y)), LPS mm, with its uncertainty.

    model: the organs; None: one organ with the default elasticity, labels ignored. parameters: see
    DriftParameters. device: of torch. progress is called once an iteration and may raise Cancelled; watch
    gets the moved source points as often. before: an earlier drift of the same source cloud, whatever its
    model; this one begins where that ended, with its sigma unless `first_sigma_mm` is given.
    uncertain False leaves Drift.uncertainty out, which takes longest where bases are large. Memory is linear
    in points: about 2.5 kB a source point and 0.2 kB a target point. Same input, same result, bit for bit, on
    one kind of machine.
    Raises InputError for clouds that cannot be registered (see `checked_pair`), MethodFailed where no target
    point belongs to the source.
    """
    begun = time.perf_counter()
    chosen = parameters or DriftParameters()
    used = model or OrganModel.of([0], [0])
    said = checked_pair(source, target, model, chosen.units)
    clouds, centre = _clouds(source, target, model, device)
    basis = None
    if chosen.transform == "deformable":
        basis = MotionBasis.of(
            MotionPrior(used),
            torch.as_tensor(np.array(source.points)),
            clouds.y_organs.cpu(),
            tolerance=chosen.basis_tolerance,
            smallest=chosen.basis_smallest,
            largest=chosen.basis_largest,
        )
    made = time.perf_counter()
    start = (
        start_of(clouds, used, chosen, progress) if before is None else start_after(before, source, centre)
    )
    placed = time.perf_counter()
    run = _Run(source, clouds, centre, used, chosen, basis, progress, watch)
    end = run.through(start, device)
    result = run.result(end, target, model, uncertain)
    seconds = {
        "basis": made - begun,
        "start": placed - made,
        "drift": time.perf_counter() - placed,
    }
    notes, warnings = found_of(result, end.scene, end.converged, start)
    return result.told((*said.notes, *notes), (*said.warnings, *warnings), seconds)


@dataclass(frozen=True)
class _End:
    """Where the last stage ended."""

    scene: Scene
    belief: Belief
    sums: PosteriorSums
    converged: bool
    curve: tuple[DriftPoint, ...]


@dataclass(frozen=True)
class _Run:
    """What the stages of one drift share."""

    source: PointSet
    clouds: Clouds
    centre: torch.Tensor
    model: OrganModel
    parameters: DriftParameters
    basis: MotionBasis | None
    progress: Progress
    watch: Watch | None

    def through(self, start: Start, device: str) -> _End:
        """The stages one after the other: samples of large clouds, then all points."""
        chosen = self.parameters
        features = None if self.basis is None else Features.of(self.basis, device)
        transition = torch.as_tensor(np.array(self.model.transition), device=device)
        moved = self.clouds.y @ start.matrix.T + start.shift
        sigma2 = chosen.gamma**2 * first_sigma2(self.clouds, moved, transition)
        known = start.sigma2 if chosen.first_sigma_mm is None else chosen.first_sigma_mm**2
        if known is not None:
            sigma2 = min(sigma2, known)
        curve: list[DriftPoint] = []
        belief = None
        sizes = [] if start.motion is not None else self._samples()
        for level, size in enumerate(sizes):
            few, which = self.clouds.sample(size, chosen.seed + level)
            scene = scene_of(few, self.model, chosen, None if features is None else features.sample(which))
            if belief is None:
                belief = first_belief(scene, start.matrix, start.shift, sigma2)
            belief, _, _, _ = iterate(
                scene,
                carried(belief, scene),
                chosen.iterations,
                tolerance=ROUGH * chosen.tolerance,
                truncation=chosen.truncation,
                enough_sigma=SPACINGS * neighbour_distance(few.x),
                tell=self._teller(
                    f"{size} points", 0.5 * level / len(sizes), 0.5 * (level + 1) / len(sizes), curve
                ),
            )
        scene = scene_of(self.clouds, self.model, chosen, features)
        begin = 0.0 if belief is None else 0.5
        if belief is None:
            belief = first_belief(scene, start.matrix, start.shift, sigma2)
            belief = belief if start.motion is None else replace(belief, v=start.motion)
        else:
            belief = carried(belief, scene)
        belief, sums, _, converged = iterate(
            scene,
            belief,
            chosen.iterations,
            tolerance=chosen.tolerance,
            truncation=chosen.truncation,
            tell=self._teller("drift", begin, 1.0, curve),
        )
        return _End(scene, belief, sums, converged, tuple(curve))

    def _samples(self) -> list[int]:
        """Points of the samples that come before all points: each time four times as many.

        A sample is left where sigma is the distance of its points, so that the next one begins with few
        neighbours within reach: without steps between, the first sums of large clouds are over all pairs.
        """
        most = max(len(self.clouds.x), len(self.clouds.y))
        sizes = [self.parameters.coarse_points] if most > self.parameters.coarse_points else []
        while sizes and sizes[-1] * 6 < most:
            sizes.append(4 * sizes[-1])
        return sizes

    def _teller(self, stage: str, begin: float, end: float, curve: list[DriftPoint]) -> Told:
        def tell(step: Step) -> None:
            sigma = step.belief.sigma2**0.5
            curve.append(DriftPoint(stage, step.iteration, sigma, step.bound))
            part = (step.iteration + 1) / self.parameters.iterations
            self.progress(begin + (end - begin) * part, stage, {"sigma_mm": sigma, "bound": step.bound})
            if self.watch is not None:
                self.watch(self._all_moved(step.belief))

        return tell

    def _all_moved(self, belief: Belief) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Every source point [M, d] as a belief (of a sample, perhaps) moves it, LPS mm."""
        v = belief.v
        if len(v) != len(self.clouds.y):
            v = torch.zeros_like(self.clouds.y)
            if self.basis is not None and belief.weights is not None:
                v = self.basis.values.to(v.device) @ belief.weights
        moved = (self.clouds.y + v) @ belief.matrix.T + belief.shift + self.centre
        return np.asarray(moved.cpu().numpy())

    def result(self, end: _End, target: PointSet, model: OrganModel | None, uncertain: bool) -> Drift:
        """The last belief in the caller's coordinates."""
        belief, sums = end.belief, end.sums
        best, level = end.scene.pairs.best(mixture_of(end.scene, belief))
        mixture = mixture_of(end.scene, belief)
        probability = torch.exp((mixture.inlier + level - sums.total).clamp(max=0)).nan_to_num(nan=0.0)
        matrix = belief.matrix
        rho = torch.eye(len(matrix) + 1, dtype=torch.float64)
        rho[:-1, :-1] = matrix.cpu()
        rho[:-1, -1] = (belief.shift + self.centre - matrix @ self.centre).cpu()
        moved = self._all_moved(belief)
        evidence = sums.evidence.cpu().numpy()
        seen = evidence > EVIDENCE
        matched = np.full_like(moved, np.nan)
        matched[seen] = moved[seen] + sums.apart.cpu().numpy()[seen] / evidence[seen, None]
        covariance = None
        if belief.factor is not None:
            covariance = torch.cholesky_inverse(belief.factor).cpu()
        uncertainty = self._uncertainty(end) if uncertain else None
        return Drift(
            source=self.source,
            target=target,
            model=model,
            start=AffineTransform.from_homogeneous(rho.numpy()),
            basis=self.basis,
            weights=None if belief.weights is None else belief.weights.cpu(),
            covariance=covariance,
            uncertainty=uncertainty,
            sigma_mm=belief.sigma2**0.5,
            moved_mm=moved,
            matched_mm=matched,
            evidence=evidence,
            outlier_probability=np.clip(1 - sums.inlier.cpu().numpy(), 0, 1),
            partner=best.cpu().numpy(),
            partner_probability=np.where(best.cpu().numpy() >= 0, probability.cpu().numpy(), 0.0),
            convergence=end.curve,
        )

    def _uncertainty(self, end: _End) -> MotionUncertainty:
        """What the last stage leaves uncertain, in the caller's coordinates."""
        belief, scene, clouds = end.belief, end.scene, self.clouds
        mixture = mixture_of(scene, belief)
        transition = torch.as_tensor(np.array(self.model.transition))
        pairs = near_pairs(
            clouds.x, clouds.x_organs, clouds.y_organs, transition, mixture, end.sums, self.parameters.seed
        )
        moved = mixture.moved.cpu()
        none = moved.new_zeros((len(moved), 0))
        found = uncertainty_of(
            none if self.basis is None else self.basis.values,
            belief.matrix,
            moved,
            pairs,
            belief.sigma2,
            scene.linear,
            surface_directions(moved, clouds.y_organs),
        )
        return found.shifted(self.centre)


EVIDENCE = 1e-3
"""Number of target points below which a source point is said to have no evidence."""


def _clouds(
    source: PointSet, target: PointSet, model: OrganModel | None, device: str
) -> tuple[Clouds, torch.Tensor]:
    """The clouds about the target's centre, and that centre [d]."""
    y, x = (torch.as_tensor(np.array(c.points), device=device) for c in (source, target))
    centre = x.mean(dim=0)
    organs = [
        torch.zeros(len(c), dtype=torch.int64, device=device)
        if model is None
        else torch.as_tensor(model.indices(c.labels, len(c)), device=device)
        for c in (source, target)
    ]
    if not bool(torch.isfinite(y).all() and torch.isfinite(x).all()):
        raise MethodFailed("a cloud has coordinates that are not finite", where="drift")
    return Clouds(y - centre, x - centre, *organs), centre


def neighbour_distance(points: torch.Tensor) -> float:
    """Median distance of a point to its nearest other one, mm; of points [n, d] at different places."""
    from scipy.spatial import cKDTree

    places = np.unique(points.cpu().numpy(), axis=0)
    apart = cKDTree(places).query(places, k=2)[0][:, 1]
    return float(np.median(apart))
