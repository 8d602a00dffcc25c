"""`--set key=value` and `--parameters FILE.yaml` as one mapping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from RegSuite.errors import InputError


def method_parameters(file: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """Parameters of a YAML file, then those of `key=value` texts, of which the later wins.

    A value is read as YAML (3, 0.5, true, [4, 2, 1], null); 4,2,1 is a list as well.
    Raises InputError for a file that is no mapping or a text without '='.
    """
    values = {} if file is None else _read(Path(file))
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InputError(f"{text!r} is not key=value", where="--set", mend="write --set iterations=50")
        values[key.strip().replace("-", "_")] = _value(value.strip(), text)
    return values


def _value(text: str, where: str) -> Any:
    import yaml

    try:
        value = yaml.safe_load(text)
        if isinstance(value, str) and "," in value:
            value = yaml.safe_load(f"[{value}]")
    except yaml.YAMLError as error:
        raise InputError(f"the value cannot be read: {error}", where=f"--set {where}") from error
    return value


def _read(path: Path) -> dict[str, Any]:
    import yaml

    mend = "write one `name: value` a line, names as in `regsuite methods NAME`"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=str(path), mend="check --parameters"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"the file is no YAML: {error}", where=str(path), mend=mend) from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise InputError("the file is no mapping of names to values", where=str(path), mend=mend)
    return values
