"""Bring a healthy template onto a brain with a tumour, look at what is shape and what is appearance, save it.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/08_tumor.py DIR
PythonSlicer examples/08_tumor.py DIR
python examples/08_tumor.py DIR
"""

import sys
from pathlib import Path

import RegSuite
from RegSuite.phantoms.tumor import tumor_phantom

folder = Path(sys.argv[1])
case = tumor_phantom(4, ndim=2, spacing_mm=2.0)  # its true map is known; yours: file names or nodes

result = RegSuite.tumor(
    case.template,
    case.target,
    tumor_mask=case.tumor,  # leave both masks out, and the tumour is looked for
    oedema_mask=case.oedema,
    template_labels=case.template_labels,
    target_labels=case.target_labels,
    label_names=case.label_names,
)
result.save(folder / "result", overwrite=True)  # images, film, report.html, and scene.mrb for Slicer

found = result.metrics["tumor"]
print(f"misfit {found['ssd_before']:.0f} before, {found['ssd_final']:.0f} for the final image")
outside = found["ssd_before_outside"], found["ssd_deformed_outside"]
print(f"outside of the tumour {outside[0]:.0f} before, {outside[1]:.0f} by the deformation alone")
print(f"of the change {100 * found['shape_share']:.0f} % is shape")
for label in case.ventricles:
    print(f"{case.label_names.get(label, label)}: Dice {result.metrics['dice'][label]:.2f}")

field, truth = result.images["displacement"].data, case.displacement.data
inside = (case.corresponds.data[0] > 0) & (case.target_labels.data[0] > 0)
for name, error in (("before", truth), ("after", field - truth)):
    print(f"{name}: {error.norm(dim=0)[inside].mean():.2f} mm from the true map on average")
for sentence in result.warnings:
    print("-", sentence)
# result.show() shows it in Slicer's views, outside of Slicer as a page
