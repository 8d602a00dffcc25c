"""Cases of a healthy template and a brain with a tumour, for studies of the methods.

for case in cases(2, range(10)): ...   # 240 x 240 of 1 mm; 3: 96 x 112 x 96 of 2 mm
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

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
