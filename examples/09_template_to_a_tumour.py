"""Bring a healthy atlas to a brain with a tumour, from nodes of Slicer's scene, and save it all.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/09_template_to_a_tumour.py DIR
PythonSlicer examples/09_template_to_a_tumour.py DIR
python examples/09_template_to_a_tumour.py DIR
"""

import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.phantoms.tumor import tumor_phantom

mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing

folder = Path(sys.argv[1])
brain = tumor_phantom(3, ndim=2, spacing_mm=2.0)  # a slice, for speed; a volume goes the same way

# of your own data: slicer.util.loadVolume(...), slicer.util.loadSegmentation(...), slicer.util.getNode(...)
atlas = volume_from_image(brain.template, name="atlas")
patient = volume_from_image(brain.target, name="patient")
atlas_labels = segmentation_from_labels(brain.template_labels, brain.label_names, name="atlas labels")
patient_labels = segmentation_from_labels(brain.target_labels, brain.label_names, name="patient labels")
parts = brain.tumor.with_data(brain.tumor.data.int() + 2 * brain.oedema.data.int() * (brain.tumor.data == 0))
tumour = segmentation_from_labels(parts, {1: "core", 2: "oedema"}, name="tumour")

result = RegSuite.tumor(
    atlas,
    patient,
    "weighted",
    tumor_mask=(tumour, "core"),  # a segment; leave both out and the tumour is estimated
    oedema_mask=(tumour, "oedema"),
    template_labels=atlas_labels,
    target_labels=patient_labels,
)
result.save(folder / "result", overwrite=True)  # images, film, report.html, and scene.mrb for Slicer

content = result.scene_content(result.record)
show_nodes(nodes_of(content), content)  # in Slicer with a window: result.show()
slicer.util.saveScene(str(folder / "mine.mrb"), {})

found = result.metrics["tumor"]
print(f"{100 * found['shape_share']:.0f} % shape, {100 * found['appearance_share']:.0f} % appearance")
outside = found["ssd_deformed_outside"] / found["ssd_before_outside"]
print(f"outside the tumour {100 * outside:.0f} % of the squared difference is left by deformation alone")
for label, dice in result.metrics["dice"].items():
    if "Ventricle" in brain.label_names[label]:
        print(f"{brain.label_names[label]}: Dice {dice:.2f}")
for sentence in result.warnings:
    print("-", sentence)
