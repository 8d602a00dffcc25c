"""What the page of a tumour's registration is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from RegSuite.geometry import Image
from RegSuite.report.tumor_content import Appearance, TumorFilm, TumorPage

if TYPE_CHECKING:
    from RegSuite.workflows.tumor_result import TumorResult

_APPEARANCE: dict[str, Appearance] = {"weighted": "mask", "metamorphosis": "everywhere"}


def page_of(result: TumorResult) -> TumorPage:
    """The page's content."""
    images, prepared = result.images, result.prepared
    appearance = _APPEARANCE.get(result.parameters.method, "nowhere")
    return TumorPage(
        target=prepared.target,
        before=prepared.before,
        deformed=images["deformed"],
        final=images["warped"],
        displacement_mm=images["displacement"],
        jacobian=images["jacobian"],
        intensity_change=None if appearance == "nowhere" else images["intensity_change"],
        mask=_region(result),
        mask_origin=result.mask_origin,
        appearance=appearance,
        left_out=result.parameters.method == "masked",
        oedema=_oedema(result),
        start=prepared.start.origin,
        before_labels=result.before_labels,
        warped_labels=result.outputs.warped_labels,
        target_labels=result.pair.fixed_labels,
        label_names=dict(result.pair.label_names),
        film=_film(result),
        energies=result.shot.energies,
    )


def _region(result: TumorResult) -> Image | None:
    """1 in core and oedema."""
    mask = result.also.get("mask")
    return None if mask is None else Image((mask.data > 0).float(), mask.grid, name="tumour")


def _oedema(result: TumorResult) -> Image | None:
    oedema = result.prepared.given.oedema
    return None if oedema is None else Image(oedema[None].float(), result.pair.fixed.grid, name="oedema")


def _film(result: TumorResult) -> TumorFilm | None:
    path = result.path
    if path is None:
        return None
    return TumorFilm(
        grid=path.grid,
        times=path.times,
        images=result._frames(path),
        weight=None if path.weight is None else path.weight.cpu(),
        kinetic=path.kinetic,
        added=path.added,
    )
