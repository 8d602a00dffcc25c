"""A Drift whose motion is known: the regression of given displacements of points, without a drift."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.prior import MotionPrior
from RegSuite.pointcloud.result import Drift
from RegSuite.pointcloud.uncertainty import MotionUncertainty
from RegSuite.transforms.affine import AffineTransform

Array = NDArray[np.float64]


def turned(angle_degrees: float, ndim: int) -> Array:
    """A rotation about z (in the plane in 2D)."""
    c, s = np.cos(np.deg2rad(angle_degrees)), np.sin(np.deg2rad(angle_degrees))
    out = np.eye(ndim)
    out[:2, :2] = [[c, -s], [s, c]]
    return out


def oblique_grid(ndim: int, size: int = 40, centre: float = 0.0) -> Grid:
    """Anisotropic and oblique, about 160 mm wide, its middle at `centre`."""
    spacing = (4.0, 3.7, 5.0)[:ndim]
    direction = turned(25, ndim)
    if ndim == 3:
        c, s = np.cos(0.3), np.sin(0.3)
        direction = direction @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    sizes = (size, size + 3, size - 6)[:ndim]
    origin = centre - direction @ (np.subtract(sizes, 1) * spacing / 2)
    return Grid.make(sizes, spacing, origin.tolist(), direction)


def known_drift(
    source: PointSet,
    v: Array,
    model: OrganModel | None = None,
    start: AffineTransform | None = None,
    sigma_mm: float = 0.01,
    **basis: float,
) -> Drift:
    """T(y) = start(y + v), v the posterior mean of displacements v [M, d] seen with sigma_mm."""
    used = model or OrganModel.of([0], [0])
    organs = torch.as_tensor(used.indices(None if model is None else source.labels, len(source)))
    settings = {"tolerance": 1e-8, "largest": 600} | basis
    made = MotionBasis.of(MotionPrior(used), torch.tensor(source.points), organs, **settings)
    f = made.values
    covariance = torch.linalg.inv(torch.eye(made.rank).double() + f.T @ f / sigma_mm**2)
    weights = covariance @ f.T @ torch.as_tensor(v) / sigma_mm**2
    rho = start or AffineTransform.identity(source.ndim)
    moved = rho.points(torch.tensor(source.points) + f @ weights).numpy()
    count = len(source)
    return Drift(
        source=source, target=PointSet(moved, source.labels), model=model, start=rho, basis=made,
        weights=weights, covariance=covariance, sigma_mm=sigma_mm, moved_mm=moved, matched_mm=moved,
        evidence=np.ones(count), outlier_probability=np.zeros(count),
        partner=np.arange(count), partner_probability=np.ones(count),
        uncertainty=MotionUncertainty.settled(covariance, torch.tensor(rho.matrix)),
    )  # fmt: skip


def label_image(labels: NDArray[np.integer], grid: Grid) -> Image:
    """A label map."""
    return Image(torch.from_numpy(np.ascontiguousarray(labels))[None], grid)


def ball_points(count: int, radius: float, centre: Array, ndim: int) -> Array:
    """Points all over the surface of a ball (circle), evenly, and some within."""
    generator = np.random.default_rng(3)
    direction = generator.normal(size=(count, ndim))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    depth = np.where(np.arange(count) % 4 == 0, generator.uniform(0.2, 1, count), 1.0)
    return np.asarray(centre + radius * depth[:, None] * direction)


def slabs_on(grid: Grid, shift: Array | float = 0.0, half: float = 45.0) -> NDArray[np.int16]:
    """Two slabs on each other along the last axis: label 1 above 0, 2 below, shifted by +-shift."""
    p = grid.all_points()
    out = np.zeros(grid.shape, np.int16)
    shift = np.broadcast_to(shift, grid.ndim)
    for label, sign in ((1, 1.0), (2, -1.0)):
        q = p - sign * shift
        flat = (np.abs(q[..., :-1]) < half).all(axis=-1)
        out[flat & (sign * q[..., -1] > 0) & (sign * q[..., -1] < 40)] = label
    return out


def slab_points(ndim: int, step: float = 9.0, half: float = 45.0) -> PointSet:
    """Points on the faces of both slabs of `slabs_on`."""
    line = np.arange(-half, half + 0.1, step)
    high = np.linspace(0, 40, 6)
    found = []
    lattice = np.stack(np.meshgrid(*[line] * (ndim - 1), high, indexing="ij"), axis=-1).reshape(-1, ndim)
    face = (np.abs(np.abs(lattice[:, :-1]) - half) < 1e-6).any(axis=1) | np.isin(lattice[:, -1], (0, 40))
    for sign in (1, -1):
        part = lattice[face].copy()
        part[:, -1] *= sign
        found.append(part)
    labels = np.repeat([1, 2], [len(found[0]), len(found[1])])
    return PointSet(np.concatenate(found), labels)
