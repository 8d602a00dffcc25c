"""regsuite phantom abdomen: two people's abdomen from the command line."""

from __future__ import annotations

import json

import SimpleITK as sitk

from RegSuite.phantoms.abdomen import abdomen_pair


def test_a_pair_is_a_folder_with_its_truth(tmp_path, run):
    words = ("phantom", "abdomen", "--spacing", 12, "--label-error", 0.1, "--seed", 4, "-o")
    ended = run(*words, tmp_path / "a", "--json")
    assert ended.returncode == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert (record["workflow"], record["parameters"]["phantom"], record["seed"]) == ("phantom", "abdomen", 4)
    for file in record["files"].values():
        assert (tmp_path / "a" / file).exists()
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a" / "target_labels.nii.gz")))
    wanted = abdomen_pair(4, spacing_mm=12.0, label_error=0.1).target_labels
    assert (labels == wanted.data[0].numpy()).all()


def test_what_cannot_be_is_refused_with_a_mend_and_leaves_nothing(tmp_path, run):
    for words in (("--ndim", 2), ("--spacing", 0.1), ("--label-error", 0.9), ("--from", "x.nii.gz")):
        ended = run("phantom", "abdomen", *words, "-o", tmp_path / "out")
        assert ended.returncode == 2, words
        assert "mend: " in ended.stderr
        assert list(tmp_path.iterdir()) == []
