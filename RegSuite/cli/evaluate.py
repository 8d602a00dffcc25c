"""`regsuite evaluate DIR`: measures and verdicts on a result that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say


def command() -> Callable[..., None]:
    """The function behind `regsuite evaluate`."""
    return evaluate


def evaluate(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A result folder of `regsuite register`.")],
    fixed_labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="Label map on the fixed grid.")
    ] = None,
    moving_labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="Label map in the moving space.")
    ] = None,
    fixed_points: Annotated[
        str | None, typer.Option(metavar="CSV", help="Landmarks x,y,z in LPS mm in the fixed space.")
    ] = None,
    moving_points: Annotated[
        str | None, typer.Option(metavar="CSV", help="The same landmarks in the moving space, row by row.")
    ] = None,
    fixed_mask: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where folds and the inverse are measured.")
    ] = None,
    label_names: Annotated[str | None, typer.Option(metavar="CSV", help="label,name of the labels.")] = None,
    backward: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Result of an independent run with fixed and moving swapped."),
    ] = None,
    limits: Annotated[
        str | None, typer.Option(metavar="FILE.yaml", help="The clinic's limits; TG-132's if not given.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print evaluation.json as one line.")] = False,
) -> None:
    """Judge a result: landmarks, labels, folds, inverse. Writes DIR/evaluation.json."""
    with errors_as_exit_status():
        from RegSuite.workflows.evaluate import evaluate as run

        found = run(
            folder,
            fixed_mask=fixed_mask,
            fixed_labels=fixed_labels,
            moving_labels=moving_labels,
            fixed_points=fixed_points,
            moving_points=moving_points,
            label_names=label_names,
            backward=backward,
            limits=limits,
        )
        found.save()
        for line in _lines(found.to_dict()):
            say(line)
        if json_:
            answer(json.dumps(found.to_dict(), ensure_ascii=False))


def _lines(evaluation: dict[str, Any]) -> list[str]:
    """A line a verdict, then the warnings."""
    lines = []
    for verdict in evaluation["verdicts"]:
        value = f" {verdict['value']:.4g}" if "value" in verdict else ""
        lines.append(f"{verdict['measure']}{value}: {verdict['verdict']} (limit {verdict['limit']:.4g})")
    return lines + [f"warning: {sentence}" for sentence in evaluation.get("warnings", [])]
