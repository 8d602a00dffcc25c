"""Bring organs onto each other from nodes of Slicer's scene, look at each in 3D by what is left, save it all.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/11_organs_in_slicer.py DIR
PythonSlicer examples/11_organs_in_slicer.py DIR
python examples/11_organs_in_slicer.py DIR
"""

import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.organ_layout import colour_by
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.phantoms.abdomen import abdomen_pair

mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing

folder = Path(sys.argv[1])
case = abdomen_pair(3, spacing_mm=8.0, between="days")  # yours: slicer.util.loadVolume, loadSegmentation

scans, organs = {}, {}
for side in ("source", "target"):
    scans[side] = volume_from_image(getattr(case, side), name=f"{side} scan")
    organs[side] = segmentation_from_labels(
        getattr(case, f"{side}_labels"), case.label_names, name=f"{side} organs"
    )

result = RegSuite.organs(
    organs["source"],
    organs["target"],
    source_image=scans["source"],  # leave both out, and the organs alone are registered
    target_image=scans["target"],
    elasticity="abdomen",
    organs={"bladder": {"magnitude_mm": 15.0}},  # over the preset's
    trust={"spleen": 0.95},  # of 100 points that are called spleen five may be another organ's
    points=800,
)
result.save(folder / "result", overwrite=True)  # fields, scan, tables, surfaces, report.html, scene.mrb

content = result.scene_content(result.record)
nodes = nodes_of(content)  # transform, warped scan and organs, surfaces, table of organs
show_nodes(nodes, content)
colour_by(nodes, "uncertainty")
table = nodes["organs_summary"]
for row in range(table.GetNumberOfRows()):
    name, after = (table.GetCellText(row, column) for column in (0, 5))
    print(f"{name}: {after} mm from the target's surface on average")
slicer.util.saveScene(str(folder / "mine.mrb"))
