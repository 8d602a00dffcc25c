"""The rows of a batch, checked as a whole before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.backend.batch.names import row_names
from RegSuite.backend.batch.table_file import Cells, read_table
from RegSuite.errors import InputError, RegSuiteError

if TYPE_CHECKING:
    from RegSuite.workflows.model import InputRole, Workflow

_OF_THE_BATCH = ("name", "workflow")
_SHARED_OUT = ("parameters", "threads", "report", "scene")
"""Parameters that a row cannot set: they belong to the batch."""

_MOST_SHOWN = 20


@dataclass(frozen=True)
class Row:
    """One job: its folder's name, its line in the manifest, inputs (files, or words) and parameters."""

    name: str
    line: int
    workflow: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any]


def read_manifest(path: Path, workflow: str, common: Mapping[str, Any]) -> tuple[Row, ...]:
    """The rows of a CSV. Columns: inputs of the workflow, and name, workflow, preset, method, seed, ...

    Files are relative to the manifest's folder. workflow: of rows that name none. common:
    parameters of all rows; a row's own cells win.
    Raises InputError that names every mistake with its line and column: nothing has run then.
    """
    columns, table = read_table(path)
    found: list[str] = []
    rows = []
    names = row_names([cells for _, cells in table], workflow)
    _check_columns(columns, [workflow, *(cells.get("workflow", workflow) for _, cells in table)], path)
    for (line, cells), name in zip(table, names, strict=True):
        row, mistakes = _row(line, cells, name, path.parent, workflow, common)
        found += mistakes
        if row is not None:
            rows.append(row)
    found += _twice(table, names)
    if found:
        shown = found[:_MOST_SHOWN] + (
            [f"and {len(found) - _MOST_SHOWN} more"] if found[_MOST_SHOWN:] else []
        )
        raise InputError(
            f"{len(found)} mistake{'s' * (len(found) > 1)} in the manifest, nothing was run:\n    "
            + "\n    ".join(shown),
            where=str(path),
            mend="correct these cells; file names are relative to the manifest's folder",
        )
    return tuple(rows)


def _row(
    line: int, cells: Cells, name: str, folder: Path, workflow_name: str, common: Mapping[str, Any]
) -> tuple[Row | None, list[str]]:
    """A row and what is wrong with it."""
    from RegSuite.workflows import get_workflow

    try:
        workflow = get_workflow(cells.get("workflow", workflow_name))
    except RegSuiteError as error:
        return None, [_mistake(line, "workflow", error)]
    mistakes, inputs = [], {}
    for role in workflow.inputs:
        if role.name in cells:
            inputs[role.name], wrong = _input(role, cells[role.name], folder)
            mistakes += [f"line {line}, column {role.name}: {wrong}"] if wrong else []
        elif role.required:
            mistakes.append(f"line {line}, column {role.name}: the cell is empty")
    own = {key: text for key, text in cells.items() if key in workflow.Parameters.model_fields}
    try:
        parameters = _checked(workflow, {**common, **own})
    except RegSuiteError as error:
        return None, [*mistakes, _mistake(line, ", ".join(own) or "(options)", error)]
    return Row(name, line, workflow.name, inputs, parameters), mistakes


def _checked(workflow: Workflow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the workflow's model has them; method and preset must exist."""
    from RegSuite.methods import get_method
    from RegSuite.presets import load_preset
    from RegSuite.validation import validated

    known = workflow.Parameters.model_fields
    taken = {name: v for name, v in values.items() if name in known or not _is_default(name, v)}
    model = validated(workflow.Parameters, taken, f"workflow {workflow.name}")
    preset = getattr(model, "preset", None)
    if preset is not None:
        load_preset(preset)
    method = getattr(model, "method", None)
    if method is not None:
        get_method(method)
    return model.model_dump(mode="json")


def _is_default(name: str, value: Any) -> bool:
    """Whether a value of the batch asks for nothing that a workflow without such a parameter lacks."""
    return name == "scene" or (name == "parameters" and not value)


def _input(role: InputRole, text: str, folder: Path) -> tuple[str, str]:
    """An input as the job gets it, and what is wrong with it ('' where nothing is)."""
    from RegSuite.workflows.initial import WORDS

    if role.kind == "transform" and text in WORDS:
        return text, ""
    path = folder / Path(text).expanduser()
    return str(path), "" if path.exists() else f"{path} does not exist"


def _check_columns(columns: list[str], workflows: list[str], path: Path) -> None:
    """Raise InputError for a column that no row's workflow knows."""
    from RegSuite.workflows import get_workflow, workflow_names

    known = set(_OF_THE_BATCH)
    for name in set(workflows) & set(workflow_names()):
        workflow = get_workflow(name)
        known |= {role.name for role in workflow.inputs}
        known |= set(workflow.Parameters.model_fields) - set(_SHARED_OUT)
    unknown = [name for name in columns if name not in known]
    if unknown:
        close = get_close_matches(unknown[0], known, n=1)
        raise InputError(
            "no such column: " + ", ".join(map(repr, unknown)),
            where=f"{path}, line 1" + (f"; did you mean {close[0]!r}?" if close else ""),
            mend="columns: " + ", ".join(sorted(known)),
        )


def _twice(table: list[tuple[int, Cells]], names: list[str]) -> list[str]:
    """Rows that would share a folder (on file systems that do not tell capital letters too)."""
    first: dict[str, int] = {}
    out = []
    for (line, _), name in zip(table, names, strict=True):
        key = name.casefold()
        if key in first:
            out.append(
                f"line {line}, column name: {name!r} is the name of line {first[key]} too; name the rows"
            )
        first.setdefault(key, line)
    return out


def _mistake(line: int, column: str, error: RegSuiteError) -> str:
    close = re.search(r"did you mean '[^']+'\?", f"{error.where} {error.mend}")
    return f"line {line}, column {column}: {error.what}" + (f"; {close[0]}" if close else "")
