"""Cases of a healthy template and a brain with a tumour, for studies of the methods.

for case in cases(2, range(10)): ...   # 240 x 240 of 1 mm; 3: 96 x 112 x 96 of 2 mm
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import read_image, read_labels
from RegSuite.phantoms.tumor import TumorPhantom, tumor_phantom
from RegSuite.phantoms.tumor.anatomy import default_grid, scanned_brain


def cases(ndim: int, seeds: Iterable[int], **options: object) -> Iterator[TumorPhantom]:
    """Phantoms of the seeds one after the other, made when asked for.

    From vxm_scan and its labels where the data is; else from the drawn brain (`source` in their
    parameters says which). options: as `tumor_phantom` takes them.
    """
    for seed in seeds:
        yield tumor_phantom(seed, ndim=ndim, **(_of_scan(ndim) | options))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Strangers:
    """A template and another person with a tumour, on one grid: no true map, but ventricles (label 1)."""

    template: Image
    template_labels: Image
    target: Image
    target_labels: Image
    tumor: Image
    oedema: Image
    seed: int
    ventricles: tuple[int, ...] = (1,)
    label_names: Mapping[int, str] = field(default_factory=lambda: {1: "ventricles"})


def strangers(ndim: int, seeds: Sequence[int], **options: object) -> Iterator[Strangers]:
    """The template of `cases` and a tumour in ch2_brain, their brains' middles laid over each other.

    ch2's ventricles are found by their grey values, cisterns beside them as well: Dice has a ceiling.
    Raises InputError where the data is absent.
    """
    folder = data_here()
    if folder is None:
        raise InputError("there is no data of another person", mend="set REGSUITE_TEST_DATA")
    scan, labels = read_image(folder / "ch2_brain.nii.gz"), read_labels(folder / "ch2_aal.nii.gz")
    names = _names(folder / "aal_labels.csv", "name")
    grid = default_grid(scanned_brain(scan, labels, names, 3), ndim)
    for seed, mine in zip(seeds, cases(ndim, seeds), strict=True):
        other = tumor_phantom(
            seed,
            **({"ndim": ndim, "scan": scan, "labels": labels, "label_names": names, "grid": grid} | options),  # type: ignore[arg-type]
        )
        here = mine.template.grid
        yield Strangers(
            template=mine.template,
            template_labels=_ventricles(mine.template_labels, mine.ventricles, here),
            target=replace(other.target, grid=here),
            target_labels=_ventricles(other.target_labels, other.ventricles, here),
            tumor=replace(other.tumor, grid=here),
            oedema=replace(other.oedema, grid=here),
            seed=seed,
        )


def _ventricles(labels: Image, ventricles: tuple[int, ...], grid: Grid) -> Image:
    wanted = torch.tensor(ventricles, dtype=labels.data.dtype)
    return Image(torch.isin(labels.data, wanted).int(), grid, name=labels.name)


def data_here() -> Path | None:
    """The folder brain_t1 of the real data, None where it is absent."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("REGSUITE_TEST_DATA", beside)) / "brain_t1"
    return folder if folder.exists() else None


@cache
def _of_scan(ndim: int) -> dict[str, object]:
    folder = data_here()
    if folder is None:
        return {}
    scan = read_image(folder / "vxm_scan.nii.gz")
    labels = read_labels(folder / "vxm_scan_seg.nii.gz")
    names = _names(folder / "vxm_labels.csv", "freesurfer_name")
    grid = default_grid(scanned_brain(scan, labels, names, 3), ndim)
    return {"scan": scan, "labels": labels, "label_names": names, "grid": grid}


def _names(path: Path, column: str) -> dict[int, str]:
    with path.open(encoding="utf-8") as stream:
        return {int(row["value"]): row[column] for row in csv.DictReader(stream)}
