"""Presets: what to register how, as data with a reason (Resources/presets/*.yaml and the user's own)."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from RegSuite.errors import InputError
from RegSuite.resources import resources_folder
from RegSuite.settings import settings

Start = Literal["affine", "rigid", "identity"]


class Preset(BaseModel):
    """One preset file. `parameters` are those of `method`; what is left out keeps the method's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="how it is called by --preset (the file's name)")
    title: str = Field(description="readable name for lists and panels")
    modality: tuple[str, ...] = Field(description="DICOM's words for the fixed and the moving image")
    organ: str = Field(description="what is in the images")
    why: str = Field(description="why this method and these parameters, in a sentence or two")
    publication: str = Field(default="", description="where the choice is taken from")
    method: str = Field(description="the method that runs")
    start: Start = Field(default="affine", description="what runs before a method that has no linear part")
    parameters: dict[str, Any] = Field(default_factory=dict, description="parameters of the method")


def preset_names() -> tuple[str, ...]:
    """Names for --preset, the user's (REGSUITE_PRESETS) and the built-in ones, sorted."""
    return tuple(sorted(_files()))


def load_preset(name: str) -> Preset:
    """The preset called `name`. Raises InputError for another name or a file that is not a preset."""
    files = _files()
    if name not in files:
        close = get_close_matches(name, files, n=1)
        raise InputError(
            f"there is no preset {name!r}",
            where="preset",
            mend=(f"did you mean {close[0]!r}? " if close else "") + f"presets: {', '.join(sorted(files))}",
        )
    return read_preset(files[name])


def read_preset(path: Path) -> Preset:
    """The preset in a YAML file. Raises InputError that names the field which does not fit."""
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            f"not a readable YAML file: {error}", where=str(path), mend="correct the file"
        ) from error
    if not isinstance(values, dict):
        raise InputError(
            "a preset is a YAML mapping", where=str(path), mend="see Resources/presets for examples"
        )
    try:
        return Preset(name=path.stem, **values)
    except (ValidationError, TypeError) as error:
        raise InputError(
            f"the preset does not fit: {error}", where=str(path), mend="see Resources/presets for examples"
        ) from error


def _files() -> dict[str, Path]:
    """Preset name -> file; a user's file wins over the built-in one of the same name."""
    folders = [resources_folder() / "presets"]
    own = settings().presets
    if own is not None:
        if not own.is_dir():
            raise InputError(
                "no such folder", where=f"REGSUITE_PRESETS={own}", mend="make it or unset the variable"
            )
        folders.append(own)
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}
