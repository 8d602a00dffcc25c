"""Whether organs lie to each other as they do on the other side: mixed-up names match without a trace."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.workflows.organs_names import listed

if TYPE_CHECKING:
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.run import Run

FARTHEST_MM = 20.0
"""Centres that lie nearer to each other may pass each other in a patient."""


def doubt_arrangement(prepared: Prepared, run: Run) -> None:
    """Warn of pairs of organs that lie the other way round on one side, seen along patients' axes.

    The distances of surfaces cannot show it: two kidneys that change places fit each other well.
    """
    if prepared.model is None:
        return
    centres = []
    for cloud in (prepared.source.points, prepared.target.points):
        assert cloud.labels is not None  # clouds of a model have labels
        own = {organ.label: cloud.points[cloud.labels == organ.label] for organ in prepared.model.organs}
        centres.append({label: points.mean(axis=0) for label, points in own.items() if len(points)})
    turned = []
    for one, other in combinations(sorted(set(centres[0]) & set(centres[1])), 2):
        here, there = (side[other] - side[one] for side in centres)
        apart = min(np.linalg.norm(here), np.linalg.norm(there))
        if apart > FARTHEST_MM and float(here @ there) < 0:
            turned.append(f"{prepared.names[one]} and {prepared.names[other]}")
    if turned:
        run.warn(
            f"{listed(turned)} lie to each other the other way round in the source than in the target: are "
            "names or numbers mixed up, or left and right, or are surfaces in RAS (--structures-space)? Good "
            "distances and overlaps say nothing before this is clear"
        )
