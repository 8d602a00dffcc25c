"""Convex: discrete search over a window of displacements, then instance optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.convex_search.parameters import ConvexParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class Convex:
    """Coupled convex discrete search on MIND-SSC descriptors and refinement; see methods/convex_search.

    For large motion (lung, abdomen) and other contrasts.
    Source: Siebert, Grossbroehmer, Hansen, Heinrich, ConvexAdam, IEEE TMI 2024.
    """

    name: ClassVar[str] = "convex"
    summary: ClassVar[str] = "discrete search over a displacement window on self-similarity, then refinement"
    Parameters: ClassVar[type[MethodParameters]] = ConvexParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: ConvexParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The displacement (with the initial transform after it). Raises InputError, OutOfMemory."""
        from RegSuite.methods.convex_search.run import register_convex

        return register_convex(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: ConvexParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.convex_search.costs import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: ConvexParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.convex_search.costs import expected_seconds

        return expected_seconds(fixed, moving, parameters)
