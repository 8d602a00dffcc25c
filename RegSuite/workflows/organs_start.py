"""Where the drift of organs begins: patients' axes are known, so only a shift is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.geometry import PointSet
from RegSuite.workflows.organs_names import listed

if TYPE_CHECKING:
    from RegSuite.pointcloud.parameters import DriftParameters
    from RegSuite.workflows.organs_clouds import Cloud
    from RegSuite.workflows.organs_parameters import OrgansParameters
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.run import Run

MOSTLY_CUT = 0.15
"""Share of an organ's surface that is cut faces, from which on its centre says little."""
PARTLY_CUT = 0.05
"""The same, from which on its motion across the cut, and so its uncertainty, is not known."""

WHOLE_MM = 300.0
"""Bandwidths from which on an organ moves as a whole."""


def started(
    settings: DriftParameters, prepared: Prepared, parameters: OrgansParameters, run: Run
) -> DriftParameters:
    """Where the drift begins unless it was said: organs' centres upon each other where whole organs are seen.

    Patients' axes are known, so no rotation is searched for. Centres of what the field of view cuts mislead:
    there the scans' own place is the start where their organs' boxes meet. Organs that are free to move as
    wholes leave nothing for a map of the whole cloud but to shrink, and with it all tissue beyond them: there
    is none (measured: scale 0.7 where the truth was 1, the same errors at landmarks).
    """
    if "linear" not in parameters.parameters and _move_as_wholes(prepared):
        settings = settings.model_copy(update={"linear": "none"})
    if "start" in parameters.parameters:
        return settings
    cut = {label for c in (prepared.source, prepared.target) for label in _cut_by(c, MOSTLY_CUT)}
    given = bool(cut) and _meet(prepared.source.points, prepared.target.points)
    if given:
        told = listed(prepared.names[label] for label in sorted(cut))
        run.notes.append(f"started as the scans lie, for {told}: cut off, so that centres would mislead")
    return settings.model_copy(update={"start": "given" if given else "centres"})


def _move_as_wholes(prepared: Prepared) -> bool:
    """Whether each organ has a scale so wide that it is a map of the whole organ."""
    organs = prepared.prior.organs
    return all(any(width >= WHOLE_MM for _, width in organ.scales) for organ in organs)


def unsure_of(prepared: Prepared, run: Run) -> tuple[int, ...]:
    """Organs of which no uncertainty is stated, because the field of view cuts them; with a warning.

    What is left of such a surface fits in several places, and partners beyond the cut are missing: the
    drift's own standard deviation would be of the order of a tenth of the error.
    """
    registered = set() if prepared.model is None else set(prepared.model.labels.tolist())
    cut = {label for c in (prepared.source, prepared.target) for label in _cut_by(c, PARTLY_CUT)}
    unsure = tuple(sorted(cut & registered))
    if unsure:
        run.warn(
            f"the uncertainty of {listed(prepared.names[label] for label in unsure)} is not stated (NaN): "
            "the field of view cuts a part off, and what remains may be matched centimetres off; look at it "
            "in the report, or leave the organ out with --only"
        )
    return unsure


def _cut_by(cloud: Cloud, share: float) -> list[int]:
    """Organs of which more than a share of the surface was cut away."""
    out = []
    for label in cloud.cut_off:
        elements = cloud.surfaces[label].elements
        cut = sum(elements.cut_mm2.values())
        if cut > share * (cut + elements.area):
            out.append(label)
    return out


def _meet(one: PointSet, other: PointSet) -> bool:
    """Whether the clouds' boxes share some place."""
    low = np.maximum(one.points.min(axis=0), other.points.min(axis=0))
    high = np.minimum(one.points.max(axis=0), other.points.max(axis=0))
    return bool((low < high).all())
