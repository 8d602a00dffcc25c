"""Regions of a segmentation or label map as a mask, a sequence as a growth."""

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Image
from RegSuite.mrml.inputs import engine_inputs, engine_object
from RegSuite.mrml.parts import is_part, node_of
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.sequences import sequence_from_images
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import label_volume_from_image, volume_from_image
from RegSuite.transforms import AffineTransform
from RegSuite.workflows.model import InputRole, OutputRole, RunParameters, Workflow
from Testing.mrml.gate import slicer
from Testing.mrml.grids import a_grid

pytestmark = pytest.mark.slicer

NAMES = {1: "necrosis", 2: "oedema", 4: "enhancing"}
WORKFLOW = Workflow(
    name="two images",
    summary="",
    inputs=(
        InputRole("template", "image", "Template", "", required=True),
        InputRole("target", "image", "Target", "", required=True),
        InputRole("tumor_mask", "mask", "Tumour", "", of="target"),
        InputRole("growth", "series", "Growth", "", of="target"),
        InputRole("initial", "transform", "Initial transform", ""),
    ),
    Parameters=RunParameters,
    run=lambda *_: None,
    outputs=(OutputRole("displacement", "displacement", "Transform", "", of="template"),),
)


def labels(kind="oblique"):
    grid = a_grid(kind)
    values = (torch.arange(grid.voxels).reshape(1, *grid.shape) % 5).int()
    values[values == 3] = 0
    return Image(values, grid, name="tumour")


def nodes():
    found = labels()
    return found, segmentation_from_labels(found, NAMES), label_volume_from_image(found, NAMES)


@pytest.mark.parametrize("regions", [("necrosis", "enhancing"), ("label_1", "label_4")])
def test_segments_by_name_or_id_become_one_mask_and_the_others_none_of_it(regions):
    found, node, _ = nodes()
    mask = engine_object((node, *regions), "mask", "tumor mask", found.grid)
    assert torch.equal(mask.data != 0, (found.data == 1) | (found.data == 4))
    assert mask.grid.same_space(found.grid)


@pytest.mark.parametrize("regions", [(1, 4), ("1", "4"), ("necrosis", 4)])
def test_labels_by_number_or_name_become_one_mask(regions):
    found, _, node = nodes()
    mask = engine_object((node, *regions), "mask", "tumor mask", found.grid)
    assert torch.equal(mask.data != 0, (found.data == 1) | (found.data == 4))


def test_a_segment_is_whole_where_a_later_one_lies_over_it():
    found, node, _ = nodes()
    whole = slicer.vtkSegment()
    whole.DeepCopy(node.GetSegmentation().GetSegment("label_1"))
    whole.SetName("whole tumour")
    node.GetSegmentation().AddSegment(whole, "whole")  # on the necrosis, voxel by voxel
    for region in ("necrosis", "whole tumour"):
        mask = engine_object((node, region), "mask", "tumor mask", found.grid)
        assert torch.equal(mask.data != 0, found.data == 1)


def test_a_region_that_is_not_there_is_refused_with_those_that_are():
    found, node, volume = nodes()
    for given in ((node, "cyst"), (volume, "cyst"), (volume, 3)):
        with pytest.raises(InputError, match=r"no region called .*") as caught:
            engine_object(given, "mask", "tumor mask", found.grid)
        assert "enhancing" in caught.value.mend
    node.GetSegmentation().GetSegment("label_2").SetName("necrosis")
    with pytest.raises(InputError, match="2 regions called 'necrosis'"):
        engine_object((node, "necrosis"), "mask", "tumor mask", found.grid)


def test_regions_are_no_labels():
    found, node, _ = nodes()
    with pytest.raises(InputError, match="regions of 'tumour' were given where labels is wanted"):
        engine_object((node, "necrosis"), "labels", "template labels", found.grid)


def test_what_is_no_node_with_regions_is_none():
    _, node, _ = nodes()
    assert is_part((node, "a"))
    assert node_of((node, "a")) is node
    for other in ((node,), ("a", "b"), (node, node), node, None, "file.nii.gz"):
        assert not is_part(other)
    assert node_of("file.nii.gz") is None


def test_a_mask_lies_on_the_image_that_its_role_names_not_on_the_first_one():
    grid, other = a_grid("oblique"), a_grid("left-handed")
    target = Image(torch.rand(1, *grid.shape), grid, name="patient")
    template = Image(torch.rand(1, *other.shape), other, name="atlas")
    given = {
        "template": volume_from_image(template),
        "target": volume_from_image(target),
        "tumor_mask": (segmentation_from_labels(labels(), NAMES), "oedema"),
        "growth": sequence_from_images([target, target], [0.0, 1.0], name="growth"),
    }
    found = engine_inputs(WORKFLOW, given)
    assert found["growth"].data.shape == (2, *grid.shape)
    assert found["tumor_mask"].grid.same_space(grid)
    assert torch.equal(found["tumor_mask"].data != 0, labels().data == 2)


def test_a_template_under_the_initial_transform_is_not_moved_twice():
    grid = a_grid("oblique")
    template, target = (
        volume_from_image(Image(torch.rand(1, *grid.shape), grid, name=name)) for name in ("atlas", "patient")
    )
    start = node_from_transform(AffineTransform(np.eye(3), [5.0, -3.0, 2.0]), name="start")
    template.SetAndObserveTransformNodeID(start.GetID())
    found = engine_inputs(WORKFLOW, {"template": template, "target": target, "initial": start})
    assert found["template"].grid.same_space(grid)


def test_a_sequence_is_one_image_with_a_channel_a_time():
    grid = a_grid("oblique")
    frames = [Image(torch.rand(1, *grid.shape), grid, name=f"frame {n}") for n in range(3)]
    node = sequence_from_images(frames, [0.0, 0.5, 1.0], name="growth")
    found = engine_object(node, "series", "growth", grid)
    assert torch.equal(found.data, torch.cat([frame.data for frame in frames]))
    assert found.grid.same_space(grid)
    elsewhere = Image(torch.rand(1, *a_grid("left-handed").shape), a_grid("left-handed"), name="elsewhere")
    mixed = sequence_from_images([frames[0], elsewhere], [0.0, 1.0], name="mixed")
    with pytest.raises(GeometryError, match="frame 2 of 'mixed' lies on another grid"):
        engine_object(mixed, "series", "growth", grid)
