"""From the organs of two sides to two clouds with common labels, as dense on one side as on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.geometry.structure import Structure
from RegSuite.pointcloud.sampling import OrganSurface, organ_surfaces, sampled, spacing_for
from RegSuite.workflows.organs_grids import label_map_of, renumbered
from RegSuite.workflows.organs_inputs import Side
from RegSuite.workflows.organs_names import Matching, listed

if TYPE_CHECKING:
    from RegSuite.workflows.run import Run

FEWEST = 80
"""Points that a small organ gets at least, where its voxels are fine enough."""
SMALLEST = 24
"""Elements of a surface below which an organ is a speck: its shape says nothing."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """One side, ready for the drift. Labels are the common ones.

    points: with labels, of organs that both sides have. surfaces: of all its organs, by label; empty where
    points were given. labels: the map on `grid`, of all its organs; None where points were given.
    cut_off: {label: sides of the scan that cut it}. landmarks: with common labels, -1 of none.
    """

    side: Side
    grid: Grid
    points: PointSet
    surfaces: Mapping[int, OrganSurface]
    labels: Image | None
    cut_off: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def dense(self, label: int) -> NDArray[np.float64]:
        """The organ's surface as densely as it is known [n, d]; none where it is not here."""
        found = self.surfaces.get(label)
        if found is not None:
            return found.elements.points
        held = self.points.labels
        return self.points.points if held is None else self.points.points[held == label]


def surfaces_of(side: Side, own: Mapping[int, int], seed: int, run: Run) -> dict[int, OrganSurface]:
    """Surfaces by common label; what has none is left out with a warning."""
    out: dict[int, OrganSurface] = {}
    for surface in _found(side, own, seed, run):
        label = own[surface.label]
        if len(surface.elements.points) < SMALLEST:
            run.warn(f"{side.role}: {surface.name} is a speck of a few voxels and is left out")
            continue
        out[label] = replace(surface, label=label)
    return out


def _found(side: Side, own: Mapping[int, int], seed: int, run: Run) -> list[OrganSurface]:
    names = {label: name or f"label {label}" for label, name in (side.names or {}).items()}
    if side.labels is not None:
        kept = renumbered(side.labels, {label: label for label in own})
        return list(organ_surfaces(kept, names, seed=seed))
    within = None if side.image is None else side.image.grid
    found: list[OrganSurface] = []
    for structure in (s for s in side.structures if s.number in own):
        try:
            found += organ_surfaces([structure], names, seed=seed, within=within)
        except GeometryError as error:
            run.warn(f"{side.role}: {structure.name} is left out: {error.what}")
    return found


def sampled_clouds(
    surfaces: Sequence[Mapping[int, OrganSurface]],
    common: Sequence[int],
    count: int,
    spacing_mm: float | None,
    seed: int,
) -> tuple[list[PointSet], dict[int, float]]:
    """Clouds of the common organs, source first, and the spacing in mm of each organ, the same on both sides.

    spacing_mm: asked for; None: what gives the side with the larger surfaces `count` points, small organs
    more finely so that they get FEWEST. seed: the sides are sampled apart, so that no point of one is the
    other's by construction.
    """
    ndim = next(iter(surfaces[0].values())).elements.points.shape[1]
    areas = {label: max(side[label].area for side in surfaces) for label in common}
    step = spacing_mm or spacing_for(sum(areas.values()), count, ndim)
    steps = {
        label: step if spacing_mm is not None else min(step, spacing_for(area, FEWEST, ndim))
        for label, area in areas.items()
    }
    clouds = [
        replace(sampled([side[label] for label in common], steps, 2 * seed + k), name=role)
        for k, (side, role) in enumerate(zip(surfaces, ("source", "target"), strict=True))
    ]
    return clouds, steps


def labels_on_grid(side: Side, own: Mapping[int, int], grid: Grid, kept: Sequence[int]) -> Image | None:
    """The side's organs as a label map with common numbers; None where points were given."""
    if side.labels is not None:
        return replace(renumbered(side.labels, own), name=f"{side.role} labels")
    if side.structures:
        drawn: list[Structure] = [s for s in side.structures if own.get(int(s.number or 0)) in kept]
        return replace(label_map_of(drawn, own, grid), name=f"{side.role} labels")
    return None


def given_cloud(side: Side, own: Mapping[int, int], common: Sequence[int]) -> PointSet:
    """Points that came as points, of the common organs, with common labels."""
    assert side.points is not None  # the caller has looked
    points = side.points
    labels = np.zeros(len(points), dtype=np.int64) if points.labels is None else np.asarray(points.labels)
    common_labels = np.array([own[int(v)] for v in labels], dtype=np.int64)
    keep = np.isin(common_labels, common)
    names = None if points.names is None else tuple(n for n, k in zip(points.names, keep, strict=True) if k)
    return PointSet(points.points[keep], common_labels[keep], names, name=points.name)


def check_common(matching: Matching, run: Run) -> None:
    """Warn of organs of one side; refuse two segmentations that share none."""
    for labels, here, there in (
        (matching.only_source, "source", "target"),
        (matching.only_target, "target", "source"),
    ):
        if labels:
            run.warn(
                f"{len(labels)} organ(s) of the {here} are missing in the {there} and guide nothing: "
                + listed(matching.names[label] for label in labels)
            )
    if not matching.common:
        told = {
            side: listed(matching.names[label] for label in labels)
            for side, labels in (("source", matching.only_source), ("target", matching.only_target))
        }
        raise InputError(
            "source and target share no organ",
            where=f"source: {told['source']}; target: {told['target']}",
            mend="give both the same names (NAME.csv of label,name beside a label map, or --label-names)",
        )
