"""Model files hold what they say, and anything else is refused in words."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from RegSuite.dose.uncertainty.calibration import Calibration, Coverage
from RegSuite.errors import InputError
from RegSuite.learning import needs
from RegSuite.learning.uncertainty.model_file import UncertaintyModel, load_model, save_model
from RegSuite.learning.uncertainty.training import Training
from Testing.learning.small import RECIPE, needs_monai

pytestmark = needs_monai

CALIBRATION = Calibration(
    "3 draws", scale=1.2, floor_mm=0.3, vectors=(Coverage(0.5, 0.51, 0.4, 0.6),), log_likelihood=-4.0
)


@pytest.fixture
def a_model() -> UncertaintyModel:
    return UncertaintyModel(Training.new(RECIPE).network, RECIPE, "blobs", 8, CALIBRATION)


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata())


def test_a_model_comes_back_with_weights_recipe_and_calibration(a_model, tmp_path: Path) -> None:
    save_model(a_model, tmp_path / "model.safetensors")
    back = load_model(tmp_path / "model.safetensors")
    assert (back.recipe, back.trained_on, back.steps, back.calibration) == (RECIPE, "blobs", 8, CALIBRATION)
    for name, value in a_model.network.state_dict().items():
        assert torch.equal(back.network.state_dict()[name], value)


def test_another_kind_version_or_recipe_is_refused_in_words(a_model, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    save_model(a_model, path)
    metadata, weights = _metadata(path), load_file(str(path))
    for change, words in (
        ({"kind": "a segmentation"}, "'a segmentation'"),
        ({"version": "99"}, "version '99'"),
        ({"recipe": "{"}, "recipe cannot be read"),
        ({"recipe": RECIPE.model_copy(update={"features": (8, 8, 8)}).model_dump_json()}, "weights are not"),
        ({"calibration": '{"luck": 1}'}, "calibration does not fit"),
    ):
        save_file(weights, str(path), metadata={**metadata, **change})
        with pytest.raises(InputError, match=words):
            load_model(path)


def test_weights_that_are_not_finite_are_refused(a_model, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    next(a_model.network.parameters()).data[0] = torch.nan
    save_model(a_model, path)
    with pytest.raises(InputError, match="not finite"):
        load_model(path)


class _Trap:
    def __reduce__(self):
        return (Path.touch, (Path("trapped"),))


def test_a_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps({"weights": _Trap()}))
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load_model(path)
    torch.save({"weights": _Trap()}, path)
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load_model(path)
    assert not (tmp_path / "trapped").exists()


def test_a_missing_file_and_a_cut_one_are_told(a_model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        load_model(tmp_path / "none.safetensors")
    path = tmp_path / "model.safetensors"
    save_model(a_model, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load_model(path)


def test_missing_packages_are_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"regsuite\[learning\]"):
        load_model()
