"""A clinic's limits file, and the verdicts it gives on the measures that were taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from RegSuite.errors import InputError
from RegSuite.plain_yaml import load_yaml
from RegSuite.quality.definitions import JUDGEABLE, MEASURES, measured, nearest_name
from RegSuite.quality.dose_limits import DoseLimit
from RegSuite.quality.verdict import Verdict as Verdict
from RegSuite.resources import resources_folder

DEFAULT_LIMITS = "limits/tg132.yaml"
"""TG-132's tolerances, in the folder Resources."""

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Limit(BaseModel):
    """The limit on one measure: `max` or `min`, a number in the measure's unit or `largest_voxel`.

    labels: other limits for single labels of a measure that is taken per label.
    source: where the limit comes from; the file's own source where empty.
    """

    model_config = _STRICT

    max: float | Literal["largest_voxel"] | None = None
    min: float | Literal["largest_voxel"] | None = None
    labels: dict[str, float] = Field(default_factory=dict)
    source: str = ""

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_by_text(cls, value: Any) -> Any:
        """YAML reads `17:` as a number; result.json's keys are text."""
        return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


class Limits(BaseModel):
    """A limits file: the name and source of the tolerances, and a limit for each measure named.

    limits: on measures of registrations. dose: on doses of structures; either may be left out.
    """

    model_config = _STRICT

    schema_: Literal["regsuite.limits/1"] = Field(alias="schema")
    name: str
    source: str = ""
    limits: dict[str, Limit] = Field(default_factory=dict)
    dose: tuple[DoseLimit, ...] = ()


def judge(metrics: Mapping[str, Any], limits: Limits, largest_voxel_mm: float) -> list[Verdict]:
    """A verdict for every limit: pass or fail beside a measure that was taken, else "not measured".

    metrics: as result.json holds them. largest_voxel_mm: the largest voxel edge of the fixed
    image, what `largest_voxel` stands for. A value on the limit passes; a value that is not
    finite counts as not measured.
    """
    out = []
    for path, limit in limits.limits.items():
        bound = _number(limit, path, largest_voxel_mm)
        source = limit.source or limits.source
        value = measured(metrics, path)
        if MEASURES[path].per_label and isinstance(value, Mapping) and value:
            for label, number in value.items():
                own = limit.labels.get(str(label), bound)
                out.append(_verdict(f"{path}.{label}", path, _finite(number), own, source))
        else:
            number = None if isinstance(value, Mapping) else value
            out.append(_verdict(path, path, number, bound, source))
    return out


def measure_of(verdict: Verdict) -> str:
    """The measure a verdict is on, without its label: 'dice' of 'dice.17'."""
    return verdict.measure if verdict.measure in MEASURES else verdict.measure.partition(".")[0]


def default_limits() -> Limits:
    """TG-132's tolerances, as Resources/limits/tg132.yaml holds them."""
    return load_limits(resources_folder() / DEFAULT_LIMITS)


def load_limits(path: Path | str) -> Limits:
    """The limits in a YAML file.

    Raises InputError, with the line's name and the mend, for a file that is missing or is no YAML,
    for unknown keys or measures, for a limit on the wrong side, and for `inverse_residual_mm`.
    """
    import yaml

    where = str(path)
    try:
        content = load_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the limits file cannot be read: {error.strerror}", where=where, mend="check --limits"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(
            f"the limits file is no YAML: {error}", where=where, mend="mend that line"
        ) from error
    try:
        limits = Limits.model_validate(content)
    except ValidationError as error:
        raise InputError(_in_words(error), where=where, mend="see Resources/limits/tg132.yaml") from error
    for measure, limit in limits.limits.items():
        _check(measure, limit, where)
    return limits


def _check(path: str, limit: Limit, where: str) -> None:
    """Raise InputError for a limit that cannot judge its measure."""
    if path.split(".")[0] == "inverse_residual_mm":
        raise InputError(
            f"{path} (the transform with its own inverse) says nothing about accuracy and is never judged",
            where=where,
            mend="limit inverse_consistency_mm, from an independent run with fixed and moving swapped",
        )
    if path not in JUDGEABLE:
        near = nearest_name(path)
        raise InputError(
            f"{path!r} is no measure" + (f"; did you mean {near!r}?" if near else ""),
            where=where,
            mend="measures are: " + ", ".join(JUDGEABLE),
        )
    measure = MEASURES[path]
    right, wrong = (limit.max, limit.min) if measure.bound == "max" else (limit.min, limit.max)
    if right is None or wrong is not None:
        raise InputError(f"{path} wants the one limit {measure.bound!r}", where=f"{where}: {path}")
    if right == "largest_voxel" and measure.unit != "mm":
        raise InputError(
            f"{path} is not in mm: 'largest_voxel' cannot be its limit", where=f"{where}: {path}"
        )
    if limit.labels and not measure.per_label:
        raise InputError(f"{path} is not taken per label", where=f"{where}: {path}", mend="remove `labels`")


def _number(limit: Limit, path: str, largest_voxel_mm: float) -> float:
    """The limit as a number."""
    bound = limit.max if MEASURES[path].bound == "max" else limit.min
    return largest_voxel_mm if bound == "largest_voxel" else float(bound or 0.0)


def _finite(value: Any) -> float | None:
    """The number, None when there is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _verdict(name: str, path: str, value: float | None, limit: float, source: str) -> Verdict:
    """Pass or fail of a value; "not measured" without one."""
    if value is None:
        return Verdict(measure=name, limit=limit, verdict="not measured", source=source)
    good = value <= limit if MEASURES[path].bound == "max" else value >= limit
    return Verdict(measure=name, value=value, limit=limit, verdict="pass" if good else "fail", source=source)


def _in_words(error: ValidationError) -> str:
    """Pydantic's findings as a sentence each: where in the file, and what."""
    lines = []
    for e in error.errors():
        place = ".".join(str(p) for p in e["loc"]) or "the file"
        what = "is no known key" if e["type"] == "extra_forbidden" else e["msg"].removeprefix("Value error, ")
        lines.append(f"{place}: {what}")
    return "; ".join(lines)
