"""report.html of `dose`: what the limits say, bands, pictures, and what must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.report import dose_pictures
from RegSuite.report.dose_charts import dvh_bands
from RegSuite.report.dose_headline import MAPPINGS, dose_headline, dose_tiles
from RegSuite.report.dose_tables import fraction_rows, limit_rows, metric_tables
from RegSuite.report.dose_view import DoseView
from RegSuite.report.draw import embedded, png
from RegSuite.report.html import embed, place_sentence
from RegSuite.report.page import rendered
from RegSuite.report.structure_looks import structure_looks

if TYPE_CHECKING:
    from RegSuite.report.dose_content import DosePage
    from RegSuite.report.result import Result

Looks = Mapping[str, tuple[str, str]]


def write_dose_page(path: Path, found: DosePage, record: Result) -> None:
    """Write the page: one file, pictures inside it."""
    path.write_text(dose_page(found, record), encoding="utf-8")


def dose_page(found: DosePage, record: Result) -> str:
    """The page as text."""
    looks = structure_looks(found.structures)
    dose = record.dose or {}
    return rendered(
        "dose.html.j2",
        result=record,
        content=record.to_dict(),
        headline=dose_headline(found, record),
        tiles=dose_tiles(found, record),
        limits=limit_rows(record),
        tables=metric_tables(found),
        structures=[{"name": n, "colour": looks[n][0], **_basis(dose, n)} for n in found.structures],
        fraction_rows=fraction_rows(dose),
        charts=_charts(found, looks),
        dose=dose,
        mappings=MAPPINGS,
        command=found.command,
        **_pictures(found, dose, looks),
    )


def _basis(dose: Mapping[str, Any], name: str) -> dict[str, Any]:
    basis = (dose.get("structures") or {}).get(name, {})
    return {"covered": basis.get("covered_percent"), "rule": basis.get("rule", "")}


def _charts(found: DosePage, looks: Looks) -> list[tuple[str, str]]:
    """Title and picture of the physical DVHs, and of those of EQD2 where there are any."""
    kinds = (("physical", "", "Gy"), ("eqd2", "EQD2", "Gy (EQD2)"))
    out = []
    for kind, title, unit in kinds:
        lines = [line for line in found.lines if line.kind == kind]
        if lines:
            out.append((title, embedded(png(dvh_bands(lines, looks, unit)))))
    return out


def _pictures(found: DosePage, dose: Mapping[str, Any], looks: Looks) -> dict[str, Any]:
    view = DoseView(found.planning, found.dose)
    shares = {name: found.share(name) for name in found.structures}
    colours = {name: looks[name][0] for name in found.structures}
    outlines = dose_pictures.outlined(view, shares, found.dose.grid, colours)
    shown = [dose_pictures.accumulated(view, found.dose, outlines)]
    if "dose_sd" in found.spread:
        shown.append(dose_pictures.spread(view, found.spread["dose_sd"], outlines))
    doubtful = [dose_pictures.marked(view, found.marks, outlines)]
    if found.difference_gy is not None:
        comparison = dose.get("comparison") or {}
        words = tuple(MAPPINGS.get(comparison.get(k, ""), str(comparison.get(k))) for k in ("asked", "other"))
        doubtful.append(dose_pictures.difference(view, found.difference_gy, (words[0], words[1]), outlines))
    fractions = []
    for fraction in found.fractions:
        one = DoseView(found.planning, found.dose, fraction.warped)
        fractions.append(dose_pictures.fraction(one, fraction))
    return {
        "place": place_sentence(view, view.place),
        "shown": [embed(s) for s in shown],
        "doubtful": [embed(s) for s in doubtful if s is not None],
        "fractions": [embed(s) for s in fractions if s is not None],
    }
