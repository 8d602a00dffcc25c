"""The steps of `organs`: read, match organs, sample, let the clouds drift, make fields, measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.workflows.limits import limits_of
from RegSuite.workflows.organs_arrangement import doubt_arrangement
from RegSuite.workflows.organs_drift import drift_parameters, drifted
from RegSuite.workflows.organs_fields import dense
from RegSuite.workflows.organs_inputs import Side, read_side
from RegSuite.workflows.organs_prepare import prepare
from RegSuite.workflows.organs_quality import measured
from RegSuite.workflows.organs_start import started, unsure_of
from RegSuite.workflows.reproducible import reproducible

if TYPE_CHECKING:
    from RegSuite.workflows.organs_parameters import OrgansParameters
    from RegSuite.workflows.organs_result import CloudResult
    from RegSuite.workflows.run import Run

METHOD = "mo-bcpd"


def registered(inputs: Mapping[str, Any], parameters: OrgansParameters, run: Run) -> CloudResult:
    """The workflow's result. Raises InputError, MethodFailed, OutOfMemory, Cancelled."""
    run.method = METHOD
    settings = drift_parameters(parameters)
    limits = limits_of(parameters.limits)
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.05):
            space = parameters.structures_space
            source, target = read_side(inputs, "source", space, run), read_side(inputs, "target", space, run)
            _check_sides(source, target, parameters, run)
        with run.stage("sample", 0.05, 0.1):
            prepared = prepare(source, target, inputs, parameters, run)
            doubt_arrangement(prepared, run)
        drift = drifted(prepared, started(settings, prepared, parameters, run), run)
        drift = replace(drift, unsure=unsure_of(prepared, run))
        found = dense(prepared, drift, parameters, run)
        return measured(prepared, drift, found, limits, parameters, run)


def _check_sides(source: Side, target: Side, parameters: OrgansParameters, run: Run) -> None:
    if source.ndim != target.ndim:
        raise GeometryError(
            f"the source's organs are {source.ndim}D and the target's {target.ndim}D",
            where=f"'{source.name}', '{target.name}'",
            mend="give both of one dimension",
        )
    if (source.landmarks is None) != (target.landmarks is None):
        run.warn("landmarks were given of one side only: nothing is measured from them")
    elif source.landmarks is not None and target.landmarks is not None:
        from RegSuite.geometry.landmarks import check_landmarks

        check_landmarks(target.landmarks, source.landmarks, target.ndim)
    if parameters.refine and (source.image is None or target.image is None):
        raise InputError(
            "to refine by the scans both are needed",
            where="refine",
            mend="give --source-image and --target-image, or leave --refine out",
        )
    if target.image is not None and source.image is None:
        run.warn("the source's scan was not given: no scan is warped")
