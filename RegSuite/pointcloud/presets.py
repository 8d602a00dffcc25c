"""Presets of organs' elastic properties: lengths in mm with their sources (Resources/organs/*.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from RegSuite.errors import InputError
from RegSuite.plain_yaml import load_yaml
from RegSuite.pointcloud.organs import Coherence, Organ, OrganModel
from RegSuite.pointcloud.stage_settings import DriftStage
from RegSuite.resources import resources_folder

_SEE = "see Resources/organs for examples"


class Elasticity(BaseModel):
    """Elastic properties of an organ, lengths in mm, as pointcloud.organs.Organ means them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    magnitude_mm: float = Field(gt=0, description="standard deviation of a coordinate of its deformation")
    bandwidth_mm: float = Field(gt=0, description="over which its points move alike")
    translation_mm: float = Field(default=0, ge=0, description="standard deviation of its shift as a whole")
    finer: tuple[tuple[float, float], ...] = Field(
        default=(), description="further scales, magnitude and bandwidth"
    )
    outliers: float | None = Field(default=None, ge=0, lt=1, description="its own share of outliers")
    source: str = Field(description="where the values are from, or 'chosen, not measured'")


class NamedElasticity(Elasticity):
    """Elastic properties with the names that they are for."""

    name: str = Field(description="organ, as segmentations call it; without left and right")
    aliases: tuple[str, ...] = Field(default=(), description="other names")


class ElasticityPreset(BaseModel):
    """One file: organs with their elastic properties, and those of all others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="the file's name")
    title: str = Field(description="readable name for lists and panels")
    why: str = Field(description="when to take it and why, in a sentence or two")
    publication: str = Field(default="", description="where the choice is taken from")
    coherence: Coherence = Field(default="organ", description="organs move independently, or all together")
    organs: tuple[NamedElasticity, ...]
    other: Elasticity = Field(description="for organs that are not named")
    stages: tuple[DriftStage, ...] = Field(
        default=(), description="how the drift goes about it (see stages.drift_in_stages); empty: at once"
    )

    def elasticity(self, name: str) -> Elasticity:
        """Properties of an organ called `name`: of the entry with most words in it, else those of `other`.

        Case, order, underscores and further words do not matter: kidney is also Left_Kidney and kidney_right.
        """
        words = set(_words(name))
        best, most = None, 0
        for entry in self.organs:
            for alias in (entry.name, *entry.aliases):
                wanted = _words(alias)
                if len(wanted) > most and words.issuperset(wanted):
                    best, most = entry, len(wanted)
        return self.other if best is None else best

    def organ(self, label: int, name: str) -> Organ:
        """The organ of a label with these properties."""
        found = self.elasticity(name)
        values = {key: getattr(found, key) for key in Elasticity.model_fields}
        return Organ(label=label, name=name, **values)

    def model(
        self,
        labels: Iterable[int] | ArrayLike,
        names: Mapping[int, str] | None = None,
        *,
        coherence: Coherence | NDArray[np.float64] | None = None,
        transition: NDArray[np.float64] | None = None,
    ) -> OrganModel:
        """OrganModel of these labels, sorted, each once; coherence None is the preset's own."""
        known = names or {}
        organs = tuple(
            self.organ(int(v), known.get(int(v), f"label {int(v)}")) for v in np.unique(np.asarray(labels))
        )
        return OrganModel.made_of(organs, self.coherence if coherence is None else coherence, transition)


def elasticity_names() -> tuple[str, ...]:
    """Names of all presets, sorted."""
    return tuple(sorted(_files()))


def load_elasticity(name: str) -> ElasticityPreset:
    """The preset called `name`. Raises InputError for another name or a file that is none."""
    files = _files()
    if name not in files:
        close = get_close_matches(name, files, n=1)
        raise InputError(
            f"there is no elasticity preset {name!r}",
            where="elasticity",
            mend=(f"did you mean {close[0]!r}? " if close else "") + f"presets: {', '.join(sorted(files))}",
        )
    return read_elasticity(files[name])


def read_elasticity(path: Path) -> ElasticityPreset:
    """The preset in a YAML file. Raises InputError that names the field which does not fit."""
    import yaml

    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"not a readable YAML file: {error}", where=str(path), mend="correct it") from error
    if not isinstance(values, dict):
        raise InputError("an elasticity preset is a YAML mapping", where=str(path), mend=_SEE)
    try:
        return ElasticityPreset(name=path.stem, **values)
    except (ValidationError, TypeError) as error:
        raise InputError(f"the preset does not fit: {error}", where=str(path), mend=_SEE) from error


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted((resources_folder() / "organs").glob("*.yaml"))}


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", name.lower())
