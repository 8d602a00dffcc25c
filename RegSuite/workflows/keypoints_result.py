"""KeypointsResult: matched keypoints and the registration that they tell."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.io.atomic import replacing
from RegSuite.workflows.result import Result

if TYPE_CHECKING:
    from RegSuite.geometry import PointSet
    from RegSuite.pointcloud.keypoints.field import MatchField
    from RegSuite.pointcloud.keypoints.matches import Matches

FIXED_FILE = "fixed_points.csv"
MOVING_FILE = "moving_points.csv"


@dataclass(frozen=True, eq=False, kw_only=True)
class KeypointsResult(Result):
    """A finished search for keypoints, in memory.

    matches: the points with their confidence. field: the Gaussian process that they gave; `transform` is
    its map, or what the deformable method made of it. metrics: as in result.json, the search's under
    `keypoints`.
    """

    matches: Matches
    field: MatchField

    def _write_more(self, folder: Path) -> dict[str, str]:
        for points, name in ((self.matches.fixed, FIXED_FILE), (self.matches.moving, MOVING_FILE)):
            write_matches(points, self.matches, self.field, folder / name)
        return {"fixed_points": FIXED_FILE, "moving_points": MOVING_FILE}

    def _shown_beside(self) -> dict[str, Any]:
        shown = super()._shown_beside()
        for side in ("fixed", "moving"):
            shown[f"{side}_landmarks"] = shown.pop(f"{side}_points")
        return shown


def write_matches(points: PointSet, matches: Matches, field: MatchField, path: Path) -> None:
    """Write x,y,z,name,confidence,way_back_mm,agrees (1: with the others); read_points reads the first."""
    header = [*("x", "y", "z")[: points.ndim], "name", "confidence", "way_back_mm", "agrees"]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for row, place in enumerate(points.points.tolist()):
            name = points.names[row] if points.names is not None else str(row + 1)
            trust = [f"{matches.confidence[row]:.4f}", f"{matches.residual_mm[row]:.4f}"]
            writer.writerow([*(repr(v) for v in place), name, *trust, int(field.kept[row])])
