"""Course: a planning scan, fractions with their doses, and how they are to be summed (COURSE.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from RegSuite.errors import InputError
from RegSuite.workflows.course_words import in_words

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

Mapped = Literal["ddm", "emt"]
Source = Literal["laplace", "network", "ensemble", "none"]
Correlated = Literal["independent", "same"]


class Planning(BaseModel):
    """The scan that doses are summed on. Each may be a file name or an object of RegSuite.

    image: Image, SimpleITK image, file or DICOM folder. structures: file or folder, label Image or
    structure objects. structure_names: table of names of a label map or of surface files.
    """

    model_config = _STRICT

    image: Any
    structures: Any
    structure_names: Any = None
    structures_space: Literal["LPS", "RAS"] = "LPS"

    @model_validator(mode="after")
    def _both_are_there(self) -> Planning:
        for name in ("image", "structures"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} is missing")
        return self


class FractionInput(BaseModel):
    """One dose that was given with the patient as in `image`, `fractions` times.

    dose: file, DoseImage or Image in dose_unit; its coordinates are those of `image`. transform: planning
    points to fraction points, from elsewhere; without one RegSuite registers. image may be left out
    where a transform is given and the source of the uncertainty does not look at images.
    """

    model_config = _STRICT

    dose: Any
    image: Any = None
    transform: Any = None
    fractions: float = Field(default=1, gt=0)
    dose_unit: Literal["Gy", "cGy", "mGy"] | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _has_a_dose_and_a_way(self) -> FractionInput:
        if self.dose is None:
            raise ValueError("dose is missing")
        if self.image is None and self.transform is None:
            raise ValueError("image is missing (it may be left out only where a transform is given)")
        return self


class RegistrationChoice(BaseModel):
    """How fractions without a transform are registered (planning image fixed, fraction moving)."""

    model_config = _STRICT

    method: str = "auto"
    preset: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class UncertaintyChoice(BaseModel):
    """Where the distribution of the deformation comes from. model: of `network`, RegSuite's own if None."""

    model_config = _STRICT

    source: Source = "laplace"
    model: Any = None

    @model_validator(mode="after")
    def _model_goes_with_network(self) -> UncertaintyChoice:
        if self.model is not None and self.source != "network":
            raise ValueError(f"model is for the source network, not for {self.source}")
        return self


class Eqd2Choice(BaseModel):
    """alpha/beta in Gy by structure; `default` for every other structure and for the maps."""

    model_config = _STRICT

    alpha_beta_gy: dict[str, float]

    @field_validator("alpha_beta_gy", mode="before")
    @classmethod
    def _one_number_for_all(cls, value: Any) -> Any:
        """`alpha_beta_gy: 3` is the default alone."""
        return {"default": value} if isinstance(value, int | float) else value

    @model_validator(mode="after")
    def _positive_with_a_default(self) -> Eqd2Choice:
        wrong = [f"{name}: {value:g}" for name, value in self.alpha_beta_gy.items() if not value > 0]
        if wrong:
            raise ValueError(f"alpha/beta must be above 0 Gy, not {', '.join(wrong)}")
        if "default" not in self.alpha_beta_gy:
            raise ValueError("default is missing (alpha/beta of what is not named, and of the maps)")
        return self

    def of(self, structure: str) -> float:
        """alpha/beta of a structure in Gy."""
        return self.alpha_beta_gy.get(structure, self.alpha_beta_gy["default"])

    @property
    def distinct(self) -> tuple[float, ...]:
        """Every alpha/beta once, the default first."""
        return tuple(dict.fromkeys((self.alpha_beta_gy["default"], *self.alpha_beta_gy.values())))


class Course(BaseModel):
    """COURSE.yaml. Frozen; every setting below `fractions` may be left out.

    density_table: CSV of hu,density for emt. limits: a limits file. samples: deformations drawn for
    bands and maps. correlation: of the deformation errors between fractions. grid_mm: voxel of the
    accumulation grid in mm (x, y, z or one number), the finest fraction dose's if None. metrics: of the
    DVHs, beside those that are always given. end_slices: as `regsuite dvh` takes them. folding: what to do
    with a given transform that folds inside a structure.
    """

    model_config = _STRICT

    planning: Planning
    fractions: tuple[FractionInput, ...]
    mapping: Mapped = "ddm"
    density_table: Any = None
    registration: RegistrationChoice = RegistrationChoice()
    uncertainty: UncertaintyChoice = UncertaintyChoice()
    limits: Any = None
    eqd2: Eqd2Choice | None = None
    samples: int = Field(default=100, ge=2, le=10_000)
    correlation: Correlated = "same"
    grid_mm: float | tuple[float, float, float] | None = None
    metrics: tuple[str, ...] = ()
    bin_width_gy: float = Field(default=0.1, gt=0)
    end_slices: Literal["half", "tapered", "none"] = "half"
    folding: Literal["refuse", "mark"] = "refuse"

    @field_validator("fractions")
    @classmethod
    def _one_at_least(cls, value: tuple[FractionInput, ...]) -> tuple[FractionInput, ...]:
        if not value:
            raise ValueError("there is none; give one with image and dose")
        return value

    @field_validator("uncertainty", mode="before")
    @classmethod
    def _source_alone(cls, value: Any) -> Any:
        """`uncertainty: laplace` and `uncertainty: none` (YAML reads null as none too)."""
        return {"source": value} if isinstance(value, str) else {"source": "none"} if value is None else value

    @field_validator("grid_mm")
    @classmethod
    def _positive_voxel(cls, value: Any) -> Any:
        edges = value if isinstance(value, tuple) else () if value is None else (value,)
        if any(not edge > 0 for edge in edges):
            raise ValueError("voxel edges must be above 0 mm")
        return value

    @model_validator(mode="after")
    def _emt_has_its_table(self) -> Course:
        if self.mapping == "emt" and self.density_table is None:
            raise ValueError("mapping emt needs density_table: a CSV of hu,density")
        if self.mapping == "emt" and any(f.image is None for f in self.fractions):
            raise ValueError("mapping emt needs the image of every fraction")
        return self

    @property
    def spacing_mm(self) -> tuple[float, float, float] | None:
        """grid_mm as three numbers, None where it is not given."""
        if self.grid_mm is None or isinstance(self.grid_mm, tuple):
            return self.grid_mm
        return (self.grid_mm,) * 3

    def with_settings(self, settings: Mapping[str, Any]) -> Course:
        """The same course with some settings replaced, and checked anew. Raises InputError."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return _checked({**kept, **settings}, "course")


def course_of(given: Any) -> Course:
    """A Course as it is, a mapping as COURSE.yaml holds it, or a COURSE.yaml by its name.

    Paths of a file are resolved against it, those of a mapping are taken as they are. Raises
    InputError for a file that cannot be read, for unknown keys (with the nearest known one), for what
    is missing and for values that cannot be.
    """
    if isinstance(given, Course):
        return given
    if isinstance(given, Mapping):
        return _checked(given, "course")
    if isinstance(given, str | PathLike):
        from RegSuite.io.course_file import read_course_file

        return _checked(read_course_file(Path(given)), str(given))
    raise InputError(
        f"{type(given).__name__} is no course",
        where="course",
        mend="give a COURSE.yaml, a mapping of the same keys, or a Course",
    )


def _checked(values: Mapping[str, Any], where: str) -> Course:
    try:
        return Course.model_validate(dict(values))
    except ValidationError as error:
        found = [in_words(e, Course, _MODELS) for e in error.errors()]
        raise InputError("; ".join(dict.fromkeys(found)), where=where, mend=_MEND) from error


_MODELS: dict[str, type[BaseModel]] = {
    "planning": Planning,
    "fractions": FractionInput,
    "registration": RegistrationChoice,
    "uncertainty": UncertaintyChoice,
    "eqd2": Eqd2Choice,
}
_MEND = 'see docs/dose.md, "Accumulating a course", for every key of a COURSE.yaml'
