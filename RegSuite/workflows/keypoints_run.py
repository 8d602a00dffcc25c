"""The steps of `keypoints`: read, match, make a field of the matches, go on from it if asked, measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.methods.base import Registration, part_of
from RegSuite.methods.choice import choice_of, run_choice
from RegSuite.pointcloud.keypoints.field import MatchField, field_from_matches
from RegSuite.pointcloud.keypoints.match import matched_keypoints
from RegSuite.pointcloud.keypoints.matches import Matches
from RegSuite.pointcloud.keypoints.parameters import KeypointParameters
from RegSuite.transforms import AffineTransform
from RegSuite.validation import validated
from RegSuite.workflows.estimate import check_resources
from RegSuite.workflows.initial import initial_of
from RegSuite.workflows.inputs import Pair, Reader, check_partners, read_pair
from RegSuite.workflows.keypoints_result import KeypointsResult
from RegSuite.workflows.limits import limits_of
from RegSuite.workflows.quality import measured
from RegSuite.workflows.reproducible import reproducible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from RegSuite.methods.base import Progress
    from RegSuite.methods.choice import Choice
    from RegSuite.workflows.keypoints import KeypointsParameters
    from RegSuite.workflows.run import Run


def matched(inputs: Mapping[str, Any], parameters: KeypointsParameters, run: Run) -> KeypointsResult:
    """The workflow's result. Raises InputError, MethodFailed, OutOfMemory, Cancelled."""
    run.method = "keypoints"
    asked = _asked(parameters)
    limits = limits_of(parameters.limits)
    # unrefined, before and after are compared by what was searched with
    choice = choice_of("deformable", {} if parameters.refine else {"measure": "mind"}, seed=run.seed)
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.04):
            pair = _read(inputs, run)
        with run.stage("start", 0.04, 0.1) as progress:
            initial = _initial(inputs.get("initial"), pair, progress, run)
        with run.stage("match", 0.1, 0.6) as progress:
            matches = matched_keypoints(
                pair.fixed,
                pair.moving,
                asked,
                initial=initial,
                progress=lambda fraction, stage: progress(fraction, stage, {}),
            )
        with run.stage("field", 0.6, 0.66):
            field = field_from_matches(matches.fixed, matches.moving, pair.fixed.grid)
        registration = _registration(matches, field, choice, pair, parameters, run)
        for sentence in (*matches.warnings, *(() if parameters.refine else field.warnings)):
            run.warn(sentence)
        run.notes.extend((*matches.notes, *field.notes))
        # measured reads of the parameters only whether report and scene are wanted
        found = measured(registration, pair, initial, choice, limits, parameters, run)  # type: ignore[arg-type]
    parts = {part.name: getattr(found, part.name) for part in fields(found) if part.init}
    return KeypointsResult(**parts, matches=matches, field=field)


def _asked(parameters: KeypointsParameters) -> KeypointParameters:
    values = {"count": parameters.count, "window_mm": parameters.window_mm, **parameters.parameters}
    return validated(KeypointParameters, values, "`regsuite keypoints`")


def _read(inputs: Mapping[str, Any], run: Run) -> Pair:
    """The images with all that came with them; landmarks are measured alone."""
    pair = read_pair(inputs, run)
    doubts: list[str] = []
    reader = Reader(run.inputs, doubts)
    pair = replace(
        pair,
        fixed_points=reader.points(inputs.get("fixed_landmarks"), "fixed_landmarks"),
        moving_points=reader.points(inputs.get("moving_landmarks"), "moving_landmarks"),
    )
    for sentence in doubts:
        run.warn(sentence)
    check_partners(pair, run)
    return pair


def _initial(given: Any, pair: Pair, progress: Progress, run: Run) -> AffineTransform | None:
    """The linear map that the search begins at. Raises InputError for one that is not linear."""
    transform, start = initial_of(given, pair.fixed, pair.moving, run.warn)
    if start in ("rigid", "affine"):
        chosen = choice_of(start, {}, seed=run.seed)
        found = run_choice(chosen, pair.fixed, pair.moving, progress, initial=transform)
        run.notes.append(f"started with a registration by {start}")
        transform = found.transform
    if transform is not None and not isinstance(transform, AffineTransform):
        raise InputError(
            "the search for keypoints starts from a linear transform, and this one is not linear",
            where="initial",
            mend="give a rigid or affine transform, or a word: center-of-mass, rigid, affine",
        )
    return transform


def _registration(
    matches: Matches,
    field: MatchField,
    choice: Choice,
    pair: Pair,
    parameters: KeypointsParameters,
    run: Run,
) -> Registration:
    """The field as a registration, or what the deformable method made of it."""
    numbers = {"keypoints": keypoint_metrics(matches, field)}
    found = Registration(transform=field.transform, linear=field.linear, extra=numbers)
    if parameters.refine:
        check_resources(choice, pair.fixed, pair.moving, run)
        with run.stage("refine", 0.66, 0.78) as progress:
            fixed, moving = pair.fixed.to(run.device), pair.moving.to(run.device)
            refined = run_choice(choice, fixed, moving, part_of(progress, 0.0, 1.0), initial=field.transform)
        run.notes.extend((*refined.notes, "the deformable method went on from the keypoints' field"))
        for sentence in refined.warnings:
            run.warn(sentence)
        found = replace(refined, extra={**refined.extra, **numbers})
    return found


def keypoint_metrics(matches: Matches, field: MatchField) -> dict[str, Any]:
    """What result.json holds under `keypoints`; lengths in mm."""
    moved = np.linalg.norm(matches.moving.points - matches.fixed.points, axis=1)
    return {
        "searched": matches.searched,
        "matched": len(matches),
        "matched_share": len(matches) / matches.searched,
        "agreeing": int(field.kept.sum()),
        "displacement_mm": _summary(moved),
        "way_back_mm": _summary(matches.residual_mm),
        "left_out_mm": _summary(field.left_out_mm[np.isfinite(field.left_out_mm)]),
        "confidence": {"median": float(np.median(matches.confidence))},
        "cost": {"median": float(np.median(matches.cost))},
        "finest_mm": matches.finest_mm,
        "bandwidth_mm": field.bandwidth_mm,
        "noise_mm": field.noise_mm,
    }


def _summary(values: NDArray[np.float64]) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "p95": float(np.percentile(values, 95)),
        "max": float(values.max()),
    }
