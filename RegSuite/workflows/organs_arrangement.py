"""Whether organs lie to each other as they do on the other side: mixed-up names match without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.workflows.organs_names import listed, plain

if TYPE_CHECKING:
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.run import Run

FloatArray = NDArray[np.float64]

_LEFT = {"left", "l", "lt"}
_OTHER_SIDE = {"left": "right", "l": "r", "lt": "rt"}

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
    for role, side in zip(("source", "target"), centres, strict=True):
        _doubt_sides(role, side, prepared, run)
    turned = []
    for one, other in combinations(sorted(set(centres[0]) & set(centres[1])), 2):
        here, there = (side[other] - side[one] for side in centres)
        apart = min(np.linalg.norm(here), np.linalg.norm(there))
        if apart > FARTHEST_MM and float(here @ there) < 0:
            turned.append(f"{prepared.names[one]} and {prepared.names[other]}")
    if turned:
        run.metrics["other_way_round"] = turned
        run.warn(
            f"{listed(turned)} lie to each other the other way round in the source than in the target: are "
            "names or numbers mixed up, or left and right, or are surfaces in RAS (--structures-space)? Good "
            "distances and overlaps say nothing before this is clear"
        )


def _doubt_sides(role: str, centres: Mapping[int, FloatArray], prepared: Prepared, run: Run) -> None:
    """Warn of a left organ that lies to the right of its right one: x of LPS mm grows to the left."""
    if prepared.target.points.ndim < 3:
        return
    called = {plain(prepared.names[label]): label for label in centres}
    for name, left in called.items():
        right = called.get(plain(" ".join(_OTHER_SIDE.get(word, word) for word in name.split())))
        if right is None or right == left or not _LEFT & set(name.split()):
            continue
        if centres[left][0] < centres[right][0] - FARTHEST_MM:
            run.warn(
                f"in the {role} {prepared.names[left]} lies on the patient's right of "
                f"{prepared.names[right]}: are their names mixed up, or are surfaces or points in RAS "
                "(--structures-space)? Then nothing else of the result is right"
            )
