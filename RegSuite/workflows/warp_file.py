"""`warp` from file to file: the output appears whole or not at all."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

from RegSuite.errors import InputError, OutputError
from RegSuite.geometry import Image, PointSet
from RegSuite.report.provenance import input_record, versions
from RegSuite.report.result import InputRecord
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows.stored_transform import FORWARD_FILE, INVERSE_FILE, stored_transform
from RegSuite.workflows.surfaces import SUFFIXES as SURFACE_SUFFIXES
from RegSuite.workflows.surfaces import warp_surface
from RegSuite.workflows.warp import warp


def warp_file(
    source: Path,
    transform: Path,
    output: Path,
    *,
    inverse: bool = False,
    like: Path | None = None,
    interpolation: str = "linear",
    surface_space: str = "LPS",
    threads: int | None = None,
    overwrite: bool = False,
) -> ResultRecord:
    """Warp the image, points (.csv) or surface in `source` and write it to `output`.

    Directions as in `warp`. Gives the record that `--json` prints. Raises OutputError for a file
    that is there already (unless `overwrite`), InputError for inputs that do not fit.
    """
    from RegSuite.machine import cpu_cores
    from RegSuite.settings import settings
    from RegSuite.workflows.reproducible import reproducible

    begun = time.perf_counter()
    _check_output(output, overwrite)
    inputs: dict[str, InputRecord] = {}
    count = threads or settings().threads or cpu_cores()
    warnings: list[str] = []
    with reproducible(count, 0, "cpu"):
        if source.suffix.lower() in SURFACE_SUFFIXES:
            _surface(source, transform, output, inverse, surface_space, inputs)
        else:
            warped = warp(
                source,
                transform,
                inverse=inverse,
                like=like,
                interpolation=cast(Any, interpolation),
                records=inputs,
                warnings=warnings,
            )
            write(warped, output)
    inputs["transform"] = input_record(_transform_file(transform, inverse))
    return ResultRecord(
        workflow="warp",
        status="completed",
        inputs=inputs,
        parameters={"inverse": inverse, "interpolation": interpolation},
        versions=versions(),
        device="cpu",
        threads=count,
        total_seconds=time.perf_counter() - begun,
        warnings=warnings,
        files={"warped": str(output)},
    )


def write(warped: Image | PointSet, output: Path) -> None:
    """An image in the format of its ending, or points as CSV."""
    from RegSuite.io.points import write_points
    from RegSuite.io.write_image import write_image

    if isinstance(warped, Image):
        write_image(warped, output)
    elif output.suffix.lower() == ".csv":
        write_points(warped, output)
    else:
        raise InputError(f"points are written as .csv, not {output.suffix!r}", where=str(output))


def _check_output(output: Path, overwrite: bool) -> None:
    if output.is_dir():
        raise OutputError("the output is a folder", where=str(output), mend="name a file")
    if output.exists() and not overwrite:
        raise OutputError("the file is there already", where=str(output), mend="pass --overwrite")
    if not output.absolute().parent.is_dir():
        raise OutputError("the folder does not exist", where=str(output.parent), mend="make the folder first")


def _surface(
    source: Path, transform: Path, output: Path, inverse: bool, space: str, inputs: dict[str, InputRecord]
) -> None:
    if space not in ("LPS", "RAS"):
        raise InputError(f"{space!r} is no space", where="surface_space", mend="give LPS or RAS")
    warp_surface(source, stored_transform(transform, inverse=inverse).transform, output, cast(Any, space))
    inputs["source"] = input_record(source)


def _transform_file(transform: Path, inverse: bool) -> Path:
    """The file that was read for the map."""
    return transform / (INVERSE_FILE if inverse else FORWARD_FILE) if transform.is_dir() else transform
