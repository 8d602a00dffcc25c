"""Three small organs that moved on their own, from formulas, on oblique anisotropic grids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from RegSuite.geometry import Grid, Image, PointSet
from Testing.workflows.small import oblique, write


@dataclass(frozen=True)
class Blob:
    """An ellipsoid in the source and how far it is moved in the target, LPS mm."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    shift: tuple[float, float, float]


ORGANS = {
    "liver": Blob((-22.0, -4.0, 2.0), (20.0, 26.0, 18.0), (3.0, -4.0, 6.0)),
    "spleen": Blob((24.0, 10.0, 8.0), (12.0, 16.0, 13.0), (-5.0, 2.0, -4.0)),
    "left kidney": Blob((22.0, -24.0, -14.0), (9.0, 10.0, 13.0), (4.0, 5.0, 3.0)),
}
SOURCE_NUMBERS = {"liver": 1, "spleen": 2, "left kidney": 3}
TARGET_NUMBERS = {"liver": 5, "spleen": 1, "left kidney": 9}
"""Numbers that mean other organs than the source's."""
QUICK = {"points": 500, "report": False, "scene": False, "threads": 1}


def grids(ndim: int = 3) -> tuple[Grid, Grid]:
    """Source and target grid: other sizes, spacings and directions, about the same place."""
    if ndim == 2:
        return Grid.make((60, 56), (2.0, 2.2), (-58.0, -60.0)), Grid.make(
            (64, 62), (2.1, 2.0), (-46.0, -84.0), oblique(2)
        )
    source = Grid.make((40, 36, 26), (3.0, 3.2, 3.6), (-58.0, -56.0, -46.0))
    return source, Grid.make((44, 40, 26), (3.0, 3.0, 3.6), (-44.0, -78.0, -34.0), oblique(3))


def places(names, *, moved: bool, ndim: int = 3) -> np.ndarray:
    """Centres of organs [n, d]."""
    return np.array(
        [np.add(ORGANS[n].centre, ORGANS[n].shift if moved else 0.0)[:ndim] for n in names], dtype=float
    )


def label_map(grid: Grid, numbers: dict[str, int], *, moved: bool, name: str) -> Image:
    """The organs as voxels."""
    points, d = grid.all_points(), grid.ndim
    values = np.zeros(grid.shape, dtype=np.int32)
    for organ, number in numbers.items():
        blob = ORGANS[organ]
        centre = places([organ], moved=moved, ndim=d)[0]
        values[np.linalg.norm((points - centre) / np.asarray(blob.radii[:d]), axis=-1) < 1] = number
    return Image(torch.from_numpy(values)[None], grid, name=name)


def scan(grid: Grid, *, moved: bool, name: str) -> Image:
    """Organs of different brightness, soft edges."""
    points, d = grid.all_points(), grid.ndim
    values = np.zeros(grid.shape)
    for k, (organ, blob) in enumerate(ORGANS.items(), start=1):
        centre = places([organ], moved=moved, ndim=d)[0]
        r = np.linalg.norm((points - centre) / np.asarray(blob.radii[:d]), axis=-1)
        values += 100 * k / (1 + np.exp((r - 1) * 12))
    return Image(torch.from_numpy(values.astype(np.float32))[None], grid, name=name)


def inputs(ndim: int = 3, organs=tuple(ORGANS)) -> dict[str, object]:
    """All inputs of `organs` in memory, by role."""
    source, target = grids(ndim)
    numbers = [{n: all_[n] for n in organs} for all_ in (SOURCE_NUMBERS, TARGET_NUMBERS)]
    return {
        "source_labels": label_map(source, numbers[0], moved=False, name="source organs"),
        "target_labels": label_map(target, numbers[1], moved=True, name="target organs"),
        "source_names": {v: k.title() for k, v in numbers[0].items()},
        "target_names": {v: "_".join(reversed(k.split())) for k, v in numbers[1].items()},
        "source_image": scan(source, moved=False, name="source scan"),
        "target_image": scan(target, moved=True, name="target scan"),
        "source_points": PointSet(places(organs, moved=False, ndim=ndim), names=organs, name="source marks"),
        "target_points": PointSet(places(organs, moved=True, ndim=ndim), names=organs, name="target marks"),
    }


def write_organs(folder: Path) -> dict[str, Path]:
    """The inputs as files by role; names stand beside the label maps."""
    from RegSuite.io.points import write_points

    given = inputs()
    out = {}
    for side in ("source", "target"):
        for what in ("labels", "image"):
            out[f"{side}_{what}"] = write(given[f"{side}_{what}"], folder / f"{side}_{what}.nii.gz")
        rows = [f"{label},{name}" for label, name in given[f"{side}_names"].items()]
        (folder / f"{side}_labels.csv").write_text("\n".join(["label,name", *rows]) + "\n")
        out[f"{side}_points"] = folder / f"{side}_points.csv"
        write_points(given[f"{side}_points"], out[f"{side}_points"])
    return out


def surface_of(name: str, *, moved: bool, rings: int = 16):
    """An organ as a closed surface."""
    from RegSuite.geometry.structure import SurfaceStructure

    theta = np.linspace(0, np.pi, rings)[1:-1]
    phi = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    body = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=-1).reshape(-1, 3)
    points = np.concatenate([body, [[0, 0, 1.0]], [[0, 0, -1.0]]])
    n, m = len(theta), len(phi)
    at = np.arange(n * m).reshape(n, m)
    a, b, c, d = at[:-1], np.roll(at[:-1], -1, 1), at[1:], np.roll(at[1:], -1, 1)
    sides = [np.stack(x, -1).reshape(-1, 3) for x in ((a, c, b), (b, c, d))]
    caps = [
        np.stack([np.full(m, n * m), at[0], np.roll(at[0], -1)], -1),
        np.stack([np.full(m, n * m + 1), np.roll(at[-1], -1), at[-1]], -1),
    ]
    centre = places([name], moved=moved)[0]
    return SurfaceStructure(
        name, points * ORGANS[name].radii + centre, np.concatenate([*sides, *caps]), colour=(200, 40, 30)
    )


def contours_of(name: str, *, moved: bool, distance: float = 3.0):
    """An organ as contours on axial planes."""
    from RegSuite.geometry.structure import ContourStructure

    radii, centre = ORGANS[name].radii, places([name], moved=moved)[0]
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    rings = []
    for z in np.arange(-radii[2] + distance / 2, radii[2], distance):
        s = np.sqrt(1 - (z / radii[2]) ** 2)
        ring = np.stack(
            [s * radii[0] * np.cos(angle), s * radii[1] * np.sin(angle), np.full_like(angle, z)], 1
        )
        rings.append(ring + centre)
    return ContourStructure(name, tuple(rings))
