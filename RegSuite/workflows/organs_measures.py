"""What a registration of clouds comes to: distances of surfaces by organ, residuals, landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed
from RegSuite.geometry import PointSet

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.pointcloud.result import Drift
    from RegSuite.transforms import DisplacementTransform
    from RegSuite.workflows.organs_clouds import Cloud

FloatArray = NDArray[np.float64]

MOST_PLACES = 20_000
"""Of a surface between which distances are taken."""
INLIER = 0.5
"""A target point of a larger probability of being an outlier found no partner."""


@dataclass(frozen=True)
class Gap:
    """Distances in mm between two surfaces, both directions together."""

    mean: float
    p95: float
    max: float

    def metrics(self) -> dict[str, float]:
        """As result.json has it."""
        return {"mean": self.mean, "p95": self.p95, "max": self.max}


def spread(values: FloatArray) -> dict[str, float]:
    """{mean, p95, max} of what is finite; empty where nothing is."""
    known = values[np.isfinite(values)]
    if not known.size:
        return {}
    return {"mean": float(known.mean()), "p95": float(np.percentile(known, 95)), "max": float(known.max())}


def gap(one: FloatArray, other: FloatArray) -> Gap | None:
    """Distances from each place of one surface [n, d] to the nearest of the other, and back; None of none."""
    from scipy.spatial import cKDTree

    if not len(one) or not len(other):
        return None
    found = np.concatenate([cKDTree(other).query(one)[0], cKDTree(one).query(other)[0]])
    return Gap(float(found.mean()), float(np.percentile(found, 95)), float(found.max()))


def organ_gaps(
    drift: Drift,
    source: Cloud,
    target: Cloud,
    backward: DisplacementTransform,
    label: int | None,
    forward: DisplacementTransform | None = None,
) -> tuple[Gap | None, Gap | None]:
    """Before and after, for one organ (all points if None), where both scans see it.

    forward: source to target, where more than the drift moves organs (scans that refined them).
    Places that lie beyond the other scan's field of view have no counterpart and are left out.
    """
    import torch

    own, theirs = (_some(c.points.points if label is None else c.dense(label)) for c in (source, target))
    if not len(own) or not len(theirs):
        return None, None
    labels = None if label is None else np.full(len(own), label, dtype=np.int64)
    moved = drift.points(own, labels)
    if forward is not None:
        moved = forward.points(torch.from_numpy(np.array(own))).numpy()
    back = backward.points(torch.from_numpy(np.array(theirs))).numpy()
    here, there = target.grid.contains(moved), source.grid.contains(back)
    return gap(own[here], theirs[there]), gap(moved[here], theirs[there])


def _some(points: FloatArray) -> FloatArray:
    return points[:: max(1, -(-len(points) // MOST_PLACES))]


def organ_metrics(drift: Drift, label: int | None) -> dict[str, Any]:
    """points_source, points_target, residual_mm, sd_mm, outlier_share of one organ (all points if None)."""
    source, target = (_of(cloud, label) for cloud in (drift.source, drift.target))
    out: dict[str, Any] = {
        "points_source": int(source.sum()),
        "points_target": int(target.sum()),
        "residual_mm": spread(drift.residual_mm[source]),
        "sd_mm": spread(drift.point_sd_mm[source]),
    }
    if target.any():
        out["outlier_share"] = float((drift.outlier_probability[target] > INLIER).mean())
    return {k: v for k, v in out.items() if v != {}}


def _of(cloud: PointSet, label: int | None) -> NDArray[np.bool_]:
    if label is None or cloud.labels is None:
        return np.ones(len(cloud), dtype=bool)
    return np.asarray(cloud.labels == label)


def drift_metrics(drift: Drift) -> dict[str, Any]:
    """metrics: drift, of result.json."""
    out: dict[str, Any] = {
        "sigma_mm": drift.sigma_mm,
        "iterations": len(drift.convergence),
        "inlier_share": float((drift.outlier_probability <= INLIER).mean()),
        "scale": drift.scale,
        "points_source": len(drift.source),
        "points_target": len(drift.target),
    }
    if drift.basis is not None:
        out |= {"rank": drift.basis.rank, "left_out_share": drift.basis.left_out}
    return out


@dataclass(frozen=True, eq=False)
class MovedLandmarks:
    """Landmark pairs [n, d] in LPS mm. moved: T(source) by each one's organ, beyond organs by the field.

    sd_mm [n]: of each coordinate of moved, NaN where unknown. labels [n]: organs, -1 of none.
    back: T(target) by the written displacement.
    """

    source: PointSet
    target: PointSet
    moved: FloatArray
    back: FloatArray
    sd_mm: FloatArray
    labels: NDArray[np.int64]

    def metrics(self) -> dict[str, Any]:
        """tre_mm |T(target) - source| as for any registration, tre_source_mm |T(source) - target|; before."""
        source, target = self.source.points, self.target.points
        out = {
            "tre_before_mm": _errors(source - target),
            "tre_mm": _errors(self.back - source),
            "tre_source_mm": _errors(self.moved - target),
        }
        return {
            **out,
            "tre_is": "tre_mm: |T(target landmark) - source landmark| by the written displacement; "
            "tre_source_mm: |T(source landmark) - target landmark| by the motion of its organ",
        }


def _errors(differences: FloatArray) -> dict[str, float]:
    """{mean, p95, max, sd, n} of lengths [n, d]."""
    length = np.linalg.norm(differences, axis=1)
    out = spread(length)
    if len(length) > 1:
        out["sd"] = float(length.std(ddof=1))
    return {**out, "n": len(length)}


def moved_landmarks(
    drift: Drift,
    landmarks: tuple[PointSet, PointSet],
    labels: NDArray[np.int64],
    fields: tuple[DisplacementTransform, DisplacementTransform],
    by_field: bool,
) -> MovedLandmarks:
    """landmarks, fields: source and target, forward (source to target) and backward. labels: -1 of none.

    by_field: all of them by the written fields, because the scans had a say beyond the organs.
    """
    import torch

    source, target = landmarks
    forward, backward = fields
    place = torch.from_numpy(np.array(source.points))
    moved = forward.points(place).numpy().copy()
    back = backward.points(torch.from_numpy(np.array(target.points))).numpy()
    plain = drift.model is None
    known = np.ones(len(source), dtype=bool) if plain else labels >= 0
    sd = np.full(len(source), np.nan)
    if known.any():
        own = None if plain else labels[known]
        if not by_field:
            moved[known] = drift.points(source.points[known], own)
        sd[known] = drift.sd_mm(source.points[known], own)
    if not np.isfinite(moved).all() or not np.isfinite(back).all():
        raise MethodFailed("the transform is not finite at landmarks", where=source.name)
    return MovedLandmarks(source, target, moved, back, sd, labels)


def landmark_labels(
    landmarks: PointSet, own: Mapping[int, int], cloud: Cloud, model_labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The organ of each landmark [n]: by its label column, else by the map's voxel; -1 of none."""
    if landmarks.labels is not None:
        found = np.array([own.get(int(v), -1) for v in landmarks.labels], dtype=np.int64)
    elif cloud.labels is not None:
        found = _at(cloud.labels.data[0].cpu().numpy(), cloud.grid, landmarks.points)
    else:
        found = np.full(len(landmarks), -1, dtype=np.int64)
    return np.where(np.isin(found, model_labels), found, -1)


def _at(values: NDArray[Any], grid: Grid, points: FloatArray) -> NDArray[np.int64]:
    index = np.floor(grid.index(points) + 0.5).astype(int)
    inside = grid.contains(points)
    index = index.clip(0, np.asarray(grid.size) - 1)
    return np.where(inside, values[tuple(index[:, ::-1].T)], -1).astype(np.int64)
