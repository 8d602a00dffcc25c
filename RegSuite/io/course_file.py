"""Reading COURSE.yaml: YAML as plain values, relative paths resolved against the file's own folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from RegSuite.errors import InputError
from RegSuite.plain_yaml import load_yaml

DEFAULT_WORD = "default"
"""`density_table: default` names the table that RegSuite brings, not a file."""

_MOST_BYTES = 4_000_000


def read_course_file(path: Path | str) -> dict[str, Any]:
    """The content of a COURSE.yaml, with every file name as a Path that no longer depends on where one is.

    What the keys mean is checked by the Course model. Raises InputError for a file that is missing, is
    no YAML or no mapping.
    """
    path = Path(path)
    content = _content(path)
    folder = path.absolute().parent
    planning, uncertainty = content.get("planning"), content.get("uncertainty")
    if isinstance(planning, dict):
        content["planning"] = _resolved(planning, ("image", "structures", "structure_names"), folder)
    if isinstance(content.get("fractions"), list):
        content["fractions"] = [
            _resolved(item, ("image", "dose", "transform"), folder) if isinstance(item, dict) else item
            for item in content["fractions"]
        ]
    if isinstance(uncertainty, dict):
        content["uncertainty"] = _resolved(uncertainty, ("model",), folder)
    files = ["limits"] if content.get("density_table") == DEFAULT_WORD else ["limits", "density_table"]
    return _resolved(content, files, folder)


def _content(path: Path) -> dict[str, Any]:
    import yaml

    if path.is_dir():
        raise InputError(
            "a folder where a COURSE.yaml is wanted", where=str(path), mend="name the file in it"
        )
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.stat().st_size} bytes are no COURSE.yaml", where=str(path))
        content = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the course file cannot be read: {error.strerror}",
            where=str(path),
            mend="check the name and the folder",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(
            f"the course file is no YAML: {said}", where=str(path), mend="mend that line"
        ) from error
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputError(
            "the course file is no mapping of keys to values",
            where=str(path),
            mend="write `planning:` and `fractions:`, see docs/dose.md",
        )
    return content


def _resolved(values: Mapping[str, Any], names: list[str] | tuple[str, ...], folder: Path) -> dict[str, Any]:
    """The mapping with the texts under `names` as Paths, relative ones from `folder`."""
    found = {
        name: folder / Path(values[name]).expanduser() for name in names if isinstance(values.get(name), str)
    }
    return {**values, **found}
