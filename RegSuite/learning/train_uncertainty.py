"""Train a network of deformation uncertainty: python -m RegSuite.learning.train_uncertainty PAIRS -o FOLDER.

PAIRS holds training/*.npz and validation/*.npz (see docs/learning.md). A run that was stopped goes on
with --resume from its last checkpoint, to the same result as if it had not been (on CPU: bit for bit).
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from RegSuite.errors import InputError, RegSuiteError


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0, or the error's exit status with its words on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        run(_parser().parse_args(arguments))
    except RegSuiteError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


def run(options: argparse.Namespace) -> None:
    """Train as asked and write FOLDER/model.safetensors."""
    import torch

    from RegSuite.learning.needs import need

    need("monai", "safetensors")
    from RegSuite.learning.uncertainty.model_file import UncertaintyModel, load_model, save_model
    from RegSuite.learning.uncertainty.pairs import pairs_in
    from RegSuite.learning.uncertainty.recipe import read_recipe
    from RegSuite.learning.uncertainty.training import CHECKPOINT, Training, train

    if options.threads:
        torch.set_num_threads(options.threads)
    recipe = read_recipe(options.recipe or shipped_recipe(), **dict(map(_change, options.set)))
    pairs = pairs_in(options.pairs / "training", recipe.voxel_mm)
    held = options.pairs / "validation"
    validation = pairs_in(held, recipe.voxel_mm) if held.is_dir() else []
    checkpoint = options.output / CHECKPOINT
    if options.resume:
        training = Training.resumed(checkpoint, recipe, options.device)
    elif checkpoint.exists():
        raise InputError(
            "there is a checkpoint already", where=str(checkpoint), mend="--resume or another -o"
        )
    else:
        start = None if options.start is None else load_model(options.start).network.state_dict()
        training = Training.new(recipe, options.device, start)
    train(training, pairs, options.output, validation, until=options.until)
    cases = sorted({pair.case for pair in pairs})
    methods = sorted({pair.registration for pair in pairs})
    words = f"{len(pairs)} pairs of {len(cases)} cases; deformations by {', '.join(methods)}"
    model = UncertaintyModel(training.network, recipe, options.trained_on or words, training.step)
    save_model(model, options.output / "model.safetensors")


def shipped_recipe() -> Path:
    """The recipe of the model that RegSuite ships."""
    from RegSuite.resources import resources_folder

    return resources_folder() / "models" / "thorax-uncertainty.yaml"


def _change(text: str) -> tuple[str, object]:
    import yaml

    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not FIELD=VALUE", where="--set", mend="for example --set steps=2000")
    return name.strip(), yaml.safe_load(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m RegSuite.learning.train_uncertainty",
        description="Train a network that answers the standard deviation of a found deformation.",
    )
    parser.add_argument("pairs", type=Path, help="folder with training/*.npz and validation/*.npz")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder of checkpoint, logs and model"
    )
    parser.add_argument("--recipe", type=Path, help="YAML; that of the shipped model if left out")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="change a field of the recipe"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in the output folder"
    )
    parser.add_argument("--start", type=Path, help="a model file whose weights to begin with")
    parser.add_argument("--until", type=int, help="stop after this step (the rate's schedule is kept)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:N")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--trained-on", default="", help="in words, for the model's metadata")
    return parser


if __name__ == "__main__":
    sys.exit(main())
