"""A made abdomen of five ellipsoids that move on their own: content for the page of organs."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.quality import default_limits, judge
from RegSuite.report.organs_content import OrganLandmarks, OrganShown, OrgansPage, SurfaceGap
from RegSuite.report.result import Result

TURN = (0.96, 0.0, 0.28, 0.0, 1.0, 0.0, -0.28, 0.0, 0.96)
ORGANS = {  # name: (middle, half axes, the organ's own motion), LPS mm
    "liver": ((-55, -5, 55), (80, 62, 52), (6, -3, -12)),
    "spleen": ((95, 35, 50), (28, 40, 48), (-5, 4, -9)),
    "right kidney": ((-58, 55, -35), (26, 24, 52), (4, -2, -16)),
    "left kidney": ((60, 58, -20), (26, 24, 54), (-8, 3, -10)),
    "bladder": ((0, 5, -150), (38, 34, 28), (0, -4, 9)),
}
LOOSE = 0.4
"""How far the bump of each organ goes, part of its half axes."""


def sphere(count, dimensions=3):
    """Evenly spread directions [count, d]."""
    if dimensions == 2:
        turn = 2 * np.pi * np.arange(count) / count
        return np.stack([np.cos(turn), np.sin(turn)], axis=1)
    steps = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * steps / count), np.pi * (1 + 5**0.5) * steps
    return np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], axis=1)


def outline(name, count, dimensions=3):
    """Points of an organ's surface in the source [count, d]; the fifth direction is dented."""
    middle, axes, _ = ORGANS[name]
    to = sphere(count, dimensions)
    shrink = 1 - LOOSE * np.exp(-((to - np.eye(dimensions)[0]) ** 2).sum(1) / 0.5)
    keep = (0, 2) if dimensions == 2 else (0, 1, 2)
    return np.array(middle, float)[list(keep)] + to * shrink[:, None] * np.array(axes, float)[list(keep)]


def motion(name, points):
    """The organ's shift and a bend of some mm."""
    shift = np.array(ORGANS[name][2], float)
    shift = shift[[0, 2]] if points.shape[1] == 2 else shift
    return points + shift + 3 * np.sin(points / 35)[:, ::-1]


def gap(a, b):
    """Distances between two clouds, both directions."""
    from scipy.spatial import cKDTree

    both = np.concatenate([cKDTree(a).query(b)[0], cKDTree(b).query(a)[0]])
    return SurfaceGap(float(both.mean()), float(np.percentile(both, 95)), float(both.max()))


def sample(count=150, dimensions=3, *, error_mm=0.6, missed=(), images=True, size=(24, 18, 26), **changes):
    """The page. error_mm: of the moved points; missed: names of organs that were not moved at all."""
    names = list(ORGANS)
    rng = np.random.default_rng(1)
    source = [outline(n, count, dimensions) for n in names]
    target = [motion(n, p) for n, p in zip(names, source, strict=True)]
    moved = [
        s if n in missed else t + error_mm * rng.standard_normal(t.shape) * 0.6
        for n, s, t in zip(names, source, target, strict=True)
    ]
    places = np.repeat(np.arange(len(names)), count)
    organs = tuple(
        OrganShown(i + 1, n, None, 10.0, 30.0, None, "", gap(s, t), gap(m, t))
        for i, (n, s, t, m) in enumerate(zip(names, source, target, moved, strict=True))
    )
    all_moved, all_target = np.concatenate(moved), np.concatenate(target)
    off = np.linalg.norm(all_moved - all_target, axis=1)
    lost = np.concatenate([np.full(count, float(n in missed)) for n in names])
    values = {
        "source_mm": np.concatenate(source),
        "target_mm": all_target,
        "moved_mm": all_moved,
        "source_organs": places,
        "target_organs": places,
        "organs": organs,
        "residual_mm": off,
        "outlier_probability": np.clip(lost + 0.01, 0, 1),
        "sd_mm": 0.5 + 0.02 * np.abs(all_moved[:, -1]) + 6 * lost,
        "coherence": np.eye(len(names)),
        "transition": np.eye(len(names)),
        "landmarks": landmarks(source, target, moved, names),
        "sigma_mm": tuple(30 * 0.8 ** np.arange(20) + 1.0),
        "command": "regsuite organs a.nii.gz b.nii.gz -o out",
    }
    if images and dimensions == 3:
        values |= pictures(size, missed)
    return OrgansPage(**(values | changes))


def landmarks(source, target, moved, names):
    """Top and bottom of each organ."""
    rows = [(i, j) for i, p in enumerate(source) for j in (int(p[:, -1].argmax()), int(p[:, -1].argmin()))]
    words = tuple(f"{names[i]} {side}" for i, _ in rows[::2] for side in ("top", "bottom"))
    take = [np.stack([clouds[i][j] for i, j in rows]) for clouds in (source, target, moved)]
    sd = np.full(len(rows), 0.4)
    return OrganLandmarks(words, *take, sd_mm=sd, organs=np.array([i for i, _ in rows]))


def pictures(size=(24, 18, 26), missed=()):
    """Scans, labels, displacement, Jacobian and uncertainty on an oblique grid of the target."""
    extent = np.array((290.0, 200.0, 330.0))
    spacing = extent / size
    direction = np.array(TURN).reshape(3, 3)
    origin = np.array((8, 18, -35)) - direction @ (spacing * (np.array(size) - 1) / 2)
    grid = Grid.make(size, tuple(spacing), tuple(origin), TURN)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1).transpose(2, 1, 0, 3)
    at = grid.points(index.reshape(-1, 3).astype(float)).reshape(*index.shape)
    here, there = inside(at, True), inside(at, False)
    warped = np.where(np.isin(here, [list(ORGANS).index(n) + 1 for n in missed]), 0, here)
    for name in missed:
        place = list(ORGANS).index(name) + 1
        warped = np.where(there == place, place, warped)
    field = np.zeros((3, *grid.shape), np.float32)
    for place, name in enumerate(ORGANS):
        field[:, here == place + 1] = -np.array(ORGANS[name][2], np.float32)[:, None]
    texture = 0.08 * np.sin(at[..., 0] / 9) * np.cos(at[..., 2] / 11)
    body = (((at - (5, 20, -35)) / (140, 95, 160)) ** 2).sum(-1) < 1

    def scan(labels):
        return _image(np.where(body, 0.35 + 0.1 * (labels > 0) + 0.06 * labels + texture, 0.0), grid)

    sd = np.where(here > 0, 1.0, 4.0) + 0.01 * np.abs(at[..., 2])
    return {
        "target": scan(here),
        "before": scan(there),
        "warped": scan(warped),
        "target_labels": _image(here, grid, torch.int32),
        "before_labels": _image(there, grid, torch.int32),
        "warped_labels": _image(warped, grid, torch.int32),
        "displacement_mm": Image(torch.as_tensor(field), grid),
        "jacobian": _image(np.ones(grid.shape), grid),
        "uncertainty_mm": _image(np.where(body, sd, np.nan), grid),
    }


def inside(at, moved):
    """Label of each point [..., 3]: the ellipsoids, where they were or where they came to lie."""
    out = np.zeros(at.shape[:-1], int)
    for place, (middle, axes, shift) in enumerate(ORGANS.values()):
        apart = (at - np.array(middle) - np.array(shift) * moved) / axes
        out[(apart**2).sum(-1) < 1] = place + 1
    return out


def _image(values, grid, dtype=torch.float32):
    return Image(torch.as_tensor(np.ascontiguousarray(values)).to(dtype)[None], grid)


def record(metrics=None, **changes):
    """A result with the metrics a good run has."""
    found = {
        "tre_mm": {"mean": 0.9, "sd": 0.3, "p95": 1.5, "max": 1.7, "n": 10},
        "jacobian": {"min": 0.7, "max": 1.4, "percent_nonpositive": 0.0, "sd_log": 0.1},
        "drift": {
            "sigma_mm": 0.8,
            "rank": 120,
            "left_out_share": 0.001,
            "iterations": 48,
            "inlier_share": 0.98,
        },
        "dice": {str(i): 0.93 for i in range(1, 6)},
        "dice_mean": 0.93,
    } | (metrics or {})
    values = {
        "workflow": "organs",
        "method": "mo-bcpd",
        "status": "completed",
        "inputs": {"source": {"file": "a.nii.gz", "sha256": "ab" * 32}, "target": {"file": "b.nii.gz"}},
        "parameters": {"coherence": "organ", "iterations": 100},
        "metrics": found,
        "verdicts": judge(found, default_limits(), 3.0),
        "versions": {"RegSuite": "0.1.0"},
        "total_seconds": 4.2,
    }
    return Result(**(values | changes))
