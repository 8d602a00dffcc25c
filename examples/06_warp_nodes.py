"""Bring a scan, its labels and its landmarks through a transform that is in Slicer's scene.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/06_warp_nodes.py DIR
PythonSlicer examples/06_warp_nodes.py DIR
python examples/06_warp_nodes.py DIR
"""

import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.mrml.markups import markups_from_points
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import label_volume_from_image, volume_from_image
from RegSuite.transforms import DisplacementTransform

mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing

phantom = RegSuite.phantom("brain", spacing_mm=4.0, seed=1)  # its true displacement is known
truth = DisplacementTransform(phantom.displacement.data, phantom.fixed.grid)
names = phantom.label_names

fixed = volume_from_image(phantom.fixed, name="fixed")  # or slicer.util.loadVolume("fixed.nii.gz")
moving = volume_from_image(phantom.moving, name="moving")
labels = label_volume_from_image(phantom.moving_labels, names, name="moving labels")
centre = phantom.fixed.grid.centre
places = RegSuite.PointSet(
    [centre, centre + [20, 0, 10], centre - [20, 5, 0]], names=("middle", "left", "right")
)
landmarks = markups_from_points(places, name="fixed landmarks")
transform = node_from_transform(truth, name="moving to fixed")  # or slicer.util.loadTransform("warp.h5")

# images come from the moving space to the grid of `like`; fixed points go to the moving space
scan = RegSuite.warp(moving, transform, like=fixed)
structures = RegSuite.warp(labels, transform, like=fixed)
found = markups_from_points(RegSuite.warp(landmarks, transform), name="landmarks in the moving scan")
back = RegSuite.warp(found, transform, inverse=True)

volume_from_image(scan, name="warped")
label_volume_from_image(structures, names, name="warped labels")
slicer.util.saveScene(str(Path(sys.argv[1]) / "warped.mrb"), {})

same = (structures.data == phantom.fixed_labels.data).float().mean()
print(f"{100 * same:.1f} % of the voxels have the label they should have")
print(f"landmarks come back within {abs(back.points - places.points).max():.4f} mm")
