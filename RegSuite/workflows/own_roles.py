"""What a result calls the fixed and the moving side, and how it numbers their organs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.report.result import Result

_SIDES = {
    "tumor": {"fixed": "target", "moving": "template"},
    "organs": {"fixed": "target", "moving": "source"},
    "points": {"fixed": "target", "moving": "source"},
}
"""By workflow, where it has words of its own."""
_POINTS = {"points": "landmarks"}
"""What a workflow calls points that are measured, where `points` are its clouds."""


def own_role(record: Result, role: str) -> str:
    """What the result's workflow calls the input `role` (fixed_labels, moving_points, ...)."""
    side, _, what = role.partition("_")
    word = _SIDES.get(record.workflow, {}).get(side, side)
    return f"{word}_{_POINTS.get(record.workflow, what) if what == 'points' else what}"


def as_in_result(record: Result, role: str, file: Any) -> Any:
    """Labels with the numbers that the result gave them, where it renumbered them; else the file as it is.

    Of organs those that both sides have. None where they came as structures or points.
    """
    if record.workflow != "organs":
        return file
    from RegSuite.io.labels import read_labels
    from RegSuite.workflows.organs_grids import renumbered

    side = own_role(record, role).partition("_")[0]
    if record.inputs[f"{side}_labels"].size is None:
        return None
    measured = {int(label) for label in record.metrics.get("dice", {})}
    numbers = record.parameters.get("labels_of", {}).get(side, {})
    common = {int(own): int(label) for own, label in numbers.items() if int(label) in measured}
    return renumbered(read_labels(Path(file)), common)


def own_jacobian(record: Result, folder: Path) -> Tensor | None:
    """The Jacobian [*shape] as it was written, where organs slide: across their borders a field jumps."""
    if record.workflow != "organs" or "jacobian" not in record.files:
        return None
    from RegSuite.io.images import read_image

    return read_image(folder / record.files["jacobian"]).data[0]


def names_in_result(record: Result, folder: Path) -> dict[int, str] | None:
    """Names of the labels as the result numbers them; None where it renumbered none."""
    if "label_names" not in record.files:
        return None
    from RegSuite.io.labels import read_label_names

    return read_label_names(record.files["warped_labels"], folder / record.files["label_names"])
