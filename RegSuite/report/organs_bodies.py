"""The organs of a page as surfels: source, moved and target, with their values and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.organs_measures import spacing_of
from RegSuite.report.organs_raster import Layer
from RegSuite.report.organs_scene import UNKNOWN_COLOUR, Frame
from RegSuite.report.organs_surfels import Surfels, of_cloud, of_surface
from RegSuite.report.structure_looks import structure_looks

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage, OrganSurface

Array = NDArray[Any]

Side = Literal["source", "moved", "target"]
VALUES = ("residual_mm", "sd_mm")
"""What the moved organs carry, in this order."""
_APART = 1.5
"""If all clouds together span so many times the width of those after, the source is shown shifted."""


@dataclass(frozen=True, eq=False)
class Body:
    """One organ of one side: its place in the page's organs, its surfels, their values [n, c]."""

    place: int
    surfels: Surfels
    values: Array


class Bodies:
    """All organs of a 3D page; each side is made when it is first asked for."""

    def __init__(self, page: OrgansPage) -> None:
        self.page = page
        self._drawn: dict[tuple[Side, Frame], list[Layer]] = {}

    def layers(self, side: Side, frame: Frame) -> list[Layer]:
        """Each body of a side drawn into a frame, once; the source shifted as it is shown."""
        if (side, frame) not in self._drawn:
            shift = self.shift if side == "source" else np.zeros(3)
            self._drawn[side, frame] = [
                frame.layer(replace(b.surfels, points=b.surfels.points + shift), b.values)
                for b in getattr(self, side)
            ]
        return self._drawn[side, frame]

    @cached_property
    def shift(self) -> Array:
        """What the source is shifted by in the picture before: nothing unless it lies far off [d]."""
        page = self.page
        after = np.ptp(np.concatenate([page.moved_mm, page.target_mm]), axis=0)
        whole = np.ptp(np.concatenate([page.source_mm, page.moved_mm, page.target_mm]), axis=0)
        if (whole <= _APART * after + 1e-9).all():
            return np.zeros(page.dimensions)
        return np.asarray(page.moved_mm.mean(axis=0) - page.source_mm.mean(axis=0))

    @cached_property
    def reach(self) -> Array:
        """All points that pictures must hold [n, d]."""
        page = self.page
        return np.concatenate([page.source_mm + self.shift, page.moved_mm, page.target_mm])

    @cached_property
    def spacing_mm(self) -> float:
        """How far apart the target's points lie: the median over organs; 0 where no organ has two."""
        page = self.page
        places = np.asarray(page.target_organs)
        found = [spacing_of(np.asarray(page.target_mm, float)[places == k]) for k in range(len(page.organs))]
        known = [v for v in found if np.isfinite(v)]
        return float(np.median(known)) if known else 0.0

    @cached_property
    def colours(self) -> Array:
        """Red, green, blue 0..1 of each organ [L, 3]."""
        from matplotlib.colors import to_rgb

        return np.array([to_rgb(c) for c in organ_colours(self.page)])

    @cached_property
    def lonely(self) -> list[str]:
        """Names of the source's organs that the target lacks."""
        there = {body.place for body in self.target}
        return [self.page.organs[b.place].name for b in self.source if b.place not in there]

    def own_colours(self, side: Side) -> Array:
        """Of each body of a side [n, 3]; greyed where the target lacks the organ."""
        places = [body.place for body in getattr(self, side)]
        lonely = np.array([self.page.organs[place].name in self.lonely for place in places])
        greyed = 0.25 * self.colours[places] + 0.75 * np.array(UNKNOWN_COLOUR)
        return np.where(lonely[:, None], greyed, self.colours[places])

    @cached_property
    def source(self) -> list[Body]:
        """As it lies."""
        return self._bodies(self.page.source_mm, self.page.source_organs, self.page.source_surfaces)

    @cached_property
    def target(self) -> list[Body]:
        """As it lies."""
        return self._bodies(self.page.target_mm, self.page.target_organs, self.page.target_surfaces)

    @cached_property
    def moved(self) -> list[Body]:
        """The source where the registration took it, with VALUES."""
        out = []
        for body in self._bodies(self.page.moved_mm, self.page.source_organs, self.page.moved_surfaces):
            surface = self.page.moved_surfaces.get(body.place)
            columns = [self._values(body, surface, name) for name in VALUES]
            out.append(Body(body.place, body.surfels, np.stack(columns, axis=1)))
        return out

    def _bodies(self, points: Array, places: Array, surfaces: Mapping[int, OrganSurface]) -> list[Body]:
        out = []
        for place in range(len(self.page.organs)):
            own = np.asarray(points)[np.asarray(places) == place]
            if place in surfaces and len(surfaces[place].triangles):
                surfels = of_surface(surfaces[place])
            elif len(own):
                surfels = of_cloud(own)
            else:
                continue
            out.append(Body(place, surfels, np.zeros((len(surfels.points), 0))))
        return out

    def _values(self, body: Body, surface: OrganSurface | None, name: str) -> Array:
        """Of the surface's own corners, else of the nearest moved point of the organ; NaN where unknown."""
        from scipy.spatial import cKDTree

        own = None if surface is None else getattr(surface, name)
        if own is not None:
            return np.asarray(own, float)[body.surfels.chosen]
        of_points = getattr(self.page, name)
        members = np.flatnonzero(np.asarray(self.page.source_organs) == body.place)
        if of_points is None or not len(members):
            return np.full(len(body.surfels.points), np.nan)
        if surface is not None and len(surface.triangles):
            nearest = cKDTree(self.page.moved_mm[members]).query(body.surfels.points)[1]
            members = members[nearest]
        else:
            members = members[body.surfels.chosen]
        return np.asarray(of_points, float)[members]


def organ_colours(page: OrgansPage) -> list[str]:
    """#rrggbb of each organ, the same in pictures, charts and tables."""
    looks = structure_looks({f"{i} {organ.name}": organ.colour for i, organ in enumerate(page.organs)})
    return [colour for colour, _ in looks.values()]
