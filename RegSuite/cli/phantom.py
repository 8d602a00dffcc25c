"""`regsuite phantom brain|thorax|tumor|abdomen|shapes -o DIR`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say


def command() -> Callable[..., None]:
    """The function behind `regsuite phantom`."""
    return phantom


def phantom(
    kind: Annotated[str, typer.Argument(metavar="brain|thorax|tumor|abdomen|shapes", help="Which phantom.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")],
    image: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="IMAGE",
            help="brain: a scan to deform; thorax: a chest CT to move; tumor: a T1 without skull.",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Label map of the scan; brain: deformed as well; tumor: needed."),
    ] = None,
    label_names: Annotated[str | None, typer.Option(metavar="CSV", help="label,name of the labels.")] = None,
    max_displacement: Annotated[
        float | None,
        typer.Option(
            metavar="MM", help="brain: largest displacement; 8, of a scan 10; tumor: of another person, 6."
        ),
    ] = None,
    spacing: Annotated[
        float | None, typer.Option(metavar="MM", help="Voxel size of the phantoms made from formulas.")
    ] = None,
    shape: Annotated[
        str, typer.Option(metavar="NAME", help="shapes: c-to-disc, j-to-v or triangle.")
    ] = "c-to-disc",
    ndim: Annotated[
        int | None, typer.Option(min=2, max=3, help="Dimensions; brain and tumor 3, shapes 2.")
    ] = None,
    fractions: Annotated[
        int | None,
        typer.Option(metavar="N", help="thorax: days with a scan and a dose, 2 to 10; 4, of a scan 2."),
    ] = None,
    radius: Annotated[
        float | None, typer.Option(metavar="MM", help="tumor: of a ball of its volume; 10 to 22 by the seed.")
    ] = None,
    push: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="tumor: of its volume, pushed; the rest replaces; 0.55 to 0.75."),
    ] = None,
    toy: Annotated[bool, typer.Option("--toy", help="tumor: the triangle that pushes ovals, in 2D.")] = False,
    days: Annotated[
        bool, typer.Option("--days", help="abdomen: two days of one person, not two people.")
    ] = False,
    label_error: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="abdomen: of points whose label is swapped, in patches; 0."),
    ] = None,
    dicom: Annotated[
        bool, typer.Option("--dicom", help="thorax: also CT series, RT Structure Set, RT Doses.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bits.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a folder that is there.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON on stdout.")] = False,
) -> None:
    """Make a pair of images whose true displacement is known, or a course whose accumulated dose is."""
    with errors_as_exit_status():
        from RegSuite.report.result import InputRecord
        from RegSuite.workflows.phantom import phantom as make
        from RegSuite.workflows.phantom import phantom_folder

        inputs: dict[str, InputRecord] = {}
        made = make(
            kind,
            image=image,
            labels=labels,
            label_names=label_names,
            max_displacement_mm=max_displacement,
            spacing_mm=spacing,
            shape=shape,
            ndim=ndim,
            fractions=fractions,
            radius_mm=radius,
            push=push,
            toy=toy,
            days=days,
            label_error=label_error,
            seed=seed,
            records=inputs,
        )
        record = phantom_folder(made, output, overwrite=overwrite, inputs=inputs, dicom=dicom)
        say(f"wrote {', '.join(record.files.values())} to {output}")
        if json_:
            answer(record.to_json())
