"""The steps of `points`: read two clouds, let one drift, make fields around them, measure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, PointSet
from RegSuite.pointcloud.alike import turned_alike
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.presets import load_elasticity
from RegSuite.workflows.inputs import Reader
from RegSuite.workflows.limits import limits_of
from RegSuite.workflows.organs_clouds import Cloud
from RegSuite.workflows.organs_drift import drift_parameters, drifted
from RegSuite.workflows.organs_fields import dense
from RegSuite.workflows.organs_grids import grid_about
from RegSuite.workflows.organs_inputs import Role, Side, record_of_points
from RegSuite.workflows.organs_names import listed
from RegSuite.workflows.organs_prepare import Prepared
from RegSuite.workflows.organs_quality import measured
from RegSuite.workflows.reproducible import reproducible

if TYPE_CHECKING:
    from RegSuite.pointcloud.result import Drift
    from RegSuite.workflows.organs_result import CloudResult
    from RegSuite.workflows.points import PointsParameters
    from RegSuite.workflows.run import Run

METHOD = "bcpd"
_FINEST_SHARE = 0.1
"""Voxels of a made grid are at least this part of the bandwidth: between them the motion is linear."""


def registered(inputs: Mapping[str, Any], parameters: PointsParameters, run: Run) -> CloudResult:
    """The workflow's result. Raises InputError, MethodFailed, OutOfMemory, Cancelled."""
    run.method = METHOD
    settings = drift_parameters(parameters)
    limits = limits_of(parameters.limits)
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.1):
            source, target = _side(inputs, "source", run), _side(inputs, "target", run)
            prepared = prepare(source, target, parameters, run)
        drift = drifted(prepared, settings, run)
        _doubt(drift, prepared, run)
        found = dense(prepared, drift, parameters, run)
        return measured(prepared, drift, found, limits, parameters, run)


def _doubt(drift: Drift, prepared: Prepared, run: Run) -> None:
    """Warn where the points do not tell which way round they belong; organs apart from each other do."""
    if prepared.model is not None and len(prepared.model.organs) > 1:
        return
    alike = turned_alike(drift.moved_mm, drift.target.points)
    if alike is not None:
        now, turned = alike
        run.warn(
            f"turned by half a turn the moved points lie {turned:.1f} mm from the target's, as matched "
            f"{now:.1f} mm: the points do not tell which way round they belong, or whether they belong "
            "together at all, and neither residuals nor the uncertainty show that; check landmarks, or label "
            "parts that differ"
        )


def _side(inputs: Mapping[str, Any], role: Role, run: Run) -> Side:
    doubts: list[str] = []
    reader = Reader(run.inputs, doubts)
    points = reader.points(inputs[role], role)
    assert points is not None  # a required input
    record_of_points(points, role, run)
    given = inputs.get(f"{role}_image")
    scan = None if given is None else reader.image(given, f"{role}_image")
    for sentence in doubts:
        run.warn(sentence)
    if scan is not None and scan.ndim != points.ndim:
        raise GeometryError(
            f"the points are {points.ndim}D and the scan {scan.ndim}D",
            where=f"'{points.name}', '{scan.name}'",
            mend="give both of one dimension",
        )
    return Side(
        role,
        points.name,
        points=points,
        image=None if scan is None else scan.with_data(scan.data.float()),
        landmarks=reader.points(inputs.get(f"{role}_landmarks"), f"{role}_landmarks"),
    )


def prepare(source: Side, target: Side, parameters: PointsParameters, run: Run) -> Prepared:
    """The clouds with the labels that are used. Raises InputError for labels that no point shares."""
    _check(source, target, run)
    here, there = (_labels(side) for side in (source, target))
    if parameters.labels and (here is None) != (there is None):
        side = "target" if here is None else "source"
        run.warn(f"the {side}'s points alone carry labels: they are not used; give both a label column")
    stages = load_elasticity(parameters.elasticity).stages
    if not parameters.labels or here is None or there is None:
        prior = _model({0}, {0: "points"}, parameters)
        clouds = _cloud(source, prior, parameters), _cloud(target, prior, parameters)
        return Prepared(*clouds, prior, None, {0: "points"}, {}, stages)
    if not here & there:
        raise InputError(
            "source and target share no label",
            where=f"source: {listed(map(str, sorted(here)))}; target: {listed(map(str, sorted(there)))}",
            mend="number both clouds alike, or pass --no-labels",
        )
    names = {int(label): f"label {label}" for label in here | there}
    model = _model(here | there, names, parameters)
    run.notes.append("points of different labels were kept apart: both clouds have a label column")
    run.parameters = {**run.parameters, "labels_of": {"source": {str(label): int(label) for label in here}}}
    clouds = _cloud(source, model, parameters), _cloud(target, model, parameters)
    return Prepared(*clouds, model, model, names, {}, stages)


def _labels(side: Side) -> set[int] | None:
    """Labels of its points, None where they carry none."""
    held = None if side.points is None else side.points.labels
    return None if held is None else {int(v) for v in np.unique(held)}


def _model(labels: Collection[int], names: Mapping[int, str], parameters: PointsParameters) -> OrganModel:
    preset = load_elasticity(parameters.elasticity)
    asked = {"magnitude_mm": parameters.magnitude_mm, "bandwidth_mm": parameters.bandwidth_mm}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    organs = [replace(preset.organ(label, names[label]), **given) for label in sorted(labels)]
    return OrganModel.made_of(tuple(organs), parameters.coherence)


def _cloud(side: Side, prior: OrganModel, parameters: PointsParameters) -> Cloud:
    assert side.points is not None  # it was read as points
    return Cloud(side, _grid(side, side.points, prior, parameters), side.points, {}, None)


def _grid(side: Side, cloud: PointSet, prior: OrganModel, parameters: PointsParameters) -> Grid:
    if side.image is not None:
        return side.image.grid
    parts = [cloud.points, *([side.landmarks.points] if side.landmarks is not None else [])]
    finest = _FINEST_SHARE * min(
        width for organ in prior.organs for _, width in organ.scales if isfinite(width)
    )
    return grid_about(np.concatenate(parts), parameters.grid_mm, finest)


def _check(source: Side, target: Side, run: Run) -> None:
    from RegSuite.geometry.landmarks import check_landmarks

    if source.ndim != target.ndim:
        raise GeometryError(
            f"the source is {source.ndim}D and the target {target.ndim}D",
            where=f"'{source.name}', '{target.name}'",
            mend="give clouds of one dimension",
        )
    if (source.landmarks is None) != (target.landmarks is None):
        run.warn("landmarks were given of one side only: nothing is measured from them")
    elif source.landmarks is not None and target.landmarks is not None:
        check_landmarks(target.landmarks, source.landmarks, target.ndim)
