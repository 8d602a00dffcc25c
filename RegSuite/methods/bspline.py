"""B-spline: one cubic free-form deformation with bending energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.free_form.parameters import BSplineParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class BSpline:
    """Free-form deformation u(x) = sum c_j B3(x - x_j), found by Gauss-Newton; see methods/free_form.

    The result is exactly one BSplineTransform (ITK's layout), the initial transform after it.
    A free-form deformation can fold: where it does, a warning says how much.
    Source: Rueckert et al. 1999, IEEE TMI 18(8), doi:10.1109/42.796284.
    """

    name: ClassVar[str] = "bspline"
    summary: ClassVar[str] = "cubic B-spline free-form deformation with bending energy, one ITK transform"
    Parameters: ClassVar[type[MethodParameters]] = BSplineParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: BSplineParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The B-spline transform (with the initial transform after it). Raises InputError."""
        from RegSuite.methods.free_form.run import register_bspline

        return register_bspline(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: BSplineParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.free_form.run import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: BSplineParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.free_form.run import expected_seconds

        return expected_seconds(fixed, moving, parameters)
