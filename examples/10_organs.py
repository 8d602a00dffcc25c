"""Bring five organs of one abdomen onto another's, and the whole scan with them; look at each organ.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/10_organs.py DIR
PythonSlicer examples/10_organs.py DIR
python examples/10_organs.py DIR
"""

import sys
from pathlib import Path

import RegSuite
from RegSuite.phantoms.abdomen import abdomen_pair

folder = Path(sys.argv[1])
case = abdomen_pair(0, spacing_mm=7.0, between="days")  # its truth is known; yours: file names or nodes

result = RegSuite.organs(
    case.source_labels,  # or a file, an RT Structure Set, a folder of surfaces, a segmentation node
    case.target_labels,
    label_names=dict(case.label_names),
    source_image=case.source,
    target_image=case.target,
    source_points=case.clouds.source_landmarks,  # measured, never used
    target_points=case.clouds.target_landmarks,
    points=1200,  # on each side
)
result.save(folder / "result", overwrite=True)  # fields, scan, tables, surfaces, report.html, scene.mrb

found = result.metrics
print(f"landmarks: {found['tre_before_mm']['mean']:.1f} mm before, {found['tre_mm']['mean']:.1f} mm after")
for label, organ in found["organs"].items():
    before, after = organ["distance_before_mm"]["mean"], organ["distance_after_mm"]["mean"]
    dice, sd = found["dice"][int(label)], organ["sd_mm"]["mean"]
    print(f"{organ['name']}: surfaces {before:.1f} mm apart, now {after:.1f} (sd {sd:.1f}), Dice {dice:.2f}")
for sentence in result.warnings:
    print("-", sentence)
# any point: result.transform (target to source), result.drift.points(points, labels) (source to target)
# result.show() shows both sides and the moved organs in Slicer's views, outside of Slicer as a page
