"""Variational: a map whose Jacobian determinant and curl are held by control functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.prescribed.parameters import VariationalParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class Variational:
    """phi = id + u with Laplace u = grad f - curl g, f = J_min + f_hat^2, u = 0 on the image's border.

    The squared difference of the images is descended in f_hat and g. f mimics the Jacobian
    determinant: what it really is, is measured after each step; a step that folds is not taken, a
    piece that comes to rest is composed with a new one (regridding).
    Source: the variational principle of prescribed Jacobian determinant and curl, WBIR 2022, LNCS
    13386, equations 1 to 4.
    """

    name: ClassVar[str] = "variational"
    summary: ClassVar[str] = (
        "control functions that mimic Jacobian determinant and curl; the determinant is kept in bounds"
    )
    Parameters: ClassVar[type[MethodParameters]] = VariationalParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: VariationalParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The map as a displacement (the initial transform after it). Raises InputError, MethodFailed."""
        from RegSuite.methods.prescribed.run import register_variational

        return register_variational(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: VariationalParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.prescribed.run import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: VariationalParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.prescribed.run import expected_seconds

        return expected_seconds(fixed, moving, parameters)
