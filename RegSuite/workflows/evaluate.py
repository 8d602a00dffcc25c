"""Judge a result that is there: labels, landmarks, folds, inverse, against limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.report.provenance import versions
from RegSuite.report.result import InputRecord, plain
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows.own_roles import as_in_result, names_in_result, own_jacobian, own_role

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.quality.limits import Verdict
    from RegSuite.transforms import DisplacementTransform

SCHEMA = "regsuite.evaluation/1"
EVALUATION_FILE = "evaluation.json"


@dataclass(frozen=True)
class Evaluation:
    """The measures of a result and the verdicts on them; `save` writes evaluation.json."""

    folder: Path
    inputs: dict[str, InputRecord]
    metrics: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    limits: str
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The content of evaluation.json (schema regsuite.evaluation/1)."""
        return dict(
            plain(
                {
                    "schema": SCHEMA,
                    "workflow": "evaluate",
                    "status": "completed",
                    "result": str(self.folder),
                    "inputs": self.inputs,
                    "limits": self.limits,
                    "metrics": self.metrics,
                    "verdicts": list(self.verdicts),
                    "warnings": list(self.warnings),
                    "versions": versions(),
                }
            )
        )

    def save(self) -> Path:
        """Write evaluation.json into the result's folder, whole or not at all; result.json stays as it is."""
        from RegSuite.io.atomic import replacing

        path = self.folder / EVALUATION_FILE
        with replacing(path) as temporary:
            text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")
        return path


def evaluate(
    folder: Path | str,
    *,
    fixed_mask: Any = None,
    fixed_labels: Any = None,
    moving_labels: Any = None,
    fixed_points: Any = None,
    moving_points: Any = None,
    label_names: Any = None,
    backward: Path | str | None = None,
    limits: str | None = None,
) -> Evaluation:
    """Measure and judge the result in `folder` with what is given, and what the result itself used.

    Labels, masks and points that are not given are those of result.json, where their files are
    unchanged. fixed_labels and fixed_mask: on the fixed grid; moving_labels: anywhere in the
    moving space. backward: the result of an independent run with fixed and moving swapped, for
    inverse_consistency_mm. Raises InputError for a folder without a completed registration.
    """
    from RegSuite.workflows.limits import limits_of, verdicts_on
    from RegSuite.workflows.stored_transform import stored_transform

    folder = Path(folder)
    record = ResultRecord.read(folder)
    if record.status != "completed":
        raise InputError("the run failed: there is nothing to evaluate", where=str(folder))
    judge_by = limits_of(limits)
    warnings: list[str] = []
    given = {
        "fixed_mask": fixed_mask,
        "fixed_labels": fixed_labels,
        "moving_labels": moving_labels,
        "fixed_points": fixed_points,
        "moving_points": moving_points,
    }
    sources = {
        role: value if value is not None else _kept(record, own_role(record, role), warnings)
        for role, value in given.items()
    }
    for side in ("fixed", "moving"):
        if given[f"{side}_labels"] is None and sources[f"{side}_labels"] is not None:
            sources[f"{side}_labels"] = as_in_result(record, f"{side}_labels", sources[f"{side}_labels"])
    forward: Any = stored_transform(folder).transform
    inverse: Any = stored_transform(folder, inverse=True).transform
    inputs: dict[str, InputRecord] = {}
    names = label_names if label_names is not None else names_in_result(record, folder)
    known = own_jacobian(record, folder)
    metrics = _metrics(forward, inverse, known, sources, names, inputs, warnings)
    if backward is not None:
        metrics["inverse_consistency_mm"] = _consistency(forward, Path(backward))
    verdicts = verdicts_on(metrics, judge_by, forward.grid)
    return Evaluation(folder, inputs, metrics, verdicts, judge_by.name, tuple(warnings))


def _kept(record: ResultRecord, role: str, warnings: list[str]) -> str | None:
    """The file that the result used for this role, if it is there and unchanged."""
    from RegSuite.report.provenance import sha256

    known = record.inputs.get(role)
    if known is None or known.sha256 is None:
        return None
    path = Path(known.file)
    if not path.exists() or sha256(path) != known.sha256:
        warnings.append(
            f"the {role.replace('_', ' ')} of the result ({path}) are gone or changed, and not used"
        )
        return None
    return str(path)


def _metrics(
    forward: DisplacementTransform,
    inverse: DisplacementTransform,
    jacobian: Tensor | None,
    sources: dict[str, Any],
    label_names: Any,
    inputs: dict[str, InputRecord],
    warnings: list[str],
) -> dict[str, Any]:
    """All measures that the sources allow. jacobian: as it was written, of organs that slide; else None."""
    from RegSuite.workflows.inputs import Reader
    from RegSuite.workflows.metrics import field_metrics, label_metrics, point_metrics
    from RegSuite.workflows.outputs import warp_labels

    reader, grid = Reader(inputs, warnings), forward.grid
    mask = None if sources["fixed_mask"] is None else reader.mask(sources["fixed_mask"], "fixed_mask", grid)
    fixed, names = reader.labels(sources["fixed_labels"], "fixed_labels", grid, label_names)
    moving, _ = reader.labels(sources["moving_labels"], "moving_labels", None, label_names)
    points = [reader.points(sources[role], role) for role in ("fixed_points", "moving_points")]
    for one, other, what in ((fixed, moving, "labels"), (*points, "landmarks")):
        if (one is None) != (other is None):
            warnings.append(f"{what} were given for one image only: nothing can be compared")
    if jacobian is None:
        jacobian = jacobian_determinant(forward.field, grid)
    elif mask is None and fixed is not None:
        mask = fixed.data[0] > 0  # organs that slide: between them the field is not one map
    metrics = field_metrics(forward, inverse, jacobian, mask)
    if fixed is not None and moving is not None:
        found, missing = label_metrics(fixed, warp_labels(moving, grid, forward.field), dict(names))
        metrics.update(found)
        warnings.extend(missing)
    if points[0] is not None and points[1] is not None:
        metrics.update(point_metrics(forward, points[0], points[1]))
    return metrics


def _consistency(forward: DisplacementTransform, backward: Path) -> dict[str, float]:
    """inverse_consistency_mm of two independent results."""
    from RegSuite.quality import inverse_consistency_mm
    from RegSuite.workflows.metrics import RESIDUAL_VOXELS
    from RegSuite.workflows.stored_transform import stored_transform

    other: Any = stored_transform(backward).transform
    if other.ndim != forward.ndim:
        raise GeometryError("the two results differ in dimension", where=str(backward))
    return inverse_consistency_mm(
        forward, other, forward.grid, moving_grid=other.grid, at_most=RESIDUAL_VOXELS
    )
