"""A course before Apply: what a run would refuse, told by fraction and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.mrml.dose_volumes import gy_of, unit_of
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.volume_reading import check_scan
from RegSuite.panel.check_node import check_image, sample
from RegSuite.panel.course_state import CourseState, FractionRow
from RegSuite.panel.finding import Finding, Tell, refusals
from RegSuite.workflows.model import InputRole

FEW = 0.02
"""A scan and a dose that share less than this of the smaller one lie apart."""

PROBES = 8
"""Along each axis, where it is asked whether they do."""


def check_course(state: CourseState, values: Mapping[str, Any]) -> list[Finding]:
    """What is wrong or doubtful about a course and its parameters, errors first.

    values: the parameters by name. Findings name roles as "planning", "fraction 2 dose".
    """
    found: list[Finding] = []
    if state.file is not None:
        with refusals(found.append, _("Course file"), "file"):
            _check_file(state)
    else:
        _check_nodes(state, values, found.append)
    _check_values(state, values, found.append)
    return sorted(found, key=lambda finding: finding.severity != "error")


def _check_file(state: CourseState) -> None:
    """Raise InputError for a course file that cannot be read or lacks something; no image is opened."""
    from RegSuite.workflows.course import course_of

    assert state.file is not None
    if not state.file.is_file():
        raise InputError(
            _("there is no file '{file}'").format(file=state.file),
            mend=_("choose a COURSE.yaml, or leave it empty and choose nodes"),
        )
    course_of(state.file)


def _check_nodes(state: CourseState, values: Mapping[str, Any], tell: Tell) -> None:
    planning = InputRole("planning", "image", _("Planning scan"), "", required=True)
    if state.planning is None:
        _missing(tell, planning.title, "planning")
    else:
        check_image(state.planning, planning, None, tell)
    if state.structures is None:
        _missing(tell, _("Structures"), "structures")
    else:
        with refusals(tell, _("Structures"), "structures"):
            _check_structures(state.structures)
    rows = state.rows
    if not rows:
        what = _("there is no fraction")
        tell(Finding("error", what, _("Fractions"), _("press Add and choose scan and dose"), ("fractions",)))
    for number, row in enumerate(rows, start=1):
        _check_row(row, number, state, values, tell)
    _check_twice(rows, tell)


def _check_structures(node: Any) -> None:
    check_node(node, "structures", "vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode")
    if not node.IsA("vtkMRMLSegmentationNode"):
        return
    segmentation = node.GetSegmentation()
    names = [segmentation.GetNthSegment(i).GetName() for i in range(segmentation.GetNumberOfSegments())]
    if not names:
        raise InputError(
            _("'{name}' has no segments").format(name=node.GetName()), mend=_("draw one, or choose another")
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            _("two segments of '{node}' are called '{name}'").format(node=node.GetName(), name=twice[0]),
            mend=_("give each a name of its own (module Segmentations)"),
        )


def _check_row(
    row: FractionRow, number: int, state: CourseState, values: Mapping[str, Any], tell: Tell
) -> None:
    title = _("Fraction {n}").format(n=number)
    roles = {part: f"fraction {number} {part}" for part in ("image", "dose", "transform")}
    if row.image is None and row.transform is None:
        what = _("{title} has neither a scan nor a deformation").format(title=title)
        tell(Finding("error", what, title, _("choose its scan, or a transform"), (roles["image"],)))
    elif row.image is None and values.get("uncertainty") != "none":
        what = _("{title} has no scan, which the uncertainty of its deformation is found from").format(
            title=title
        )
        mend = _("choose its scan, or uncertainty 'none'")
        tell(Finding("error", what, title, mend, (roles["image"],)))
    grids: dict[str, Any] = {}
    if row.image is not None:
        role = InputRole(roles["image"], "image", f"{title}, {_('scan')}", "")
        grids["image"] = check_image(row.image, role, row.transform, tell)
    if row.dose is None:
        _missing(tell, f"{title}, {_('dose')}", roles["dose"])
        return
    with refusals(tell, f"{title}, {_('dose')}", roles["dose"]):
        check_scan(row.dose, roles["dose"])
        if unit_of(row.dose) is not None or not state.unit:
            gy_of(row.dose, roles["dose"])
        if not float(sample(row.dose).max()) > 0:
            raise InputError(
                _("'{name}' holds no dose: nothing is above 0").format(name=row.dose.GetName()),
                mend=_("choose the dose of this fraction"),
            )
        grids["dose"] = placed_grid(row.dose, roles["dose"], row.transform)
    _check_together(grids, number, title, roles["dose"], tell)


def _check_together(grids: Mapping[str, Any], number: int, title: str, role: str, tell: Tell) -> None:
    """A fraction's dose lies on its scan."""
    from RegSuite.io.checks import overlap_fraction

    if any(grids.get(part) is None for part in ("image", "dose")):
        return
    if overlap_fraction(grids["image"], grids["dose"], probes=PROBES) < FEW:
        what = _("scan and dose of fraction {n} lie apart").format(n=number)
        mend = _("choose the dose that was computed on this scan")
        tell(Finding("error", what, title, mend, (role,)))


def _check_twice(rows: list[FractionRow], tell: Tell) -> None:
    """One dose in two rows is one fraction counted twice."""
    doses = [row.dose for row in rows]
    for number, dose in enumerate(doses, start=1):
        first = next((n for n, other in enumerate(doses[: number - 1], start=1) if other is dose), None)
        if dose is not None and first is not None:
            what = _("'{name}' is the dose of fraction {a} and of fraction {b}").format(
                name=dose.GetName(), a=first, b=number
            )
            mend = _("take one row away and set its number of fractions")
            roles = (f"fraction {first} dose", f"fraction {number} dose")
            tell(Finding("error", what, _("Fractions"), mend, roles))


def _check_values(state: CourseState, values: Mapping[str, Any], tell: Tell) -> None:
    """Parameters that do not go together, where no course file may say the rest."""
    if values.get("mapping") == "emt" and not values.get("density_table") and state.file is None:
        what = _("energy and mass transfer needs a density table")
        mend = _("choose a CSV of hu,density, or write 'default' for RegSuite's own")
        tell(Finding("error", what, _("Density table"), mend, ("density_table",)))
    for text in values.get("alpha_beta") or []:
        name, _equals, number = text.rpartition("=")
        try:
            good = float(number) > 0
        except ValueError:
            good = False
        if not good:
            what = _("'{text}' of {name} is no alpha/beta").format(
                text=number, name=name or _("all other structures")
            )
            tell(Finding("error", what, _("EQD2"), _("give a number above 0 Gy"), ("alpha_beta",)))


def _missing(tell: Tell, title: str, role: str) -> None:
    what = _("no {title} is chosen").format(title=title[:1].lower() + title[1:])
    tell(Finding("error", what, title, _("choose one"), (role,)))
