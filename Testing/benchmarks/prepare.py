"""Writes a pair as every method gets it: float images as they are, labels 1..n, region, start, truth.

python -m Testing.benchmarks.prepare PAIR DATA FOLDER [--half]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.pairs import Pair, Scan, all_pairs

MAX_DISPLACEMENT_MM = 9.8
SEED = 20


def prepare(pair: Pair, data: Path, folder: Path, half: bool) -> None:
    """Write the pair's folder, complete or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        out = Path(made) / "pair"
        out.mkdir()
        if pair.kind == "known-field":
            _known_field(pair, data, out, half)
        else:
            _real(pair, data, out, half)
        shutil.move(out, folder)


def _real(pair: Pair, data: Path, out: Path, half: bool) -> None:
    common = sorted(pair.fixed.structures.keys() & pair.moving.structures.keys())
    for role, scan in (("fixed", pair.fixed), ("moving", pair.moving)):
        image = _image(data / scan.image, half)
        _write(image, out / f"{role}.nii.gz")
        if common:
            _write(_labels(scan, data, common), out / f"{role}_labels.nii.gz")
        if role == "fixed":
            _write(_region(scan, data, image), out / "region.nii.gz")
    (out / "structures.txt").write_text("\n".join(common) + "\n")
    start = _common_affine(pair, data, out.parent.parent)
    sitk.WriteTransform(start, str(out / "start.tfm"))


def _image(path: Path, half: bool) -> sitk.Image:
    image = sitk.ReadImage(str(path), sitk.sitkFloat32)
    return _halved(image) if half else image


def _halved(image: sitk.Image) -> sitk.Image:
    """Blocks of 2^3 voxels averaged; thin axes are left alone."""
    return sitk.BinShrink(image, [2 if n >= 64 else 1 for n in image.GetSize()])


def _labels(scan: Scan, data: Path, common: list[str]) -> sitk.Image:
    """The common structures as 1..n in the order of their names, on the label map's own grid."""
    assert scan.labels is not None
    image = sitk.ReadImage(str(data / scan.labels))
    values = sitk.GetArrayFromImage(image)
    out = np.zeros(values.shape, np.uint8)
    for number, name in enumerate(common, start=1):
        out[values == scan.structures[name]] = number
    labels = sitk.GetImageFromArray(out)
    labels.CopyInformation(image)
    return labels


def _region(scan: Scan, data: Path, image: sitk.Image) -> sitk.Image:
    """Where LNCC, MI and Jacobian are looked at."""
    if scan.region is not None:
        mask = sitk.ReadImage(str(data / scan.region), sitk.sitkFloat32)
        return sitk.Cast(sitk.Resample(mask, image, sitk.Transform(), sitk.sitkLinear) > 0.5, sitk.sitkUInt8)
    values = sitk.GetArrayViewFromImage(image)
    return sitk.Cast(image > scan.region_above * float(np.percentile(values, 99.5)), sitk.sitkUInt8)


def _common_affine(pair: Pair, data: Path, folder: Path) -> sitk.AffineTransform:
    """ANTs' affine, computed once for a pair and its swap (inverted for the other direction), cached."""
    names = [p.name for p in all_pairs(data)]
    # the direction listed first: ANTs finds it from a stripped brain to a whole head, not back
    first = min((pair.name, pair.swapped_name()), key=names.index)
    cached = folder / f"affine_{first}.tfm"
    if not cached.is_file():
        fixed, moving = (pair.fixed, pair.moving) if pair.name == first else (pair.moving, pair.fixed)
        sitk.WriteTransform(_ants_affine(data / fixed.image, data / moving.image), str(cached))
    affine = sitk.AffineTransform(sitk.ReadTransform(str(cached)))
    return affine if pair.name == first else sitk.AffineTransform(affine.GetInverse())


def _ants_affine(fixed: Path, moving: Path) -> sitk.AffineTransform:
    import ants

    images = [ants.image_read(str(path), pixeltype="float") for path in (fixed, moving)]
    found = ants.registration(*images, type_of_transform="Affine", random_seed=1)
    read = ants.read_transform(found["fwdtransforms"][0])
    affine = sitk.AffineTransform(3)
    affine.SetFixedParameters([float(v) for v in read.fixed_parameters])
    affine.SetParameters([float(v) for v in read.parameters])
    return affine


def _known_field(pair: Pair, data: Path, out: Path, half: bool) -> None:
    """The scan and its warped, brightened, noisy copy, with the exact field; the start is the identity."""
    from RegSuite.io.simpleitk_bridge import image_from_sitk, image_to_sitk
    from RegSuite.phantoms.known_field import known_field_phantom

    scan = pair.fixed
    names = sorted(scan.structures)
    image, labels = _image(data / scan.image, half), _labels(scan, data, names)
    if half:
        labels = sitk.Resample(labels, image, sitk.Transform(), sitk.sitkNearestNeighbor)
    phantom = known_field_phantom(
        image_from_sitk(image), image_from_sitk(labels), max_displacement_mm=MAX_DISPLACEMENT_MM, seed=SEED
    )
    for role in ("fixed", "moving", "fixed_labels", "moving_labels"):
        made = image_to_sitk(getattr(phantom, role))
        _write(
            sitk.Cast(made, sitk.sitkUInt8 if "labels" in role else sitk.sitkFloat32), out / f"{role}.nii.gz"
        )
    truth = image_to_sitk(phantom.displacement)
    sitk.WriteImage(sitk.Cast(truth, sitk.sitkVectorFloat32), str(out / "truth.mha"))
    _write(sitk.Cast(image > 0, sitk.sitkUInt8), out / "region.nii.gz")
    (out / "structures.txt").write_text("\n".join(names) + "\n")
    sitk.WriteTransform(sitk.AffineTransform(3), str(out / "start.tfm"))


def _write(image: sitk.Image, path: Path) -> None:
    sitk.WriteImage(image, str(path), useCompression=True)


def main() -> None:
    """Prepare one pair."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pair")
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", action="store_true")
    given = parser.parse_args()
    pair = next(p for p in all_pairs(given.data) if p.name == given.pair)
    prepare(pair, given.data, given.folder, given.half)


if __name__ == "__main__":
    main()
