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


def started(
    settings: DriftParameters, prepared: Prepared, parameters: OrgansParameters, run: Run
) -> DriftParameters:
    """Where the drift begins unless it was said: organs' centres upon each other where whole organs are seen.

    Patients' axes are known, so no rotation is searched for. Centres of what the field of view cuts mislead:
    there the scans' own place is the start where their organs' boxes meet.
    """
    if "start" in parameters.parameters:
        return settings
    cut = {label for cloud in (prepared.source, prepared.target) for label in _mostly_cut(cloud)}
    given = bool(cut) and _meet(prepared.source.points, prepared.target.points)
    if given:
        told = listed(prepared.names[label] for label in sorted(cut))
        run.notes.append(f"started as the scans lie, for {told}: cut off, so that centres would mislead")
    return settings.model_copy(update={"start": "given" if given else "centres"})


def _mostly_cut(cloud: Cloud) -> list[int]:
    """Organs of which a good part of the surface was cut away."""
    out = []
    for label in cloud.cut_off:
        elements = cloud.surfaces[label].elements
        cut = sum(elements.cut_mm2.values())
        if cut > MOSTLY_CUT * (cut + elements.area):
            out.append(label)
    return out


def _meet(one: PointSet, other: PointSet) -> bool:
    """Whether the clouds' boxes share some place."""
    low = np.maximum(one.points.min(axis=0), other.points.min(axis=0))
    high = np.minimum(one.points.max(axis=0), other.points.max(axis=0))
    return bool((low < high).all())
