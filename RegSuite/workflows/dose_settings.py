"""A course's settings as result.json states them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.workflows.course import Course


def settings_of(course: Course) -> dict[str, Any]:
    """The course's settings as result.json states them; files stand under `inputs`."""
    named = ("mapping", "samples", "correlation", "bin_width_gy", "end_slices", "folding", "metrics")
    out: dict[str, Any] = {name: getattr(course, name) for name in named}
    out["registration"] = course.registration.model_dump()
    out["uncertainty"] = {"source": course.uncertainty.source}
    out["grid_mm"] = course.spacing_mm
    out["eqd2"] = None if course.eqd2 is None else course.eqd2.model_dump()
    for name, value in (
        ("limits", course.limits),
        ("density_table", course.density_table),
        ("model", course.uncertainty.model),
    ):
        out[name] = None if value is None else str(getattr(value, "source", value))
    out["fractions"] = [f.fractions for f in course.fractions]
    return {key: value for key, value in out.items() if value is not None}
