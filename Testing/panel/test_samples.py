"""Sample data made on the spot."""

import pytest

from RegSuite.errors import InputError, MethodFailed


def test_the_sample_is_registered_under_regsuite_with_a_picture(tmp_path):
    import slicer

    from RegSuite.panel.samples import SAMPLES, register_samples

    register_samples([SAMPLES["brain"]], str(tmp_path))
    source = slicer.modules.sampleDataSources["RegSuite"][-1]
    assert source.sampleName == "RegSuite brain phantom"
    assert source.thumbnailFileName == str(tmp_path / "AtlasRegistration.png")


@pytest.mark.slow
def test_the_phantom_comes_with_labels_and_is_not_the_same_twice_over(scene):
    import slicer

    from RegSuite.panel.samples import COARSE_BRAIN, load_sample

    nodes = load_sample(COARSE_BRAIN)
    assert set(nodes) == {"fixed", "moving", "fixed_labels", "moving_labels"}
    fixed, moving = (slicer.util.arrayFromVolume(nodes[role]) for role in ("fixed", "moving"))
    assert fixed.shape == moving.shape
    assert abs(fixed - moving).mean() > 1
    segmentation = nodes["fixed_labels"].GetSegmentation()
    names = {segmentation.GetNthSegment(i).GetName() for i in range(segmentation.GetNumberOfSegments())}
    assert "Left-Thalamus" in names or any("Thalamus" in name for name in names)
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2


def test_a_phantom_that_cannot_be_made_is_said_with_the_last_words(scene):
    from RegSuite.panel.samples import Sample, load_sample

    with pytest.raises(MethodFailed, match="there is no phantom 'nonsense'"):
        load_sample(Sample("x", "nonsense", 2.0, "a", "b", ""))
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_missing_packages_are_asked_for_before_anything_is_made(monkeypatch):
    from RegSuite.panel import dependencies
    from RegSuite.panel.samples import COARSE_BRAIN, load_sample

    def refused():
        raise InputError("torch missing")

    monkeypatch.setattr(dependencies, "ensure", refused)
    with pytest.raises(InputError, match="torch missing"):
        load_sample(COARSE_BRAIN)
