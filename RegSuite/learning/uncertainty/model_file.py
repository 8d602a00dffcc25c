"""Model files: weights and what they were made with, as safetensors (nothing in them is ever executed)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.errors import InputError
from RegSuite.learning.needs import need
from RegSuite.learning.uncertainty.network import UncertaintyNet
from RegSuite.learning.uncertainty.recipe import Recipe, recipe_of

if TYPE_CHECKING:
    import torch

KIND = "regsuite deformation uncertainty"
VERSION = 1
SHIPPED = "thorax-uncertainty"


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """A trained network, its recipe, and what is known of its honesty (None where not calibrated).

    trained_on: in words. steps: how many it was trained for.
    """

    network: UncertaintyNet
    recipe: Recipe
    trained_on: str
    steps: int
    calibration: Calibration | None = None

    def calibrated(self, calibration: Calibration | None) -> UncertaintyModel:
        """The same network with another calibration; None: its answer as it is."""
        return replace(self, calibration=calibration)


def shipped_model() -> Path:
    """The model file that comes with RegSuite. Raises InputError where it is missing."""
    from RegSuite.resources import resources_folder

    path = resources_folder() / "models" / f"{SHIPPED}.safetensors"
    if not path.is_file():
        raise InputError(
            "the shipped model is missing",
            where=str(path),
            mend="install RegSuite anew, or name a model file",
        )
    return path


def save_model(model: UncertaintyModel, path: Path) -> None:
    """Write weights (float32) and metadata as safetensors; a file that is there stays until it is whole."""
    need("safetensors")
    from safetensors.torch import save

    metadata = {
        "kind": KIND,
        "version": str(VERSION),
        "recipe": model.recipe.model_dump_json(),
        "trained_on": model.trained_on,
        "steps": str(model.steps),
        "calibration": json.dumps(None if model.calibration is None else model.calibration.to_dict()),
    }
    weights = {name: value.detach().cpu().contiguous() for name, value in model.network.state_dict().items()}
    part = path.with_suffix(".part")
    part.write_bytes(save(weights, metadata=metadata))
    part.replace(path)


def load_model(path: Path | str | None = None, device: torch.device | str = "cpu") -> UncertaintyModel:
    """The model in a file (the shipped one if None), ready to answer.

    Raises InputError for a file that is missing, damaged, of another kind or version, or whose
    weights are not those of the network that its recipe describes.
    """
    need("monai", "safetensors")
    path = shipped_model() if path is None else Path(path)
    metadata, weights = _read(path)
    _check_kind(metadata, path)
    where = str(path)
    recipe = recipe_of(_json(metadata, "recipe", path), where)
    found = _json(metadata, "calibration", path)
    try:
        calibration = None if found is None else Calibration.from_dict(found)
    except (TypeError, AttributeError) as error:
        raise InputError(
            f"the calibration does not fit: {error}", where=where, mend="calibrate anew"
        ) from error
    network = UncertaintyNet(recipe)
    _check_weights(network, weights, path)
    network.load_state_dict(weights)
    network.to(device).eval().requires_grad_(False)
    steps = metadata.get("steps", "")
    return UncertaintyModel(
        network, recipe, metadata.get("trained_on", ""), int(steps) if steps.isdigit() else 0, calibration
    )


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError("the model file is not there", where=str(path), mend="name a .safetensors file")
    try:
        with safe_open(str(path), framework="pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"not a readable safetensors file: {error}", where=str(path), mend="fetch the model file anew"
        ) from error


def _check_kind(metadata: dict[str, str], path: Path) -> None:
    if metadata.get("kind") != KIND:
        raise InputError(
            f"the file holds {metadata.get('kind', 'weights of unknown kind')!r}, not {KIND!r}",
            where=str(path),
            mend="name a model of deformation uncertainty (see docs/learning.md)",
        )
    if metadata.get("version") != str(VERSION):
        raise InputError(
            f"the model file has version {metadata.get('version')!r}, this RegSuite reads {VERSION}",
            where=str(path),
            mend="take the model that belongs to this version",
        )


def _check_weights(network: UncertaintyNet, weights: dict[str, torch.Tensor], path: Path) -> None:
    expected = {name: tuple(v.shape) for name, v in network.state_dict().items()}
    found = {name: tuple(v.shape) for name, v in weights.items()}
    if expected != found:
        wrong = sorted(set(expected.items()) ^ set(found.items()))[0]
        raise InputError(
            f"the weights are not those of the recipe's network: {wrong[0]} {wrong[1]}",
            where=str(path),
            mend="fetch the model file anew",
        )
    broken = [name for name, v in weights.items() if not bool(v.isfinite().all())]
    if broken:
        raise InputError(
            f"{broken[0]} has values that are not finite", where=str(path), mend="fetch the model file anew"
        )


def _json(metadata: dict[str, str], name: str, path: Path) -> Any:
    try:
        return json.loads(metadata[name])
    except (KeyError, ValueError) as error:
        raise InputError(
            f"the model file's {name} cannot be read: {error!r}", where=str(path), mend="fetch it anew"
        ) from error
