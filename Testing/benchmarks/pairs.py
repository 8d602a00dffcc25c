"""The image pairs: files, the structures that both label maps hold, and what each pair is scored by."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

BRAIN = "brain_t1"
MULTIMODAL = "brain_multimodal"


@dataclass(frozen=True)
class Scan:
    """An image of the data folder with, where they are truth, its labels.

    structures: label values by a name common to all scans. region: the mask that the scores
    look at (None: the image's values above `region_above` of its 99.5th percentile).
    """

    image: str
    labels: str | None = None
    structures: dict[str, int] = field(default_factory=dict)
    region: str | None = None
    region_above: float = 0.0


@dataclass(frozen=True)
class Pair:
    """fixed and moving; `kind` is known-field, labelled or unlabelled. `name` is FIXED_MOVING."""

    name: str
    kind: str
    fixed: Scan
    moving: Scan

    def swapped_name(self) -> str:
        """The pair with fixed and moving exchanged."""
        return "_".join(reversed(self.name.split("_")))


_SIDES = (("Left", "L"), ("Right", "R"))
_NUCLEI = ("Thalamus", "Caudate", "Putamen", "Pallidum", "Hippocampus", "Amygdala")
_VENTRICLES = ("Left Lateral Ventricle", "Right Lateral Ventricle", "3rd Ventricle", "4th Ventricle")


def _values(path: Path, key: str = "name") -> dict[str, int]:
    """Name -> label value of a label table."""
    with path.open(newline="") as stream:
        return {row[key]: int(row["value"]) for row in csv.DictReader(stream)}


def freesurfer_structures(data: Path) -> dict[str, int]:
    """Nuclei and ventricles of the FreeSurfer-labelled scan."""
    found = _values(data / BRAIN / "vxm_labels.csv", "freesurfer_name")
    names = [f"{side} {nucleus}" for side, _ in _SIDES for nucleus in _NUCLEI] + list(_VENTRICLES)
    return {name: found[name.replace(" ", "-")] for name in names}


def aal_structures(data: Path) -> dict[str, int]:
    """The nuclei of the AAL map (it has no ventricles)."""
    found = _values(data / BRAIN / "aal_labels.csv")
    return {f"{side} {nucleus}": found[f"{nucleus}_{s}"] for side, s in _SIDES for nucleus in _NUCLEI}


def neuromorphometrics_structures(data: Path) -> dict[str, int]:
    """Nuclei and ventricles of SPM's Neuromorphometrics map."""
    found = _values(data / MULTIMODAL / "labels_Neuromorphometrics.csv")
    proper = {"Thalamus": "Thalamus Proper"}
    nuclei = {f"{side} {n}": found[f"{side} {proper.get(n, n)}"] for side, _ in _SIDES for n in _NUCLEI}
    return nuclei | {name: found[name] for name in _VENTRICLES}


def voxelmorph_structures(data: Path) -> dict[str, int]:
    """The 30 labels that VoxelMorph evaluates on."""
    with (data / BRAIN / "vxm_labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {
        row["freesurfer_name"]: int(row["value"]) for row in rows if row["in_voxelmorph_labels_npz"] == "1"
    }


def scans(data: Path) -> dict[str, Scan]:
    """The scans by the short names that make up a pair's name."""
    return {
        "vxm": Scan(f"{BRAIN}/vxm_scan.nii.gz", f"{BRAIN}/vxm_scan_seg.nii.gz", freesurfer_structures(data)),
        "ch2": Scan(f"{BRAIN}/ch2_brain.nii.gz", f"{BRAIN}/ch2_aal.nii.gz", aal_structures(data)),
        "avg152": Scan(
            f"{MULTIMODAL}/avg152T1.nii.gz",
            f"{MULTIMODAL}/labels_Neuromorphometrics.nii.gz",
            neuromorphometrics_structures(data),
            region=f"{MULTIMODAL}/brainmask.nii.gz",
        ),
        "mni": Scan(f"{BRAIN}/mni_brain.nii.gz"),
        "ch2head": Scan(f"{BRAIN}/ch2_head.nii.gz", region_above=0.05),
        "flair": Scan(f"{BRAIN}/fpg_flair_thick.nii.gz", region_above=0.05),
    }


def all_pairs(data: Path) -> list[Pair]:
    """Every pair, in the order in which they are run."""
    known = scans(data)
    truth = Scan(known["vxm"].image, known["vxm"].labels, voxelmorph_structures(data))
    pairs = [Pair("known", "known-field", truth, truth)]
    for name in ("ch2_vxm", "vxm_ch2", "vxm_avg152", "avg152_vxm"):
        pairs.append(_pair(name, "labelled", known))
    for name in ("vxm_mni", "mni_vxm", "ch2_mni", "mni_ch2", "ch2head_flair", "flair_ch2head"):
        pairs.append(_pair(name, "unlabelled", known))
    return pairs


def _pair(name: str, kind: str, known: dict[str, Scan]) -> Pair:
    fixed, moving = name.split("_")
    return Pair(name, kind, known[fixed], known[moving])
