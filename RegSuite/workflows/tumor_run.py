"""The steps of `tumor`: read, start, match intensities, weigh, register, measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from RegSuite.methods import get_method
from RegSuite.methods.choice import Choice, choice_of
from RegSuite.methods.shooting.parameters import ShootingParameters
from RegSuite.presets import load_preset
from RegSuite.workflows.estimate import check_resources
from RegSuite.workflows.limits import limits_of
from RegSuite.workflows.outputs import warp_image
from RegSuite.workflows.reproducible import reproducible
from RegSuite.workflows.similarity import covered_by
from RegSuite.workflows.tumor import METHODS
from RegSuite.workflows.tumor_content import uncovered, without
from RegSuite.workflows.tumor_inputs import TumorInputs, read_inputs
from RegSuite.workflows.tumor_intensity import matched
from RegSuite.workflows.tumor_method import shot_of
from RegSuite.workflows.tumor_quality import measured
from RegSuite.workflows.tumor_start import Start, start_of
from RegSuite.workflows.tumor_weight import Scene as WeightScene
from RegSuite.workflows.tumor_weight import Weight, weight_of

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.methods.shooting.shot import Shot
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.tumor import TumorParameters
    from RegSuite.workflows.tumor_result import TumorResult


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the method starts from. target: in the template's intensities. before: template at the start.

    covered: bool [*shape], target voxels that lie in the template at the start.
    """

    given: TumorInputs
    start: Start
    target: Image
    before: Image
    covered: Tensor
    weight: Weight


def registered(inputs: Mapping[str, Any], parameters: TumorParameters, run: Run) -> TumorResult:
    """The workflow's result. Raises InputError, MethodFailed, OutOfMemory, Cancelled."""
    run.method = parameters.method
    choice = _choice(parameters)
    limits = limits_of(parameters.limits)
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.04):
            given = read_inputs(inputs, run)
        with run.stage("start", 0.04, 0.14) as progress:
            start = start_of(
                inputs.get("initial"),
                parameters.start,
                (given.target, given.template),
                given.region,
                progress,
                run,
            )
        prepared = _prepared(given, start, choice, parameters, run)
        _remember(choice, start, run)
        check_resources(choice, given.target, given.template, run)
        shot = _register(choice, prepared, parameters, run)
        return measured(shot, prepared, limits, parameters, run)


def _choice(parameters: TumorParameters) -> Choice:
    """The method with its parameters. Raises InputError for what does not exist or fit."""
    preset = None if parameters.preset is None else load_preset(parameters.preset)
    name = METHODS[parameters.method]
    values = dict(parameters.parameters)
    if parameters.intensities != "none" and issubclass(get_method(name).Parameters, ShootingParameters):
        values.setdefault("intensities", "common")  # they are matched here, outside of the tumour
    return choice_of(name, values, preset=preset, seed=parameters.seed)


def _prepared(
    given: TumorInputs, start: Start, choice: Choice, parameters: TumorParameters, run: Run
) -> Prepared:
    """Intensities and weights, once the start is known."""
    target, template = given.target, given.template
    with run.stage("intensities", 0.14, 0.16):
        field = None if start.transform is None else start.transform.displacement(target.grid)
        before = warp_image(template, target.grid, field)
        covered = covered_by(template.grid, target.grid, field)
        counted = covered if target.mask is None else covered & target.mask.cpu()
        compared = counted if given.region is None else counted & ~given.region
        found = matched(target, before, compared, parameters.intensities)
    with run.stage("weight", 0.16, 0.3) as progress:
        scene = WeightScene(given, found.target, start.transform, choice.parameters)
        weight = weight_of(scene, parameters, progress, run)
        if weight.origin == "estimated" and weight.region is not None:
            found = matched(target, before, counted & ~weight.region, parameters.intensities)
    run.notes.append(found.words)
    for sentence in (*uncovered(target, covered), *found.doubts):
        run.warn(sentence)
    return Prepared(given, start, found.target, before, covered, weight)


def _remember(choice: Choice, start: Start, run: Run) -> None:
    """Put method and parameters, as they run, into the result."""
    run.parameters = {
        **run.parameters,
        "engine_method": choice.name,
        "start_from": start.origin,
        "parameters": choice.parameters.model_dump(mode="json"),
    }
    for sentence in choice.notes:
        run.say(sentence)


def _register(choice: Choice, prepared: Prepared, parameters: TumorParameters, run: Run) -> Shot:
    """The method's work on the run's device."""
    target = prepared.target
    region = prepared.weight.region
    if parameters.method == "masked" and region is not None:
        seen = torch.ones_like(region) if target.mask is None else target.mask.cpu()
        target = without(target, region).with_mask(seen & ~region)
    with run.stage("register", 0.3, 0.78) as progress:
        shot = shot_of(
            choice,
            target.to(run.device),
            prepared.given.template.to(run.device),
            prepared.weight.growth,
            prepared.start.transform,
            progress,
        )
    for stage, seconds in shot.seconds.items():
        run.seconds[f"register: {stage}"] = seconds
    run.notes.extend(shot.notes)
    for sentence in shot.warnings:
        run.warn(sentence)
    return shot
