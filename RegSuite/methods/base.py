"""The protocol of a registration method, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform

Progress = Callable[[float, str, Mapping[str, float]], None]
"""progress(fraction 0..1, stage, metrics): called at least once a second; it may raise Cancelled."""


def no_progress(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
    """A progress that tells nobody."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """A progress whose 0..1 is `begin`..`end` of `progress`."""

    def part(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        progress(begin + (end - begin) * fraction, stage, metrics)

    return part


class MethodParameters(BaseModel):
    """Base of every method's parameters: frozen, unknown names refused.

    Each field has a default, bounds, a description that names its unit, and (in
    json_schema_extra) {"unit": "mm"} where it has one: panel, command line and documentation
    are made from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ConvergencePoint:
    """One iteration: the stage it belongs to, its number there, and the measure (lower is better)."""

    stage: str
    iteration: int
    value: float


@dataclass(frozen=True)
class Registration:
    """What a method found.

    transform: the whole map, fixed points to moving points, initial transform included.
    linear: its linear part alone (None where there is none).
    notes: what the method decided and why, one sentence each (they stand in the result).
    warnings: what the reader must not trust, one sentence each.
    extra: further measures by name (such as the length of a broken geodesic).
    """

    transform: Transform
    linear: Transform | None = None
    convergence: tuple[ConvergencePoint, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


class Method(Protocol):
    """A registration method: a file in methods/ and a line in methods/__init__.py.

    fixed, moving: Images on the device to compute on, one or more channels, each with an
    optional mask. initial: where to start (fixed points to moving points), the identity if None.
    The inputs are never changed. Raises InputError for inputs that cannot work and
    MethodFailed when no usable result was reached.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Parameters: ClassVar[type[MethodParameters]]

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: Any,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration: ...

    def memory_mb(self, fixed: Image, moving: Image, parameters: Any) -> float:
        """Working memory the run needs beyond the two images, in MB (an upper estimate)."""
        ...

    def expected_seconds(self, fixed: Image, moving: Image, parameters: Any) -> float:
        """A rough expectation of the run's time on two CPU cores, in seconds."""
        ...
