"""The result of `gamma`: the gamma image and result.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import Result as ResultRecord

if TYPE_CHECKING:
    from RegSuite.dose.gamma import Gamma
    from RegSuite.geometry import DoseImage, Image
    from RegSuite.workflows.gamma import GammaParameters
    from RegSuite.workflows.run import Run

GAMMA_FILE = "gamma.nii.gz"
REPORT_FILE = "report.html"
NOT_JUDGED = -1.0
"""Stands in the file where gamma is not known: ITK reads a NaN in NIfTI as 0, which would say agreement."""


@dataclass(frozen=True, eq=False)
class GammaResult:
    """Gamma in memory. rates: {structure: {pass_rate_percent, judged_cc}}."""

    reference: DoseImage
    gamma: Gamma
    rates: Mapping[str, Mapping[str, float]]
    parameters: GammaParameters
    run: Run

    @property
    def pass_rate_percent(self) -> float:
        """Of all judged voxels."""
        return self.gamma.pass_rate_percent

    @property
    def metrics(self) -> dict[str, Any]:
        """What result.json holds under `gamma`."""
        return self.summary()

    @property
    def images(self) -> dict[str, Image]:
        """gamma on the reference grid, NaN where it is not judged."""
        import torch

        image = self.reference.image
        return {"gamma": type(image)(torch.from_numpy(self.gamma.values)[None], image.grid, name="gamma")}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must not trust, one sentence each."""
        return tuple(self.run.warnings)

    def summary(self) -> dict[str, Any]:
        """Pass rates, and what was asked."""
        values = self.gamma.values[self.gamma.judged]
        asked = self.parameters
        return {
            "pass_rate_percent": self.gamma.pass_rate_percent,
            "not_judged_value": NOT_JUDGED,
            "judged_voxels": int(self.gamma.judged.sum()),
            "not_reached_voxels": self.gamma.outside,
            "mean": float(values.mean()),
            "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "max": float(values.max()),
            "structures": {name: dict(rate) for name, rate in self.rates.items()},
            "reference": "the reference dose's voxels are judged, the evaluated dose is searched",
            "percent": asked.percent,
            "percent_is": "local" if asked.local else "global",
            "normalisation_gy": self.gamma.normalisation_gy,
            "distance_mm": asked.distance_mm,
            "cutoff_percent": asked.cutoff,
            "max_gamma": asked.max_gamma,
            "interpolation": asked.interpolation,
            "search_step_mm": asked.distance_mm / 10 if asked.interpolation == "linear" else None,
        }

    def save(self, folder: Path | str, *, overwrite: bool = False) -> Path:
        """Write the result folder and give its path. Raises OutputError, DiskFull."""
        with ResultFolder(folder, overwrite=overwrite) as target:
            target.complete(self.write(target.path, self.run))
        return Path(folder)

    def write(self, folder: Path, run: Run) -> ResultRecord:
        """Write the image into `folder` and give the record that names it."""
        from RegSuite.io.write_image import write_image

        with run.stage("write", 0.95, 1.0):
            image = self.images["gamma"]
            stored = image.with_data(image.data.nan_to_num(nan=NOT_JUDGED))
            write_image(stored, folder / GAMMA_FILE)
        run.metrics["gamma_pass_rate_percent"] = self.gamma.pass_rate_percent
        files = {"gamma": GAMMA_FILE}
        if self.parameters.report:
            from RegSuite.report.gamma_page import GammaPage, write_gamma_page

            files["report"] = REPORT_FILE
            page = GammaPage(self.reference.image, self.images["gamma"])
            write_gamma_page(folder / REPORT_FILE, page, run.record(files=files, gamma=self.summary()))
        return run.record(files=files, gamma=self.summary())
