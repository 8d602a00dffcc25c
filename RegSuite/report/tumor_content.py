"""TumorPage: what the page of an atlas brought to a brain with a tumour is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid, Image
    from RegSuite.methods.shooting.shot import EnergyPoint

MaskOrigin = Literal["given", "estimated", "none"]
"""Whether the tumour's mask was given, was estimated with the registration, or there is none."""
Appearance = Literal["mask", "everywhere", "nowhere"]
"""Where the method may change intensity: in the mask (weighted), everywhere, or nowhere."""
StartOrigin = Literal["given", "made", "none"]
"""Whether the start (initial transform) was given, was made by a linear registration, or is the identity."""


@dataclass(frozen=True, eq=False)
class TumorFilm:
    """The path from template to final image, as path.nii.gz has it; `grid` may be coarser than the target's.

    times: 0 to 1, rising [T]. images: the final image at each time [T, C, *shape]. weight: M_t
    [T, *shape], 0..1, None where there is none. kinetic, added: ||v_t||_V^2 and rho <z_t, M_t z_t> over the
    path, empty where the method has none. Raises GeometryError for a part that does not fit the grid.
    """

    grid: Grid
    times: Sequence[float]
    images: Tensor
    weight: Tensor | None = None
    kinetic: Sequence[float] = ()
    added: Sequence[float] = ()

    def __post_init__(self) -> None:
        _fits("images", self.images, 2, self.grid)
        _fits("weight", self.weight, 1, self.grid)
        for name in ("images", "weight"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.times):
                raise GeometryError(
                    f"the film has {len(values)} {name} at {len(self.times)} times", where="report"
                )


@dataclass(frozen=True, eq=False)
class TumorPage:
    """What the page shows. All images on the target's grid, intensities in the template's units.

    target: its intensities brought to the template's units, as the method saw them. before: the template
    through the start alone. deformed: the template through the whole transform. final: deformed +
    intensity_change. intensity_change: None where the method changes none. displacement_mm: [d, *shape] LPS,
    the start included. jacobian: of the whole transform. mask: the tumour with its oedema, 1 inside, however
    the method weighs it (the weight is in the film). left_out: whether the image distance left it out.
    oedema: the part of it that is oedema, where given.
    before_labels, warped_labels: the template's labels like the images; target_labels: the target's own.
    Verdicts, Dice and the measures of metrics["tumor"] are read from the Result. command: how to repeat it.
    Raises GeometryError for a part that is not on the target's grid.
    """

    target: Image
    before: Image
    deformed: Image
    final: Image
    displacement_mm: Image
    jacobian: Image
    intensity_change: Image | None = None
    mask: Image | None = None
    mask_origin: MaskOrigin = "none"
    appearance: Appearance = "mask"
    left_out: bool = False
    oedema: Image | None = None
    start: StartOrigin = "none"
    before_labels: Image | None = None
    warped_labels: Image | None = None
    target_labels: Image | None = None
    label_names: Mapping[int, str] = field(default_factory=dict)
    film: TumorFilm | None = None
    energies: Sequence[EnergyPoint] = ()
    command: str | None = None

    @property
    def tumor_known(self) -> bool:
        """Whether the method knew where the tumour is, rather than the measures alone."""
        return self.mask is not None and (self.left_out or self.appearance == "mask")

    def __post_init__(self) -> None:
        for name in (
            "before",
            "deformed",
            "final",
            "displacement_mm",
            "jacobian",
            "intensity_change",
            "mask",
            "oedema",
            "before_labels",
            "warped_labels",
            "target_labels",
        ):
            image = getattr(self, name)
            if image is not None:
                _fits(name, image.data, 1, self.target.grid)


def _fits(name: str, values: Tensor | None, leading: int, grid: Grid) -> None:
    if values is not None and (
        values.ndim != leading + grid.ndim or tuple(values.shape[leading:]) != grid.shape
    ):
        raise GeometryError(
            f"{name} of shape {tuple(values.shape)} does not fit a grid of shape {grid.shape}", where="report"
        )
