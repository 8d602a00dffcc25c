"""Organs' surfaces as clouds of evenly spread points, from label maps, contours and surfaces; LPS mm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.geometry.structure import Structure, VoxelStructure
from RegSuite.pointcloud.even_spread import evenly_spread
from RegSuite.pointcloud.surface_elements import SurfaceElements, elements_of

CUT_SHARE = 0.02
"""From this share of its surface on, what lies on the border of the scan is said to be cut off there."""
_ELEMENTS_A_POINT = 16
_FINEST_STEP_MM = 0.25


@dataclass(frozen=True, eq=False)
class OrganSurface:
    """One organ's surface, ready to be sampled as densely as wanted."""

    label: int
    name: str
    elements: SurfaceElements

    @property
    def area(self) -> float:
        """mm^2 (2D: mm), cut faces left out."""
        return self.elements.area

    @property
    def cut_off(self) -> tuple[str, ...]:
        """Sides of the scan on which the organ is cut off, most first."""
        cuts = self.elements.cut_mm2
        whole = self.area + sum(cuts.values())
        return tuple(
            s for s in sorted(cuts, key=cuts.__getitem__, reverse=True) if cuts[s] > CUT_SHARE * whole
        )


def surface_cloud(
    given: Image | Sequence[Structure],
    names: Mapping[int, str] | None = None,
    *,
    spacing_mm: float | None = None,
    count: int | None = None,
    seed: int = 0,
    within: Grid | None = None,
) -> PointSet:
    """Evenly spread points of the organs' surfaces with their labels and names.

    given: a label map [1, *shape] (0: background; 2D or 3D), or structures, labelled by their numbers (1, 2,
    ... where two have one or one has none). Either spacing_mm, one point a spacing_mm^2 (2D: a spacing_mm),
    or count, about so many points on all organs together, by area. names: of the labels. within: the scan's
    grid, on whose border surfaces and contours are cut faces; a label map's own grid says so itself.
    The same seed gives the same points. Raises InputError where there is no organ or neither is given.
    """
    if (spacing_mm is None) == (count is None):
        raise InputError("give either a spacing or a count", where="spacing_mm, count")
    organs = organ_surfaces(given, names, seed=seed, within=within)
    if not organs:
        raise InputError("there is no organ", where="labels", mend="give labels above 0")
    whole = sum(organ.area for organ in organs)
    step = spacing_mm or spacing_for(whole, count or 1, organs[0].elements.points.shape[1])
    return sampled(organs, {organ.label: step for organ in organs}, seed)


def organ_surfaces(
    given: Image | Sequence[Structure],
    names: Mapping[int, str] | None = None,
    *,
    seed: int = 0,
    within: Grid | None = None,
) -> tuple[OrganSurface, ...]:
    """The surfaces of `surface_cloud` before they are sampled; those without any area are left out."""
    structures = _of_labels(given, names or {}) if isinstance(given, Image) else tuple(given)
    numbers = _numbers(structures)
    out = []
    for number, structure in zip(numbers, structures, strict=True):
        rng = np.random.default_rng([seed, number])
        name = (names or {}).get(number, structure.name)
        found = elements_of(structure, rng, _step(structure), within)
        if found.area > 0:
            out.append(OrganSurface(number, name, found))
    return tuple(out)


def sampled(organs: Sequence[OrganSurface], spacing_mm: Mapping[int, float], seed: int = 0) -> PointSet:
    """Points of each organ at its own spacing, by label."""
    points: list[NDArray[np.float64]] = []
    labels: list[NDArray[np.int64]] = []
    names: list[str] = []
    for organ in organs:
        rng = np.random.default_rng([seed, organ.label, 1])
        chosen = _thinned(organ.elements, spacing_mm[organ.label], rng)
        taken = chosen[evenly_spread(chosen, spacing_mm[organ.label], organ.area, rng)]
        points.append(taken)
        labels.append(np.full(len(taken), organ.label, dtype=np.int64))
        names += [organ.name] * len(taken)
    return PointSet(np.concatenate(points), np.concatenate(labels), tuple(names), name="organs")


def spacing_for(area: float, count: int, ndim: int) -> float:
    """The spacing in mm at which a surface of that area in mm^2 (2D: length in mm) gets `count` points."""
    return float((area / count) ** (1 / (ndim - 1)))


def _thinned(elements: SurfaceElements, spacing_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The elements, or where they are far more than needed as many, drawn by their area."""
    ndim = elements.points.shape[1]
    wanted = int(_ELEMENTS_A_POINT * elements.area / spacing_mm ** (ndim - 1)) + 1
    if len(elements.points) <= wanted:
        return elements.points
    chance = elements.areas / elements.area
    return elements.points[np.sort(rng.choice(len(chance), wanted, replace=False, p=chance))]


def _step(structure: Structure) -> float:
    """How fine a surface or contours are cut, mm: a part of the structure's size."""
    if isinstance(structure, VoxelStructure):
        return _FINEST_STEP_MM
    points = np.concatenate(structure.contours) if hasattr(structure, "contours") else structure.points
    return max(float(np.ptp(points, axis=0).max()) / 160, _FINEST_STEP_MM)


def _numbers(structures: Sequence[Structure]) -> list[int]:
    """The structures' own numbers where each has one of its own above 0, else 1, 2, ..."""
    own = [structure.number for structure in structures]
    if all(n is not None and n > 0 for n in own) and len(set(own)) == len(own):
        return [int(n) for n in own if n is not None]
    return list(range(1, len(structures) + 1))


def _of_labels(labels: Image, names: Mapping[int, str]) -> tuple[VoxelStructure, ...]:
    """One structure a label above 0, in a box with a border of 0 where the map goes on."""
    import torch
    from scipy import ndimage

    values = labels.data[0].cpu().numpy()
    present, dense = np.unique(values, return_inverse=True)
    boxes = ndimage.find_objects(dense.reshape(values.shape) + 1)
    out = []
    for place, number in enumerate(present.tolist()):
        box = boxes[place]
        if number <= 0 or box is None:
            continue
        wide = tuple(
            slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box, values.shape, strict=True)
        )
        inside = torch.from_numpy((values[wide] == number).astype(np.float32))[None]
        origin = labels.grid.points([s.start for s in wide[::-1]]).tolist()
        size = inside.shape[:0:-1]
        grid = Grid.make(size, labels.grid.spacing, origin, labels.grid.direction)
        name = names.get(int(number), f"label {number}")
        out.append(VoxelStructure(name, Image(inside, grid, name=name), int(number)))
    return tuple(out)
