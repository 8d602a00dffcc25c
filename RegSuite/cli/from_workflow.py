"""A typer command made from a workflow's inputs and parameter model."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say
from RegSuite.cli.progress import shown_progress
from RegSuite.cli.values import method_parameters

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from RegSuite.workflows.model import InputRole, Workflow

_SPELT_OUT = ("parameters", "report", "scene")
"""Fields whose options are written by hand: --set and --parameters, --no-report, --no-scene."""

_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the method; may be repeated."),
]
_File = Annotated[
    str | None, typer.Option("--parameters", metavar="FILE.yaml", help="Parameters of the method in a file.")
]
_Out = Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The result folder.")]
_NoReport = Annotated[bool, typer.Option("--no-report", help="Write no report.html.")]
_NoScene = Annotated[bool, typer.Option("--no-scene", help="Write no scene.mrb.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a result that is there.")]
_Json = Annotated[bool, typer.Option("--json", help="Print result.json as one line on stdout.")]


def workflow_command(workflow: Workflow, *, named_inputs: bool = False) -> Callable[..., None]:
    """The function behind `regsuite NAME`: typer reads its options from the signature set here.

    named_inputs: required inputs are options (--dose D) instead of arguments in their order.
    """

    def command(**values: Any) -> None:
        with errors_as_exit_status():
            _run(workflow, values)

    command.__doc__ = workflow.summary
    command.__signature__ = inspect.Signature(_parameters(workflow, named_inputs))  # type: ignore[attr-defined]  # typer reads it
    return command


def _parameters(workflow: Workflow, named_inputs: bool) -> list[inspect.Parameter]:
    """Inputs first, then the output, the model's fields and what only a command line has."""
    required = [_input(role, named_inputs) for role in workflow.inputs if role.required]
    optional = [_input(role) for role in workflow.inputs if not role.required]
    fields = [
        field_option(name, field)
        for name, field in workflow.Parameters.model_fields.items()
        if name not in _SPELT_OUT and not _from_python_alone(field)
    ]
    out = inspect.Parameter("output", inspect.Parameter.KEYWORD_ONLY, annotation=_Out)
    return [*required, out, *optional, *fields, *shared_options()]


def _from_python_alone(field: FieldInfo) -> bool:
    """Whether a field holds more than an option can (json_schema_extra: command_line False)."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("command_line") is False


def shared_options() -> list[inspect.Parameter]:
    """What only a command line has."""
    return [
        keyword("set_", _Set, None),
        keyword("parameters_file", _File, None),
        keyword("no_report", _NoReport, False),
        keyword("no_scene", _NoScene, False),
        keyword("overwrite", _Overwrite, False),
        keyword("json_", _Json, False),
    ]


def _input(role: InputRole, named: bool = False) -> inspect.Parameter:
    help_ = f"{role.title}: {role.description}"
    if role.required and named:
        wanted = typer.Option("--" + role.name.replace("_", "-"), metavar="FILE", help=help_)
        return inspect.Parameter(role.name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, wanted])
    if role.required:
        info = Annotated[str, typer.Argument(metavar=role.name.upper(), help=help_)]
        return inspect.Parameter(role.name, inspect.Parameter.KEYWORD_ONLY, annotation=info)
    option = typer.Option("--" + role.name.replace("_", "-"), metavar="FILE", help=help_)
    return keyword(role.name, Annotated[str | None, option], None)


def field_option(name: str, field: FieldInfo) -> inspect.Parameter:
    """The option of a field of a parameter model."""
    extra = field.json_schema_extra
    unit = f" [{extra['unit']}]" if isinstance(extra, dict) and "unit" in extra else ""
    spelt = extra["flags"] if isinstance(extra, dict) and "flags" in extra else name.replace("_", "-")
    option = typer.Option(f"--{spelt}", help=f"{field.title}: {field.description}{unit}")
    return keyword(name, Annotated[field.annotation, option], field.default)


def keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """A parameter with a default."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _run(workflow: Workflow, values: dict[str, Any]) -> None:
    """Run the workflow into its folder and tell where things are."""
    from RegSuite.mrml import scene_at_hand
    from RegSuite.validation import validated
    from RegSuite.workflows.run import run_to_folder

    inputs = {role.name: values.pop(role.name) for role in workflow.inputs}
    output, json_ = values.pop("output"), values.pop("json_")
    overwrite = values.pop("overwrite")
    chosen = method_parameters(values.pop("parameters_file"), values.pop("set_") or ())
    values["report"] = not values.pop("no_report")
    if "parameters" in workflow.Parameters.model_fields:
        values["parameters"] = chosen
    else:
        values.update(chosen)
    no_scene = values.pop("no_scene")
    if "scene" in workflow.Parameters.model_fields:
        values["scene"] = not no_scene
    parameters = validated(workflow.Parameters, values, f"`regsuite {workflow.name}`")
    scene = scene_at_hand() if values.get("scene") else None
    with shown_progress() as progress:
        outcome = run_to_folder(workflow, inputs, parameters, output, overwrite, progress, say, scene)
    if json_:
        answer(outcome.line)
    if outcome.error is not None:
        raise outcome.error
    say(f"wrote {Path(output) / json.loads(outcome.line)['files'].get('report', 'result.json')}")
