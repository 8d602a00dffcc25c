"""A drift in stages: first stiff and sure of its partners, then finer and wary of outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.progress import Progress, Watch, quiet
from RegSuite.pointcloud.result import Drift


class DriftStage(BaseModel):
    """What one stage does otherwise than the run's parameters and the organs' own elasticity say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what it is for, in a word or two")
    outliers: float | None = Field(default=None, ge=0, lt=1, description="expected share of outliers")
    first_sigma_mm: float | None = Field(
        default=None, gt=0, description="standard deviation that it begins with, at most"
    )
    scales: tuple[tuple[float, float], ...] = Field(
        default=(), description="magnitude and bandwidth in mm, of every organ; empty: each organ's own"
    )
    iterations: int | None = Field(default=None, ge=1, description="at most")

    def parameters(self, given: DriftParameters) -> DriftParameters:
        """The run's parameters as this stage has them."""
        own = {
            key: value
            for key in ("outliers", "first_sigma_mm", "iterations")
            if (value := getattr(self, key)) is not None
        }
        return given.model_copy(update=own)

    def model(self, given: OrganModel) -> OrganModel:
        """The organs as this stage has them: a stage's own outliers are those of every organ."""
        organs = given.organs
        if self.scales:
            (magnitude, bandwidth), *finer = self.scales
            organs = tuple(
                replace(o, magnitude_mm=magnitude, bandwidth_mm=bandwidth, finer=tuple(finer)) for o in organs
            )
        if self.outliers is not None:
            organs = tuple(replace(o, outliers=None) for o in organs)
        return OrganModel(organs, given.coherence, given.transition)


def drift_in_stages(
    source: PointSet,
    target: PointSet,
    model: OrganModel | None = None,
    parameters: DriftParameters | None = None,
    progress: Progress = quiet,
    *,
    stages: Sequence[DriftStage] = (),
    device: str = "cpu",
    watch: Watch | None = None,
) -> Drift:
    """As `drift`, once for each stage, each beginning where the one before it ended; without stages, once.

    Of the stages whose outliers and scales are those of the last one, the result is the one with the highest
    bound of the evidence: a stage that starts anew with a larger sigma is a try, which can only win. (Over
    48 starts the bound went with the landmark error by -0.79 and -0.98 on two pairs of lungs.)
    Rigid, similarity and affine drifts have no elasticity to stage and run once.
    Raises what `drift` raises.
    """
    chosen = parameters or DriftParameters()
    used = model or OrganModel.of([0], [0])
    if not stages or chosen.transform != "deformable":
        return drift(source, target, model, chosen, progress, device=device, watch=watch)
    here, there = (c if model is not None else replace(c, labels=None) for c in (source, target))
    best: Drift | None = None
    before: Drift | None = None
    seconds: dict[str, float] = {}
    notes: list[str] = []
    last = stages[-1]
    for index, stage in enumerate(stages):
        tell = _part(progress, index, len(stages), stage.name)
        found = drift(
            here,
            there,
            stage.model(used),
            stage.parameters(chosen),
            tell,
            device=device,
            watch=watch,
            before=before,
        )
        seconds[stage.name] = seconds.get(stage.name, 0.0) + sum(found.seconds.values())
        comparable = (stage.outliers, stage.scales) == (last.outliers, last.scales)
        if comparable and (best is None or _bound(found) > _bound(best)):
            best = found
        notes.append(f"{stage.name}: sigma {found.sigma_mm:.1f} mm, {len(found.convergence)} iterations")
        before = best if comparable else found
    if best is None:
        raise RuntimeError("the last stage is comparable with itself")
    told = replace(best, source=source, target=target, seconds=seconds)
    return replace(told, notes=(*best.notes, f"drift in {len(stages)} stages: {'; '.join(notes)}"))


def _bound(found: Drift) -> float:
    return found.convergence[-1].bound


def _part(progress: Progress, index: int, count: int, name: str) -> Progress:
    """The progress of one of `count` stages."""

    def tell(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        progress((index + min(fraction, 1.0)) / count, f"{name}: {stage}", metrics)

    return tell
