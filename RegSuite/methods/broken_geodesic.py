"""Broken geodesic: a sequence of log-demons, their composed path, and its length."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.log_demons.path_parameters import BrokenGeodesicParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class BrokenGeodesic:
    """phi = exp(v_1) o ... o exp(v_N): each piece carries on where the one before ended.

    A fixed point passes v_N first and v_1 (then the initial transform) last. Each v_i is a
    symmetric log-demons fit, so that a path of a few small steps goes where one velocity field of
    the same smoothing cannot. extra["path_length"] is the sum of ||v_i||_V in mm, with V the
    Sobolev norm of the smoothing: ||v||_V^2 = mean over the lattice of |v|^2 + s^2 |Dv|^2, s the
    diffusion sigma; it grows with the deformation and serves as a distance between images.
    Source: the broken geodesic of log-demons and its length as an approximate registration metric
    (WBIR 2022, LNCS 13386), algorithm 1 and equations 1 and 2.
    """

    name: ClassVar[str] = "broken-geodesic"
    summary: ClassVar[str] = "a path of up to five log-demons pieces for large deformations, with its length"
    Parameters: ClassVar[type[MethodParameters]] = BrokenGeodesicParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: BrokenGeodesicParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The composite of the pieces (with the initial transform after them). Raises InputError."""
        from RegSuite.methods.log_demons.path import register_path

        return register_path(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: BrokenGeodesicParameters) -> float:
        """Working memory beyond the two images, in MB: that of one piece."""
        from RegSuite.methods.log_demons.run import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: BrokenGeodesicParameters) -> float:
        """Expected time on two cores, in seconds, if all pieces are needed."""
        from RegSuite.methods.log_demons.run import expected_seconds

        return parameters.pieces * expected_seconds(fixed, moving, parameters)
