"""TumorResult: what a tumour's registration gives to Python, the report and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from RegSuite.geometry import Image
from RegSuite.io.series import write_series
from RegSuite.workflows.result import Result
from RegSuite.workflows.tumor_method import film

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.methods.shooting.shot import GeodesicPath, Shot
    from RegSuite.workflows.tumor import TumorParameters
    from RegSuite.workflows.tumor_run import Prepared

PATH_FILE = "path.nii.gz"


@dataclass(frozen=True, eq=False, kw_only=True)
class TumorResult(Result):
    """A finished registration of a template to a tumour, in memory.

    transform: target points to template points (LPS mm). images: besides those of any registration
    deformed, intensity_change, matched_target and (where a tumour is known) mask; `warped` is the
    final image, deformed + intensity_change. metrics: as in result.json, those of the tumour under `tumor`.
    shot: what the method found, with path and energies. before_labels: the template's at the start.
    """

    shot: Shot
    prepared: Prepared
    parameters: TumorParameters
    before_labels: Image | None = None
    mask_origin: Literal["given", "estimated", "none"] = "none"
    _film: list[Tensor] = field(default_factory=list, repr=False)

    @property
    def path(self) -> GeodesicPath | None:
        """The path from template to final image; None where the method has none."""
        return self.shot.path

    @property
    def film(self) -> tuple[Image, ...]:
        """The image at each time of the path, on the path's grid (it may be coarser than the target's)."""
        path = self.path
        if path is None:
            return ()
        return tuple(
            Image(frame, path.grid, name=f"path t={time:.2f}")
            for frame, time in zip(self._frames(path), path.times, strict=True)
        )

    def _frames(self, path: GeodesicPath) -> Tensor:
        """[T, C, *shape], made once."""
        if not self._film:
            self._film.append(film(path, self.pair.moving))
        return self._film[0]

    def _write_more(self, folder: Path) -> dict[str, str]:
        path = self.path
        if path is None:
            return {}
        write_series(self._frames(path), path.grid, path.times, folder / PATH_FILE)
        return {"path": PATH_FILE}

    def _shown_beside(self) -> dict[str, Any]:
        given, grid = self.prepared.given, self.pair.fixed.grid
        masks = {"tumor_mask": given.core, "oedema_mask": given.oedema}
        shown: dict[str, Any] = {
            "template": self.pair.moving,
            "target": self.pair.fixed,
            "template_labels": self.pair.moving_labels,
            "target_labels": self.pair.fixed_labels,
            **{
                role: None if mask is None else Image(mask[None].byte(), grid, name=role.replace("_", " "))
                for role, mask in masks.items()
            },
        }
        if self.path is not None:
            shown |= {"path": self.film, "path_times": self.path.times}
        if self.shot.energies:
            columns = ("stage", "iteration", "data", "velocity", "intensity")
            shown["energies"] = {
                name: [getattr(point, name) for point in self.shot.energies] for name in columns
            }
        return shown

    def _centre_mm(self) -> tuple[float, ...]:
        """The middle of the tumour, else as of any registration."""
        import numpy as np

        mask = self.also.get("mask")
        if mask is None:
            return super()._centre_mm()
        middle = np.argwhere(mask.data[0].numpy() > 0).mean(axis=0)[::-1]
        return tuple(float(v) for v in mask.grid.points(middle))

    def _write_report(self, path: Path, files: Mapping[str, str] | None = None) -> None:
        from RegSuite.report.tumor_page import write_tumor_page
        from RegSuite.workflows.tumor_hand_over import page_of

        record = self.run.record(verdicts=list(self.verdicts), files=dict(files or {}))
        write_tumor_page(path, page_of(self), record)
