"""Levenberg-Marquardt for many poses at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.measures import Evaluation, Measure
from RegSuite.methods.linear.poses import Frame, Model, Poses, directions, moved

FloatArray = NDArray[np.float64]

RIDGE = 1e-5
"""Damping of a parameter that the image does not determine, relative to the best determined one."""


@dataclass(frozen=True)
class Optimum:
    """Where a batch ended: poses [K], value [K] (penalised for small overlap), overlap [K].

    history: the best value after each iteration. determined: [K] ratio of the least to the best
    determined parameter's curvature (near 0: some motion is not seen by the image).
    """

    poses: Poses
    value: FloatArray
    overlap: FloatArray
    history: tuple[float, ...]
    determined: FloatArray


@dataclass(frozen=True)
class Descent:
    """How far to go: iterations, longest step and tolerance in mm, least overlap unpenalised."""

    iterations: int
    longest_mm: float
    tolerance_mm: float
    least_overlap: float


@dataclass
class _State:
    """The batch in flight."""

    poses: Poses
    value: FloatArray
    at: Evaluation
    damping: FloatArray
    running: NDArray[np.bool_]


def maximise(
    measure: Measure,
    model: Model,
    start: Poses,
    frame: Frame,
    descent: Descent,
    tick: Callable[[int, float], None] | None = None,
) -> Optimum:
    """The poses after Levenberg-Marquardt steps uphill from `start`; tick(iteration, best value)."""
    to_index = measure.moving.inverse
    at = measure.at(start.maps(frame, to_index))
    state = _State(
        start, penalised(at, descent.least_overlap), at, np.full(len(start), 1e-2), np.ones(len(start), bool)
    )
    history = [float(state.value.max())]
    for iteration in range(descent.iterations):
        _iterate(state, measure, model, frame, descent, to_index)
        history.append(float(state.value.max()))
        if tick is not None:
            tick(iteration + 1, history[-1])
        if not state.running.any():
            break
    _, hessian, _ = _projected(state.poses, state.at, model, frame, to_index)
    return Optimum(state.poses, state.value, state.at.overlap, tuple(history), _determined(hessian))


def penalised(at: Evaluation, least_overlap: float) -> FloatArray:
    """The value [K], scaled down where the overlap is below the least."""
    return np.asarray(at.value * np.minimum(1.0, at.overlap / least_overlap))


def _iterate(
    state: _State, measure: Measure, model: Model, frame: Frame, descent: Descent, to_index: FloatArray
) -> None:
    """One trial step of every running pose, kept where it goes uphill."""
    run = np.flatnonzero(state.running)
    poses = state.poses[run]
    at = _take(state.at, run)
    gradient, hessian, along = _projected(poses, at, model, frame, to_index)
    step = _step(gradient, hessian, state.damping[run], descent.longest_mm)
    trial = moved(model, poses, frame, along, step)
    trial_at = measure.at(trial.maps(frame, to_index))
    value = penalised(trial_at, descent.least_overlap)
    better = value > state.value[run]
    taken = run[better]
    state.poses.linear[taken], state.poses.place[taken] = trial.linear[better], trial.place[better]
    for name in ("value", "overlap", "gradient", "curvature"):
        getattr(state.at, name)[taken] = getattr(trial_at, name)[better]
    state.value[taken] = value[better]
    state.damping[run] = np.clip(state.damping[run] * np.where(better, 0.2, 6.0), 1e-6, 1e6)
    length = np.linalg.norm(step, axis=1)
    state.running[run] = length > descent.tolerance_mm


def _take(at: Evaluation, which: NDArray[np.intp]) -> Evaluation:
    """The evaluation of some of the poses."""
    return Evaluation(at.value[which], at.overlap[which], at.gradient[which], at.curvature[which])


def _projected(
    poses: Poses, at: Evaluation, model: Model, frame: Frame, to_index: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Uphill gradient [K, P], curvature [K, P, P] and directions [K, P, 3, 4] of the model's parameters."""
    along = directions(model, poses, frame)
    in_index = (to_index[:3, :3] @ along).reshape(*along.shape[:2], 12)
    gradient = np.einsum("kpe,ke->kp", in_index, at.gradient.reshape(-1, 12))
    hessian = in_index @ at.curvature @ np.swapaxes(in_index, 1, 2)
    return gradient, hessian, along


def _step(gradient: FloatArray, hessian: FloatArray, damping: FloatArray, longest_mm: float) -> FloatArray:
    """Damped Gauss-Newton step [K, P] in mm, no longer than the longest."""
    p = gradient.shape[1]
    diagonal = np.einsum("kpp->kp", hessian)
    top = np.maximum(diagonal.max(axis=1, keepdims=True), 1e-30)
    damped = hessian + np.eye(p) * (damping[:, None] * diagonal + RIDGE * top)[:, :, None]
    step = np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
    length = np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-30)
    return np.asarray(step * np.minimum(1.0, longest_mm / length))


def _determined(hessian: FloatArray) -> FloatArray:
    """[K] smallest over largest eigenvalue of the curvature."""
    eigenvalues = np.linalg.eigvalsh(hessian)
    return np.asarray(np.maximum(eigenvalues[:, 0], 0) / np.maximum(eigenvalues[:, -1], 1e-30))
