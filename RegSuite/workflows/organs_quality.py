"""From a drift and its fields to a result: metrics, verdicts, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.methods.base import Registration
from RegSuite.workflows.limits import verdicts_on
from RegSuite.workflows.metrics import field_metrics, label_metrics
from RegSuite.workflows.organs_measures import (
    MovedLandmarks,
    drift_metrics,
    landmark_labels,
    moved_landmarks,
    organ_gaps,
    organ_metrics,
)
from RegSuite.workflows.organs_result import CloudResult

if TYPE_CHECKING:
    from RegSuite.pointcloud.result import Drift
    from RegSuite.quality import Limits
    from RegSuite.workflows.organs_fields import Dense
    from RegSuite.workflows.organs_parameters import CloudParameters
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.run import Run

FARTHER_MM = 2.0
"""Surfaces that lie apart by less are as near as their sampling lets them."""
APART_MM = 5.0
"""Mean distance of an organ's surfaces above which it was not brought into a match."""


def measured(
    prepared: Prepared, drift: Drift, found: Dense, limits: Limits, parameters: CloudParameters, run: Run
) -> CloudResult:
    """The result, with everything measured that the inputs allow."""
    with run.stage("quality", 0.76, 0.86):
        run.metrics["drift"] = drift_metrics(drift)
        run.metrics["organs"] = _organs(prepared, drift, found)
        _fields(found, run)
        landmarks = _landmarks(prepared, drift, found, run)
        _labels(prepared, found, run)
        _doubts(run)
        verdicts = verdicts_on(run.metrics, limits, prepared.target.grid)
    transform = found.displacement if found.refined is None else found.refined.transform
    return CloudResult.of(
        registration=Registration(transform=transform, linear=drift.start.inverse()),
        prepared=prepared,
        drift=drift,
        found=found,
        landmarks=landmarks,
        verdicts=verdicts,
        parameters=parameters,
        run=run,
    )


def _organs(prepared: Prepared, drift: Drift, found: Dense) -> dict[str, Any]:
    """By label; of points without labels one entry, 0. Organs of one side have their points' count only."""
    source, target = prepared.source, prepared.target
    out: dict[str, Any] = {}
    organs = () if prepared.model is None else prepared.model.organs
    for organ in organs or (None,):
        label = None if organ is None else organ.label
        forward = None if found.refined is None else found.inverse
        before, after = organ_gaps(drift, source, target, found.displacement, label, forward)
        entry: dict[str, Any] = {"name": prepared.names[label or 0], **organ_metrics(drift, label)}
        if before is not None and after is not None:
            entry |= {"distance_before_mm": before.metrics(), "distance_after_mm": after.metrics()}
        if organ is not None:
            entry |= {"magnitude_mm": organ.magnitude_mm, "bandwidth_mm": organ.bandwidth_mm}
            cuts = {
                c.side.role: list(c.cut_off[organ.label])
                for c in (source, target)
                if organ.label in c.cut_off
            }
            entry |= {"cut_off": cuts} if cuts else {}
        out[str(label or 0)] = entry
    for label, side in prepared.missing.items():
        out[str(label)] = {"name": prepared.names[label], "missing": side}
    return out


def _fields(found: Dense, run: Run) -> None:
    """Jacobian and inverse, within organs where their place is known."""
    mask = None if found.organs_at is None else found.organs_at.data[0] > 0
    if mask is not None and not bool(mask.any()):
        mask = None
    try:
        run.metrics.update(field_metrics(found.displacement, found.inverse, found.jacobian.data[0], mask))
    except InputError as error:
        run.warn(f"inverse and Jacobian were not measured: {error.what}")
    if mask is not None:
        run.notes.append(
            "Jacobian and inverse residual are of the voxels of organs: where organs slide along each other "
            "the field jumps from one to the next, which is no fold"
        )
    checks = found.checks
    if checks is None:
        return
    run.metrics["folds_percent"] = dict(checks.folds)
    if checks.interpolation_mm is not None:
        run.metrics["field_error_mm"] = checks.interpolation_mm
    if checks.borders:
        run.metrics["borders"] = [vars(border) for border in checks.borders]


def _landmarks(prepared: Prepared, drift: Drift, found: Dense, run: Run) -> MovedLandmarks | None:
    source, target = prepared.source.side.landmarks, prepared.target.side.landmarks
    if source is None or target is None:
        return None
    if prepared.model is None:
        labels = np.full(len(source), -1, dtype=np.int64)
    else:
        own = run.parameters.get("labels_of", {}).get("source", {})
        known = {int(k): int(v) for k, v in own.items()}
        labels = landmark_labels(source, known, prepared.source, prepared.model.labels)
    landmarks = moved_landmarks(
        drift, (source, target), labels, (found.inverse, found.displacement), found.refined is not None
    )
    run.metrics.update(landmarks.metrics())
    return landmarks


def _labels(prepared: Prepared, found: Dense, run: Run) -> None:
    """Dice and distances of the organs that both sides have."""
    target = prepared.target.labels
    if found.warped_labels is None or target is None or prepared.model is None:
        return
    from RegSuite.workflows.organs_grids import renumbered

    kept = {int(v): int(v) for v in prepared.model.labels}
    metrics, warnings = label_metrics(
        renumbered(target, kept), renumbered(found.warped_labels, kept), dict(prepared.names)
    )
    run.metrics.update(metrics)
    for sentence in warnings:
        run.warn(sentence)


def _doubts(run: Run) -> None:
    for entry in run.metrics["organs"].values():
        before, after = entry.get("distance_before_mm"), entry.get("distance_after_mm")
        if before and after and after["mean"] > max(before["mean"], FARTHER_MM):
            run.warn(
                f"{entry['name']}: its surfaces lie farther apart than before ({after['mean']:.1f} mm, "
                f"{before['mean']:.1f} mm before); look at it in the report before you use the result"
            )
        elif after and after["mean"] > APART_MM:
            run.warn(
                f"{entry['name']}: its surfaces still lie {after['mean']:.1f} mm apart: it was not matched. "
                "Is it the same organ on both sides (left and right, names, numbers)? Do not use it there"
            )
    share = run.metrics["drift"]["inlier_share"]
    if share < 0.5:
        run.warn(
            f"only {100 * share:.0f} % of the target's points found a partner: do both sides show the same "
            "organs, in mm?"
        )
