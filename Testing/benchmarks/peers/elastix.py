"""elastix (itk-elastix): its default B-spline parameter map."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared
from Testing.benchmarks.peers.base import affine_parts, vector_image


class Elastix:
    """Default bspline map: Mattes, 4 levels, 256 iterations, 2048 samples, 10 mm grid.

    The threads are those of the environment: SetNumberOfThreads ends this wheel in a crash.
    """

    package: ClassVar[str] = "itk-elastix"
    parameters: ClassVar[str] = "default bspline parameter map"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        import itk

        images = {r: itk.imread(str(pair.folder / f"{r}.nii.gz"), itk.F) for r in ("fixed", "moving")}
        maps = itk.ParameterObject.New()
        maps.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("bspline"))
        start = work / "start.txt"
        start.write_text(_affine_file(pair))
        return {"itk": itk, "maps": maps, "start": start, "grid": pair.read("fixed"), **images}

    def run(self, loaded: dict[str, Any]) -> Any:
        itk = loaded["itk"]
        elastix = itk.ElastixRegistrationMethod.New(loaded["fixed"], loaded["moving"])
        elastix.SetParameterObject(loaded["maps"])
        elastix.SetInitialTransformParameterFileName(str(loaded["start"]))
        elastix.LogToConsoleOff()
        elastix.UpdateLargestPossibleRegion()
        return elastix

    def field(self, loaded: dict[str, Any], result: Any) -> sitk.Image:
        itk = loaded["itk"]
        found = itk.transformix_deformation_field(loaded["moving"], result.GetTransformParameterObject())
        values = itk.array_from_image(found).astype(np.float64)
        return vector_image(values, loaded["grid"])

    def inverse(self, loaded: dict[str, Any], result: Any) -> None:
        """The B-spline has none."""


def _affine_file(pair: Prepared) -> str:
    """The start as an elastix transform parameter file on the fixed grid."""
    fixed = pair.read("fixed")
    matrix, offset = affine_parts(pair.start())
    direction = np.asarray(fixed.GetDirection()).reshape(3, 3).T.ravel()  # elastix writes columns
    values = {
        "Transform": ["AffineTransform"],
        "NumberOfParameters": ["12"],
        "TransformParameters": [repr(float(v)) for v in (*matrix.ravel(), *offset)],
        "CenterOfRotationPoint": ["0", "0", "0"],
        "InitialTransformParameterFileName": ["NoInitialTransform"],
        "HowToCombineTransforms": ["Compose"],
        "FixedImageDimension": ["3"],
        "MovingImageDimension": ["3"],
        "FixedInternalImagePixelType": ["float"],
        "MovingInternalImagePixelType": ["float"],
        "UseDirectionCosines": ["true"],
        "Size": [str(n) for n in fixed.GetSize()],
        "Index": ["0", "0", "0"],
        "Spacing": [repr(s) for s in fixed.GetSpacing()],
        "Origin": [repr(o) for o in fixed.GetOrigin()],
        "Direction": [repr(float(d)) for d in direction],
        "ResampleInterpolator": ["FinalLinearInterpolator"],
        "Resampler": ["DefaultResampler"],
    }
    lines = [f"({key} {' '.join(map(_quoted, value))})" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """Words in quotation marks, numbers without."""
    return word if word.lstrip("-")[:1].isdigit() else f'"{word}"'
