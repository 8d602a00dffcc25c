"""Training: steps of Adam on patches, checkpoints that go on bit for bit, looks at landmarks."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.dose.uncertainty.likelihood import constant_fit, log_densities, trimmed_mean
from RegSuite.errors import InputError, OutputError
from RegSuite.geometry import Grid
from RegSuite.learning.uncertainty.loss import landmark_term, paired_noise, posterior_loss
from RegSuite.learning.uncertainty.network import UncertaintyNet, network_input
from RegSuite.learning.uncertainty.pairs import TrainingPair, patch_of
from RegSuite.learning.uncertainty.recipe import Recipe
from RegSuite.learning.uncertainty.tiles import over_tiles

LOG = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"


@dataclass(eq=False)
class Training:
    """A network under training: weights, optimiser, generator and how many steps it has had."""

    recipe: Recipe
    network: UncertaintyNet
    optimiser: torch.optim.Adam
    generator: torch.Generator
    device: torch.device
    step: int = 0

    @classmethod
    def new(
        cls, recipe: Recipe, device: torch.device | str = "cpu", start: Mapping[str, Tensor] | None = None
    ) -> Training:
        """Before the first step; the same recipe gives the same weights on every device.

        start: weights to begin with (a model's state), instead of random ones.
        """
        generator = torch.Generator().manual_seed(recipe.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            network = UncertaintyNet(recipe)
        if start is not None:
            network.load_state_dict(dict(start))
        network.to(device)
        optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
        return cls(recipe, network, optimiser, generator, torch.device(device))

    def save(self, path: Path) -> None:
        """Write all that the next step depends on; a crash while writing leaves the old file."""
        state = {
            "recipe": self.recipe.model_dump_json(),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }
        beside = path.with_suffix(".new")
        torch.save(state, beside)
        beside.replace(path)

    @classmethod
    def resumed(cls, path: Path, recipe: Recipe, device: torch.device | str = "cpu") -> Training:
        """As `save` left it. Raises InputError for another recipe (more steps are allowed) or file."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            before = Recipe.model_validate_json(state["recipe"])
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, UnpicklingError) as error:
            raise InputError(
                f"not a checkpoint: {str(error).splitlines()[0]}",
                where=str(path),
                mend="start without --resume",
            ) from error
        if before != recipe:
            raise InputError(
                f"the checkpoint was made with another recipe: {_differences(before, recipe)}",
                where=str(path),
                mend="give the same recipe, or another folder",
            )
        out = cls.new(recipe, device)
        out.network.load_state_dict(state["network"])
        out.optimiser.load_state_dict(state["optimiser"])
        out.generator.set_state(state["generator"])
        out.step = int(state["step"])
        return out


def train(
    training: Training,
    pairs: Sequence[TrainingPair],
    folder: Path,
    validation: Sequence[TrainingPair] = (),
    *,
    until: int | None = None,
    tell: Callable[[str], None] = LOG.info,
) -> None:
    """Go on to step `until` (the recipe's last); checkpoints and two logs (CSV) lie in `folder`.

    The rate is halved `halvings` times, evenly over the recipe's steps. Raises OutputError where
    the folder cannot be made.
    """
    recipe = training.recipe
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder cannot be made: {error}", where=str(folder)) from error
    last = recipe.steps if until is None else min(until, recipe.steps)
    start = time.monotonic()
    sums: dict[str, float] = {}
    since = training.step
    while training.step < last:
        found = _step(training, pairs)
        sums = {name: sums.get(name, 0.0) + value for name, value in found.items()}
        training.step += 1
        looked = training.step % recipe.validate_every == 0
        if looked or training.step == last:
            means = {name: value / (training.step - since) for name, value in sums.items()}
            sums, since = {}, training.step
            row = {"step": training.step, "seconds": time.monotonic() - start, **means}
            row |= landmark_scores(training, validation) if validation else {}
            _append(folder / "log.csv", row)
            tell(", ".join(f"{k} {v:.5g}" for k, v in row.items()))
        if training.step % recipe.save_every == 0 or training.step == last:
            training.save(folder / CHECKPOINT)


def landmark_scores(training: Training, pairs: Sequence[TrainingPair]) -> dict[str, float]:
    """Mean log density of the pairs' landmarks (Eq. 5, 1 % trimmed): as answered, scaled, constant.

    scaled: with the one factor on all SDs that suits these landmarks best; constant: one SD for all.
    """
    errors, sds = landmark_sds(training, pairs)
    factors = np.geomspace(0.1, 10, 81)
    scaled = [trimmed_mean(log_densities(errors, f * sds)) for f in factors]
    best = int(np.argmax(scaled))
    return {
        "likelihood": trimmed_mean(log_densities(errors, sds)),
        "scaled": scaled[best],
        "factor": float(factors[best]),
        "constant": constant_fit(errors)[1],
    }


def landmark_sds(training: Training, pairs: Sequence[TrainingPair]) -> tuple[np.ndarray, np.ndarray]:
    """Errors and answered SDs [n, 3] mm at all landmarks of the pairs."""
    from RegSuite.numerics.resample import sample

    errors, sds = [], []
    for pair in pairs:
        read = network_input(pair.fixed, pair.moving, pair.displacement_mm, training.recipe)
        sd = over_tiles(training.network, read).exp()
        sds.append(sample(sd.double(), torch.from_numpy(pair.landmarks)).numpy().T)
        errors.append(pair.errors_mm)
    return np.concatenate(errors), np.concatenate(sds)


def _step(training: Training, pairs: Sequence[TrainingPair]) -> dict[str, float]:
    """One step of Adam on `batch` patches; the loss and its parts."""
    recipe, device = training.recipe, training.device
    done = training.step * (recipe.halvings + 1) // recipe.steps
    for group in training.optimiser.param_groups:
        group["lr"] = recipe.learning_rate / 2**done
    training.optimiser.zero_grad()
    found: dict[str, float] = {}
    for _ in range(recipe.batch):
        chosen = pairs[int(torch.randint(len(pairs), (), generator=training.generator))]
        patch = patch_of(chosen, recipe.patch, training.network.stride, training.generator)
        loss = _loss(training, *(part.to(device) for part in patch))
        (loss["total"] / recipe.batch).backward()  # type: ignore[no-untyped-call]
        found = {name: found.get(name, 0.0) + float(v.detach()) / recipe.batch for name, v in loss.items()}
    torch.nn.utils.clip_grad_norm_(training.network.parameters(), 10.0)
    training.optimiser.step()
    return found


def _loss(
    training: Training, fixed: Tensor, moving: Tensor, field: Tensor, places: Tensor, errors: Tensor
) -> dict[str, Tensor]:
    """The loss of one patch with fresh noise."""
    recipe = training.recipe
    grid = Grid.make(tuple(fixed.shape)[::-1], recipe.voxel_mm)
    correlation = Correlation.of(grid, recipe.correlation_mm)
    noise = paired_noise(correlation, recipe.draws, training.generator).to(training.device)
    read = network_input(fixed, moving, field, recipe)[None]
    log_sd = training.network(read)[0]
    loss = posterior_loss(
        fixed,
        moving,
        field,
        log_sd,
        correlation,
        noise,
        spacing_mm=grid.spacing,
        smoothness=recipe.smoothness,
        image_variance=recipe.image_variance,
    )
    if recipe.landmark_weight:
        loss["landmarks"] = landmark_term(log_sd, places, errors)
        loss["total"] = loss["total"] + recipe.landmark_weight * loss["landmarks"]
    return loss


def _append(path: Path, row: dict[str, Any]) -> None:
    """Add a row to a CSV file, with its header where it is new."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})


def _differences(one: Recipe, other: Recipe) -> str:
    return ", ".join(
        f"{name} {value} there, {getattr(other, name)} here"
        for name, value in one
        if value != getattr(other, name)
    )
