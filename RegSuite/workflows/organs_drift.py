"""The drift of one prepared cloud to the other, with what it needs said before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import OutOfMemory
from RegSuite.machine import available_memory_mb
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.validation import validated

if TYPE_CHECKING:
    from RegSuite.pointcloud.result import Drift
    from RegSuite.workflows.organs_parameters import CloudParameters
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.run import Run

_MB = 1e6
_BYTES_A_VOXEL = 100.0
"""Of the fields, both ways, while they are made: about twenty numbers of four bytes, and what is written."""
_REST_MB = 300.0


def drift_parameters(parameters: CloudParameters) -> DriftParameters:
    """Its settings as they run. Raises InputError for those that do not exist or fit."""
    values = {"transform": parameters.transform, "outliers": parameters.outliers, "seed": parameters.seed}
    known = DriftParameters.model_fields
    given = {k: v for k, v in values.items() if k in known}
    return validated(DriftParameters, {**given, **parameters.parameters}, "the drift")


def drifted(prepared: Prepared, settings: DriftParameters, run: Run) -> Drift:
    """The drift on the run's device; moving points are shown to who looks on. Raises OutOfMemory before."""
    from RegSuite.pointcloud.stages import drift_in_stages

    plain = prepared.model is None
    given = prepared.source.points, prepared.target.points
    source, target = (replace(cloud, labels=None) if plain else cloud for cloud in given)
    _check_memory(prepared, settings)
    run.parameters = {**run.parameters, "parameters": settings.model_dump(mode="json")}
    organs = "" if prepared.model is None else f", {len(prepared.model.organs)} organ(s)"
    run.say(f"{len(source)} points to {len(target)}{organs}, on {run.device}, {run.threads} thread(s)")
    labels = np.zeros(len(source), dtype=np.int64) if source.labels is None else source.labels
    run.preview("moving_organs", np.asarray(labels, dtype=np.float64)[:, None])
    run.preview("target", target.points)
    with run.stage("drift", 0.1, 0.5) as progress:
        found = drift_in_stages(
            source,
            target,
            prepared.prior,
            settings,
            progress,
            stages=prepared.stages,
            device=run.device,
            watch=lambda points: run.preview("moving", points),
        )
    for stage, seconds in found.seconds.items():
        run.seconds[f"drift: {stage}"] = seconds
    run.notes.extend(found.notes)
    for sentence in found.warnings:
        run.warn(sentence)
    return replace(found, source=given[0], target=given[1], model=None) if plain else found


def _check_memory(prepared: Prepared, settings: DriftParameters) -> None:
    """Raise OutOfMemory where the fields would not fit; the drift itself needs little."""
    voxels = prepared.source.grid.voxels + prepared.target.grid.voxels
    points = len(prepared.source.points) * settings.basis_largest * 8 * 4
    needed = (voxels * _BYTES_A_VOXEL + points) / _MB + _REST_MB
    there = available_memory_mb()
    if there is not None and needed > there:
        raise OutOfMemory(
            f"the run needs about {needed:.0f} MB and {there:.0f} MB are available",
            where=f"fields on {prepared.source.grid.voxels} and {prepared.target.grid.voxels} voxels",
            mend="close other programs, give coarser or cropped scans, or larger voxels by --grid-mm",
        )
