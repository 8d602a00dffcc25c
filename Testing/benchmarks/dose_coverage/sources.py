"""The sources that can be measured: (fixed, moving, displacement) -> what the source itself says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.geometry import Image
from RegSuite.resources import resources_folder

Source = Callable[[Image, Image, Image], DeformationUncertainty]


def laplace(fixed: Image, moving: Image, displacement: Image) -> DeformationUncertainty:
    from RegSuite.dose.uncertainty.laplace import laplace_uncertainty

    return laplace_uncertainty(fixed, moving, displacement, calibration=Calibration("none"))


def network(fixed: Image, moving: Image, displacement: Image) -> DeformationUncertainty:
    from RegSuite.learning.uncertainty.model_file import load_model
    from RegSuite.learning.uncertainty.predict import network_uncertainty

    return network_uncertainty(fixed, moving, displacement, model=load_model(MODEL).calibrated(None))


MODEL = resources_folder() / "models" / "thorax-uncertainty.safetensors"
SOURCES: Mapping[str, Source] = {"laplace": laplace, "network": network}
