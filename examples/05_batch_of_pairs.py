"""Register many pairs, each in a process of its own, and keep one summary of them all.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/05_batch_of_pairs.py DIR [PAIRS]
PythonSlicer examples/05_batch_of_pairs.py DIR [PAIRS]
python examples/05_batch_of_pairs.py DIR [PAIRS]

The shell has the same: regsuite batch DIR/pairs.csv -o DIR/results
"""

import csv
import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.backend.batch import read_manifest, run_batch
from RegSuite.workflows.phantom import phantom_folder


class Spoken:
    """Says what became of each pair."""

    def ended(self, entry, done, of, *, kept):
        print(f"{done} of {of}: {entry.name} {entry.status}, Dice {entry.measures.get('dice_mean', 0):.2f}")

    def running(self, jobs, done, of):
        """Called while pairs run; raising RegSuite.Cancelled here would stop them all."""


def write_pairs(folder, count):
    """Phantoms to try it on: `count` folders of files, and the table that names them."""
    roles = ("fixed", "moving", "fixed_labels", "moving_labels")
    with (folder / "pairs.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("name", *roles))
        for seed in range(count):
            name = f"pair{seed:02}"
            made = RegSuite.phantom("brain", ndim=2, spacing_mm=3.0, seed=seed)
            phantom_folder(made, folder / name, overwrite=True)
            table.writerow((name, *(f"{name}/{role}.nii.gz" for role in roles)))  # relative to the table
    return folder / "pairs.csv"


def main(folder, count=10):
    mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing
    folder.mkdir(parents=True, exist_ok=True)
    manifest = write_pairs(folder, count)
    rows = read_manifest(manifest, "register", {"method": "affine"})
    summary = run_batch(rows, folder / "results", Spoken(), manifest=str(manifest), workers=2, overwrite=True)

    slicer.util.loadTable(str(folder / "results" / "summary.csv"))
    best = max(summary.rows, key=lambda entry: entry.measures.get("dice_mean", 0))
    slicer.util.loadScene(str(folder / "results" / best.folder / "scene.mrb"))  # added to the table
    slicer.util.saveScene(str(folder / "best.mrb"), {})
    print("best:", best.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
