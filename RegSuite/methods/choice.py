"""Which method runs with which parameters, from a name, a preset and the user's own values."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from RegSuite.methods import get_method
from RegSuite.methods.base import Progress, Registration, no_progress, part_of
from RegSuite.validation import validated

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.methods.base import Method, MethodParameters
    from RegSuite.presets import Preset, Start
    from RegSuite.transforms import AffineTransform
    from RegSuite.transforms.base import Transform

LINEAR_METHODS = ("rigid", "affine")
"""Methods that find a pose themselves; every other starts from a linear one or an initial transform."""


@dataclass(frozen=True)
class Choice:
    """A method, its validated parameters, what runs before it, and why (a sentence each)."""

    name: str
    method: Method
    parameters: MethodParameters
    start: Start = "identity"
    notes: tuple[str, ...] = ()

    def memory_mb(self, fixed: Image, moving: Image) -> float:
        """Working memory of the start and the method, whichever needs more, in MB."""
        own = self.method.memory_mb(fixed, moving, self.parameters)
        if self.start == "identity":
            return own
        start = get_method(self.start)
        return max(own, start.memory_mb(fixed, moving, start.Parameters()))

    def expected_seconds(self, fixed: Image, moving: Image) -> float:
        """A rough expectation of start and method on two CPU cores, in seconds."""
        own = self.method.expected_seconds(fixed, moving, self.parameters)
        if self.start == "identity":
            return own
        start = get_method(self.start)
        return own + start.expected_seconds(fixed, moving, start.Parameters())


def choice_of(
    name: str,
    overrides: Mapping[str, Any],
    *,
    preset: Preset | None = None,
    start: Start | None = None,
    seed: int | None = None,
    notes: tuple[str, ...] = (),
) -> Choice:
    """The method called `name` with a preset's parameters, and over them the user's `overrides`.

    A preset made for another method lends its start alone, and a note says so. seed goes to
    methods that have a parameter of that name, unless it is among the overrides.
    Raises InputError for a method, a parameter or a value that does not exist or fit.
    """
    method = get_method(name)
    values: dict[str, Any] = {}
    if preset is not None and preset.method == name:
        values.update(preset.parameters)
        notes = (*notes, f"preset {preset.name} ({preset.title}): {preset.why}")
    elif preset is not None:
        notes = (
            *notes,
            f"preset {preset.name} is made for {preset.method}: {name} runs with its own defaults",
        )
    values.update(overrides)
    if seed is not None and "seed" in method.Parameters.model_fields:
        values.setdefault("seed", seed)
    parameters = validated(method.Parameters, values, f"method {name}")
    chosen_start = start or (preset.start if preset is not None else "identity")
    return Choice(name, method, parameters, "identity" if name in LINEAR_METHODS else chosen_start, notes)


def run_choice(
    choice: Choice,
    fixed: Image,
    moving: Image,
    progress: Progress = no_progress,
    *,
    initial: Transform | None = None,
) -> Registration:
    """Run the start (if the choice has one, from `initial`), then the method from where that ended.

    The result carries the notes, warnings, convergence and seconds of both; its linear part is
    the start's or the initial transform's where the method names none.
    """
    if choice.start == "identity":
        found = choice.method.register(fixed, moving, choice.parameters, progress, initial=initial)
        linear = found.linear or linear_part(initial, fixed.ndim)
        return replace(found, linear=linear, notes=(*choice.notes, *found.notes))
    start = get_method(choice.start)
    share = _share_of_start(choice, fixed, moving)
    begun = time.perf_counter()
    before = start.register(
        fixed, moving, _start_parameters(choice, start), part_of(progress, 0.0, share), initial=initial
    )
    seconds = {f"start, {choice.start}": time.perf_counter() - begun}
    found = choice.method.register(
        fixed, moving, choice.parameters, part_of(progress, share, 1.0), initial=before.transform
    )
    words = f"started with a registration by {choice.start}"
    return replace(
        found,
        linear=found.linear or before.linear or before.transform,
        convergence=(*before.convergence, *found.convergence),
        notes=(*choice.notes, words, *before.notes, *found.notes),
        warnings=(*before.warnings, *found.warnings),
        seconds={**seconds, **found.seconds},
    )


def linear_part(transform: Transform | None, ndim: int) -> AffineTransform:
    """`transform` where it is linear, else the identity (as where there is none)."""
    import numpy as np

    from RegSuite.transforms import AffineTransform

    if isinstance(transform, AffineTransform):
        return transform
    return AffineTransform(np.eye(ndim), np.zeros(ndim))


def _start_parameters(choice: Choice, start: Method) -> MethodParameters:
    """The start's defaults, with the seed of the method."""
    seed = getattr(choice.parameters, "seed", None)
    takes_seed = seed is not None and "seed" in start.Parameters.model_fields
    return start.Parameters(**({"seed": seed} if takes_seed else {}))


def _share_of_start(choice: Choice, fixed: Image, moving: Image) -> float:
    """The share of the progress that the start takes, from the times expected."""
    own = choice.method.expected_seconds(fixed, moving, choice.parameters)
    whole = choice.expected_seconds(fixed, moving)
    return min(max(1 - own / whole, 0.1), 0.9) if whole > 0 else 0.5
