"""The shipped model: small, calibrated, described, and of use on a phantom that it never saw."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from RegSuite.dose.uncertainty.likelihood import errors_and_sds
from RegSuite.geometry import Image
from RegSuite.learning.uncertainty.model_file import UncertaintyModel, load_model, shipped_model
from RegSuite.learning.uncertainty.predict import network_uncertainty
from RegSuite.methods import get_method
from RegSuite.phantoms.thorax import thorax_draw
from Testing.learning.small import needs_monai

pytestmark = needs_monai


@pytest.fixture(scope="module")
def model() -> UncertaintyModel:
    return load_model()


def test_the_file_is_small_and_its_calibration_complete(model: UncertaintyModel) -> None:
    assert shipped_model().stat().st_size < 5e6
    known = model.calibration
    assert known is not None
    assert [c.nominal for c in known.vectors] == [0.5, 0.68, 0.9, 0.95]
    assert set(known.dvh) == {"organs", "targets"}
    assert known.log_likelihood is not None
    assert known.log_likelihood_constant is not None
    assert known.log_likelihood > known.log_likelihood_constant


def test_the_card_states_what_the_file_holds(model: UncertaintyModel) -> None:
    card = shipped_model().with_suffix(".md").read_text(encoding="utf-8")
    known = model.calibration
    assert known is not None
    stated = [f"lambda {model.recipe.smoothness:g}", f"{model.recipe.voxel_mm:g} mm", f"{model.steps} steps"]
    stated += [f"{100 * c.measured:.1f} %" for c in (*known.vectors, *known.dvh.values())]
    stated += [f"{known.log_likelihood:.2f}", f"{known.log_likelihood_constant:.2f}", known.measured_on]
    assert [words for words in stated if words not in card] == []


@pytest.mark.parametrize("method", ["deformable", "demons"])
def test_on_an_unseen_phantom_the_sd_is_larger_where_the_error_is(
    model: UncertaintyModel, method: str
) -> None:
    """Of any registration, also one that the network was not trained on."""
    course = thorax_draw(40_000, size=(56, 56, 40))
    settings = {"fluid_mm": 12.0, "diffusion_mm": 8.0} if method == "demons" else {}
    tool = get_method(method)
    errors, sds = [], []
    for fraction in course.fractions:
        found = tool.register(course.planning, fraction.image, tool.Parameters(**settings))
        u = Image(found.transform.displacement(course.planning.grid), course.planning.grid)
        answer = network_uncertainty(course.planning, fraction.image, u, model=model)
        for kept, new in zip(
            (errors, sds),
            errors_and_sds(answer, course.landmarks.points, fraction.landmarks.points),
            strict=True,
        ):
            kept.append(new)
    error, sd = np.concatenate(errors), np.concatenate(sds)
    assert spearmanr(np.abs(error).ravel(), sd.ravel()).statistic > 0.1
    inside = float((np.abs(error) < sd).mean())
    assert 0.5 < inside < 0.95
