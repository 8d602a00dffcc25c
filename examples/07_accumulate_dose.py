"""Accumulate the doses of two days on the planning scan, from nodes of Slicer's scene, and save it all.

The same script runs in Slicer without its window, in Slicer's Python, and in any Python with RegSuite:

Slicer --no-main-window --exit-after-startup --python-script examples/07_accumulate_dose.py DIR
PythonSlicer examples/07_accumulate_dose.py DIR
python examples/07_accumulate_dose.py DIR
"""

import sys
from pathlib import Path

import slicer
import slicer.util

import RegSuite
from RegSuite import mrml
from RegSuite.mrml.dose_volumes import mark_dose
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.structure_making import segmentation_of_structures
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import volume_from_image
from RegSuite.phantoms.thorax import thorax_draw
from RegSuite.transforms import DisplacementTransform

mrml.headless()  # a scene where there is no Slicer; in Slicer it does nothing

folder = Path(sys.argv[1])
course = thorax_draw(3, size=(40, 36, 24), spacing_mm=6.0, fractions=2)  # its accumulated dose is known

# with SlicerRT: load the DICOM files, then slicer.util.getNode(...) of scan, structures and doses
scan = volume_from_image(course.planning, name="planning scan")
structures = finish(segmentation_of_structures(course.structures, name="structures"))
fractions = []
for number, day in enumerate(course.fractions, start=1):
    dose = volume_from_image(day.dose.image, name=f"dose {number}")
    mark_dose(dose)  # in Gy; SlicerRT says it of the doses that it loads
    motion = DisplacementTransform(day.displacement.data, day.displacement.grid)
    fractions.append(
        {
            "image": volume_from_image(day.image, name=f"day {number}"),
            "dose": dose,
            "transform": node_from_transform(motion, name=f"motion {number}"),  # leave it out to register
            "fractions": day.count,
        }
    )

result = RegSuite.dose(
    planning={"image": scan, "structures": structures},
    fractions=fractions,
    uncertainty="none",  # "laplace" draws bands about the DVHs
    alpha_beta=["3", "GTV=10"],
    compare=False,
)
result.save(folder / "result", overwrite=True)  # doses, tables, report.html, and scene.mrb for Slicer
result.export_dicom(folder / "dicom")  # RT Dose, registrations, structures

content = result.scene_content(result.record)
show_nodes(nodes_of(content), content)  # in Slicer with a window: result.show()
slicer.util.saveScene(str(folder / "mine.mrb"), {})

for structure in ("GTV", "SpinalCord"):
    found = result.metrics["dvh"][structure]
    print(f"{structure}: mean {found['mean']:.1f} Gy, D0.03cc {found['D0.03cc']:.1f} Gy")
known = result.dose.data.isfinite()
error = (result.dose.data - course.truth_dose.data)[known].abs()
print(f"{error.mean():.2f} Gy from the true dose on average, of {course.truth_dose.data.max():.0f} Gy")
for sentence in result.warnings:
    print("-", sentence)
