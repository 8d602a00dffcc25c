"""Register two volumes of Slicer's scene, see the moving one on the fixed one, and save it all.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/04_in_slicer_or_without.py DIR
PythonSlicer examples/04_in_slicer_or_without.py DIR
python examples/04_in_slicer_or_without.py DIR
"""

import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import volume_from_image

mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing

folder = Path(sys.argv[1])
phantom = RegSuite.phantom("brain", spacing_mm=4.0, seed=1)
fixed = volume_from_image(phantom.fixed, name="fixed")  # or slicer.util.loadVolume("fixed.nii.gz")
moving = volume_from_image(phantom.moving, name="moving")

result = RegSuite.register(fixed, moving)
result.save(folder / "result", overwrite=True)  # images, transforms, report.html, and scene.mrb for Slicer

transform = node_from_transform(result.transform, name="moving to fixed")
moving.SetAndObserveTransformNodeID(transform.GetID())  # now it is seen where it belongs
slicer.util.saveScene(str(folder / "mine.mrb"), {})

print("similarity", result.metrics["similarity"])
print("nodes:", ", ".join(slicer.util.getNodes("*moving*")))
for sentence in (*result.notes, *result.warnings):
    print("-", sentence)
