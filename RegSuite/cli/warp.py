"""`regsuite warp IMAGE|CSV|SURFACE --transform DIR|FILE -o OUT`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say


def command() -> Callable[..., None]:
    """The function behind `regsuite warp`."""
    return warp


def warp(
    source: Annotated[
        str, typer.Argument(metavar="IMAGE|CSV|SURFACE", help="What is warped: image, points or surface.")
    ],
    transform: Annotated[
        str, typer.Option(metavar="DIR|FILE", help="A result folder, or a transform or displacement file.")
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="The file to write.")],
    inverse: Annotated[
        bool, typer.Option("--inverse", help="Images: fixed to moving grid. Points: moving to fixed.")
    ] = False,
    like: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="The grid of the warped image; else the field's own.")
    ] = None,
    interpolation: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Of images: linear, bspline; of label maps: nearest (as a result's warped_labels) or "
            "label (smoother borders).",
        ),
    ] = "linear",
    surface_space: Annotated[
        str, typer.Option(metavar="LPS|RAS", help="Of a surface's coordinates; the output keeps it.")
    ] = "LPS",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; all cores if not given.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it is there.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON on stdout.")] = False,
) -> None:
    """Apply a transform: images are pulled to the fixed grid, points and surfaces go to the moving space."""
    with errors_as_exit_status():
        from RegSuite.workflows.warp_file import warp_file

        record = warp_file(
            Path(source),
            Path(transform),
            Path(output),
            inverse=inverse,
            like=None if like is None else Path(like),
            interpolation=interpolation,
            surface_space=surface_space,
            threads=threads,
            overwrite=overwrite,
        )
        for sentence in record.warnings:
            say(f"warning: {sentence}")
        say(f"wrote {output}")
        if json_:
            answer(json.dumps(record.to_dict(), ensure_ascii=False))
